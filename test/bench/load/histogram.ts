/**
 * Durations in buckets that grow with them, as HdrHistogram does: a quantile is right to 3 % or
 * 1 µs, whatever the number of samples, in a fixed piece of memory.
 */
const SUB = 32
const SUB_BITS = 5
const BUCKETS = SUB * 28

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  count = 0
  max = 0

  /** Records a duration in ms. */
  record(ms: number): void {
    const us = ms <= 0 ? 0 : Math.min(0x7fff_ffff, Math.round(ms * 1000))
    const index = indexOf(us)
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.count++
    if (ms > this.max) this.max = ms
  }

  /** The duration in ms that the share of all does not exceed; NaN without any. */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN
    const wanted = Math.ceil(share * this.count)
    let seen = 0
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.#counts[i] as number
      if (seen >= wanted) return Math.min(upperEnd(i) / 1000, this.max)
    }
    return this.max
  }

  reset(): void {
    this.#counts.fill(0)
    this.count = 0
    this.max = 0
  }

  summary(): Latency {
    return {
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.count === 0 ? Number.NaN : this.max,
    }
  }
}

/** In ms. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Below 2 × SUB every microsecond has its bucket; above, each octave has SUB. */
function indexOf(us: number): number {
  if (us < 2 * SUB) return us
  const octave = 31 - Math.clz32(us) - SUB_BITS
  return octave * SUB + (us >>> octave)
}

function upperEnd(index: number): number {
  if (index < 2 * SUB) return index
  const octave = Math.floor(index / SUB) - 1
  return (index - octave * SUB + 1) * 2 ** octave - 1
}
