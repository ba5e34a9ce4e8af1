import {
  FIELDS,
  OBSERVED_AT,
  type PackedReadings,
  RECEIVED_AT,
  type ReadingRows,
  SEQ,
} from '../../model/packed-readings.ts'
import { DAY } from '../../model/time.ts'

/**
 * Readings as plain numbers, so that they go to the writing thread without a copy: for each kind
 * one run of doubles, a row after the other:
 *
 *   number of the series | observedAt | receivedAt | seq | the fields by their places
 *
 * NaN stands for what a reading lacks: no reading can have it.
 */
export interface RowLayout {
  readonly kind: string
  /** By their places. */
  readonly fields: readonly string[]
}

/** Numbers of a row of a stretch, which lacks that of the series. */
export function stretchWidth({ fields }: RowLayout): number {
  return FIELDS + fields.length
}

export interface RowPack {
  readonly kind: string
  /** Numbers of a row. */
  readonly width: number
  readonly rows: Float64Array<ArrayBuffer>
}

/**
 * The readings as rows, those of a kind together and in the order in which they came, each kind in
 * memory of its own. Throws where there is no layout for a kind.
 */
export function packRows(
  { blocks }: PackedReadings,
  layouts: ReadonlyMap<string, RowLayout>,
  seriesNumber: (deviceId: string, kind: string) => number,
): RowPack[] {
  return [...Map.groupBy(blocks, ({ kind }) => kind)].map(([kind, ofKind]) => {
    const layout = layouts.get(kind)
    if (layout === undefined) throw new Error(`no table for kind ${kind}`)
    const width = 1 + stretchWidth(layout)
    const count = ofKind.reduce((sum, { length }) => sum + length, 0)
    const rows = new Float64Array(count * width)
    let at = 0
    for (const block of ofKind) at = putRows(block, layout, seriesNumber, rows, at)
    return { kind, width, rows }
  })
}

/** Returns where the next row goes. */
function putRows(
  block: Readonly<ReadingRows>,
  layout: RowLayout,
  seriesNumber: (deviceId: string, kind: string) => number,
  into: Float64Array,
  from: number,
): number {
  const { deviceIds, rows, width } = block
  const places = layout.fields.map((name) => block.fields.indexOf(name))
  let at = from
  for (let i = 0; i < deviceIds.length; i++) {
    const start = i * width
    into[at++] = seriesNumber(deviceIds[i] as string, block.kind)
    into[at++] = rows[start + OBSERVED_AT] as number
    into[at++] = rows[start + RECEIVED_AT] as number
    into[at++] = rows[start + SEQ] as number
    for (const place of places) {
      into[at++] = place < 0 ? Number.NaN : (rows[start + FIELDS + place] as number)
    }
  }
  return at
}

/** Rows of all the packs. */
export function rowsIn(packs: readonly RowPack[]): number {
  return packs.reduce((sum, { rows, width }) => sum + rows.length / width, 0)
}

/**
 * Where the rows of each series start, by the series' number, then by time. Of two rows of one moment
 * the later one still comes later.
 */
export function startsBySeries(
  rows: Float64Array,
  width: number,
): (readonly [series: number, starts: readonly number[]])[] {
  const bySeries = new Map<number, number[]>()
  for (let at = 0; at < rows.length; at += width) {
    const series = rows[at] as number
    const starts = bySeries.get(series)
    if (starts === undefined) bySeries.set(series, [at])
    else starts.push(at)
  }
  const time = (at: number) => rows[at + 1] as number
  for (const starts of bySeries.values()) starts.sort((a, b) => time(a) - time(b))
  return [...bySeries].sort(([a], [b]) => a - b)
}

/** The rows that start there as those of a stretch: without their number, one for each moment. */
export function stretchRows({ rows, width }: RowPack, starts: readonly number[]): Float64Array {
  const taken = new Float64Array(starts.length * (width - 1))
  let at = 0
  for (const start of starts) {
    at = addRow(rows, start + 1, width - 1, taken, at)
  }
  return taken.subarray(0, at)
}

/** All the rows, one after the other. */
export function joinedRows(parts: readonly Float64Array[]): Float64Array {
  const [only] = parts
  if (parts.length === 1) return only as Float64Array
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/**
 * Two stretches as one. Both are in the order of time; of one moment the later ones are those of
 * the second.
 */
export function mergeRows(first: Float64Array, second: Float64Array, width: number): Float64Array {
  const merged = new Float64Array(first.length + second.length)
  let [a, b, at] = [0, 0, 0]
  while (a < first.length || b < second.length) {
    const isOfFirst =
      b >= second.length ||
      (a < first.length &&
        (first[a + OBSERVED_AT] as number) <= (second[b + OBSERVED_AT] as number))
    if (isOfFirst) {
      at = addRow(first, a, width, merged, at)
      a += width
    } else {
      at = addRow(second, b, width, merged, at)
      b += width
    }
  }
  return merged.subarray(0, at)
}

/**
 * Adds a row of so many numbers to others that end at `at`; returns where they end then. Two readings
 * of one moment with different fields are one point: the later value holds, the first receipt and seq.
 */
function addRow(
  from: Float64Array,
  start: number,
  width: number,
  into: Float64Array,
  at: number,
): number {
  const before = at - width
  if (before < 0 || into[before + OBSERVED_AT] !== from[start + OBSERVED_AT]) {
    for (let i = 0; i < width; i++) into[at + i] = from[start + i] as number
    return at + width
  }
  for (let i = FIELDS; i < width; i++) {
    const value = from[start + i] as number
    if (!Number.isNaN(value)) into[before + i] = value
  }
  return at
}

/** Rows per day of receipt, by the day's number. */
export function rowsByDay({ rows, width }: RowPack): Map<number, number> {
  const days = new Map<number, number>()
  for (let at = 0; at < rows.length; at += width) {
    const day = Math.floor((rows[at + 2] as number) / DAY)
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  return days
}
