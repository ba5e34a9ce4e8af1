import type { ByteReader, ByteWriter } from '../model/bytes.ts'
import type { WindowStatistic } from '../model/rule.ts'
import type { Duration, Instant } from '../model/time.ts'

/**
 * The memory of a window: samples of one quantity over the last `over` milliseconds, in buckets.
 *
 * Invariants:
 * - Buckets are in order of time; a sample older than the newest is not taken.
 * - At most BUCKETS + 2 buckets, however fast a device reports: a window costs bounded memory.
 *   A device that reports less often than a bucket's width is held sample by sample, exactly.
 * - One bucket that lies before the window is kept, so that a change has its starting value.
 */
export interface Series {
  /** Flat rows of WIDTH numbers: see the offsets below. */
  rows: number[]
}

/** Buckets over a window; with fewer samples than this every sample has its own. */
export const BUCKETS = 240

const WIDTH = 7
/** Time of the bucket's last sample. */
const AT = 0
/** Milliseconds that its samples speak for. */
const SPAN = 1
const SUM = 2
const COUNT = 3
const MIN = 4
const MAX = 5
const LAST = 6

export function createSeries(): Series {
  return { rows: [] }
}

/**
 * Adds a sample. It speaks for the time back to the sample before, at most `maxGap`.
 */
export function addSample(
  series: Series,
  at: Instant,
  value: number,
  shape: { over: Duration; maxGap: Duration; firstGap: Duration },
): void {
  const rows = series.rows
  const newest = rows.length - WIDTH
  const width = shape.over / BUCKETS
  const before = newest < 0 ? undefined : rows[newest + AT]
  if (before !== undefined && at < before) return
  const span = before === undefined ? shape.firstGap : Math.min(at - before, shape.maxGap)
  if (before !== undefined && Math.floor(before / width) === Math.floor(at / width)) {
    rows[newest + AT] = at
    rows[newest + SPAN] = (rows[newest + SPAN] as number) + span
    rows[newest + SUM] = (rows[newest + SUM] as number) + value
    rows[newest + COUNT] = (rows[newest + COUNT] as number) + 1
    rows[newest + MIN] = Math.min(rows[newest + MIN] as number, value)
    rows[newest + MAX] = Math.max(rows[newest + MAX] as number, value)
    rows[newest + LAST] = value
    return
  }
  rows.push(at, span, value, 1, value, value, value)
  prune(rows, at - shape.over)
}

/** Drops all but one of the buckets that end at or before `start`. */
function prune(rows: number[], start: Instant): void {
  let drop = 0
  while (drop + WIDTH < rows.length && (rows[drop + WIDTH + AT] as number) <= start) drop += WIDTH
  if (drop > 0) rows.splice(0, drop)
}

/**
 * A statistic over (at - over, at], or null while the samples speak for less than `minValid`.
 */
export function windowStatistic(
  series: Series,
  statistic: WindowStatistic,
  window: { at: Instant; over: Duration; minValid: Duration },
): number | null {
  const rows = series.rows
  const start = window.at - window.over
  let first = 0
  while (first < rows.length && (rows[first + AT] as number) <= start) first += WIDTH
  if (first >= rows.length) return null
  if (coverage(rows, first, start) < window.minValid) return null
  return compute(rows, first, statistic)
}

function coverage(rows: readonly number[], first: number, start: Instant): Duration {
  let total = 0
  for (let i = first; i < rows.length; i += WIDTH) {
    // Only the first bucket can speak for time before the window.
    total += Math.min(rows[i + SPAN] as number, (rows[i + AT] as number) - start)
  }
  return total
}

/** Room for the means of one window, since a median is asked for with every reading. */
const means = new Float64Array(BUCKETS + 2)

function compute(rows: readonly number[], first: number, statistic: WindowStatistic): number {
  switch (statistic) {
    case 'mean': {
      let sum = 0
      let count = 0
      for (let i = first; i < rows.length; i += WIDTH) {
        sum += rows[i + SUM] as number
        count += rows[i + COUNT] as number
      }
      return sum / count
    }
    case 'median': {
      let count = 0
      for (let i = first; i < rows.length; i += WIDTH) {
        means[count++] = (rows[i + SUM] as number) / (rows[i + COUNT] as number)
      }
      return median(count)
    }
    case 'min': {
      let min = Number.POSITIVE_INFINITY
      for (let i = first; i < rows.length; i += WIDTH) min = Math.min(min, rows[i + MIN] as number)
      return min
    }
    case 'max': {
      let max = Number.NEGATIVE_INFINITY
      for (let i = first; i < rows.length; i += WIDTH) max = Math.max(max, rows[i + MAX] as number)
      return max
    }
  }
}

/** The median of the first `count` means. */
function median(count: number): number {
  if (count <= FEW) sortFew(count)
  // Without a comparison of one's own it sorts numbers, and sorts them fast.
  else means.subarray(0, count).sort()
  const middle = count >> 1
  const upper = means[middle] as number
  return count % 2 === 1 ? upper : ((means[middle - 1] as number) + upper) / 2
}

/** So few are sorted by insertion in less time than it takes to call for more. Unsourced. */
const FEW = 24

function sortFew(count: number): void {
  for (let i = 1; i < count; i++) {
    const mean = means[i] as number
    let place = i
    for (; place > 0 && (means[place - 1] as number) > mean; place--) {
      means[place] = means[place - 1] as number
    }
    means[place] = mean
  }
}

/**
 * The newest value minus the value at `at - over`. Where the series does not reach back so far,
 * the oldest value stands in if it is at least `minSpan` old; otherwise null.
 */
export function changeOver(
  series: Series,
  window: { at: Instant; over: Duration; minSpan: Duration },
): number | null {
  const rows = series.rows
  const last = rows[rows.length - WIDTH + LAST]
  const oldest = rows[AT]
  if (last === undefined || oldest === undefined) return null
  const start = window.at - window.over
  if (oldest > start && window.at - oldest < window.minSpan) return null
  let base = 0
  while (base + WIDTH < rows.length && (rows[base + WIDTH + AT] as number) <= start) base += WIDTH
  return last - (rows[base + LAST] as number)
}

/** A bucket of one sample: sum, least, greatest and last are its value. */
const SINGLE = 1
const SEVERAL = 0

/**
 * A window as bytes, a fifth of its JSON: varint number of buckets, then for each
 *
 *   u8 SINGLE  | varint later than the one before | varint span | f64 value
 *   u8 SEVERAL | the same two | varint count | f64 sum, least, greatest, last
 */
export function packSeries({ rows }: Series, into: ByteWriter): void {
  into.varint(rows.length / WIDTH)
  let before = 0
  for (let i = 0; i < rows.length; i += WIDTH) {
    const single = rows[i + COUNT] === 1
    into.byte(single ? SINGLE : SEVERAL)
    into.varint((rows[i + AT] as number) - before)
    into.varint(rows[i + SPAN] as number)
    if (!single) {
      into.varint(rows[i + COUNT] as number)
      for (const offset of [SUM, MIN, MAX]) into.double(rows[i + offset] as number)
    }
    into.double(rows[i + LAST] as number)
    before = rows[i + AT] as number
  }
}

/** Reads what `packSeries` has written. */
export function unpackSeries(from: ByteReader): Series {
  const rows: number[] = []
  let at = 0
  for (let left = from.varint(); left > 0; left--) {
    const single = from.byte() === SINGLE
    at += from.varint()
    const span = from.varint()
    if (single) {
      const value = from.double()
      rows.push(at, span, value, 1, value, value, value)
    } else {
      const count = from.varint()
      const [sum, min, max, last] = [from.double(), from.double(), from.double(), from.double()]
      rows.push(at, span, sum, count, min, max, last)
    }
  }
  return { rows }
}
