import type { ReadingCount } from '../model/ledger.ts'

/** Sums of readings per day of receipt and kind. */
export class ReadingCounts {
  readonly #sums = new Map<string, { day: string; kind: string; readings: number }>()

  constructor(counts: readonly ReadingCount[] = []) {
    this.add(counts)
  }

  add(counts: readonly ReadingCount[]): void {
    for (const { day, kind, readings } of counts) {
      const key = `${day}\n${kind}`
      const sum = this.#sums.get(key)
      if (sum === undefined) this.#sums.set(key, { day, kind, readings })
      else sum.readings += readings
    }
  }

  subtract(counts: readonly ReadingCount[]): void {
    this.add(counts.map((one) => ({ ...one, readings: -one.readings })))
    for (const [key, { readings }] of this.#sums) if (readings === 0) this.#sums.delete(key)
  }

  /** As of now: later changes do not reach what was given. */
  list(): ReadingCount[] {
    return [...this.#sums.values()].map((sum) => ({ ...sum }))
  }
}
