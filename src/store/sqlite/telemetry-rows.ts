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
 *   device's number | observedAt | receivedAt | seq | the fields in the order of the layout
 *
 * NaN stands for what a reading lacks: no reading can have it.
 */
export interface RowLayout {
  readonly kind: string
  readonly fields: readonly string[]
}

export interface RowPack {
  readonly kind: string
  /** Numbers of a row. */
  readonly width: number
  readonly rows: Float64Array<ArrayBuffer>
}

/** Numbers before the fields. */
const HEAD = 4

export function rowWidth(layout: RowLayout): number {
  return HEAD + layout.fields.length
}

/**
 * The readings as rows, those of a kind together and in the order in which they came, each kind in
 * memory of its own. Throws where there is no layout for a kind.
 */
export function packRows(
  { blocks }: PackedReadings,
  layouts: ReadonlyMap<string, RowLayout>,
  deviceNumber: (deviceId: string) => number,
): RowPack[] {
  return [...Map.groupBy(blocks, ({ kind }) => kind)].map(([kind, ofKind]) => {
    const layout = layouts.get(kind)
    if (layout === undefined) throw new Error(`no table for kind ${kind}`)
    const width = rowWidth(layout)
    const count = ofKind.reduce((sum, { length }) => sum + length, 0)
    const rows = new Float64Array(count * width)
    let at = 0
    for (const block of ofKind) at = putRows(block, layout, deviceNumber, rows, at)
    return { kind, width, rows }
  })
}

/** Returns where the next row goes. */
function putRows(
  block: Readonly<ReadingRows>,
  layout: RowLayout,
  deviceNumber: (deviceId: string) => number,
  into: Float64Array,
  from: number,
): number {
  const { deviceIds, rows, width } = block
  const places = layout.fields.map((name) => block.fields.indexOf(name))
  let at = from
  for (let i = 0; i < deviceIds.length; i++) {
    const start = i * width
    into[at++] = deviceNumber(deviceIds[i] as string)
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
 * Where the rows of each device start, in the order of the tables: by device, then by time, so that
 * rows of one device go into one page, one after the other. Of two rows of one moment the later one
 * still comes later.
 */
export function startsByDevice(
  rows: Float64Array,
  width: number,
): (readonly [device: number, starts: readonly number[]])[] {
  const byDevice = new Map<number, number[]>()
  for (let at = 0; at < rows.length; at += width) {
    const device = rows[at] as number
    const starts = byDevice.get(device)
    if (starts === undefined) byDevice.set(device, [at])
    else starts.push(at)
  }
  const time = (at: number) => rows[at + 1] as number
  for (const starts of byDevice.values()) starts.sort((a, b) => time(a) - time(b))
  return [...byDevice].sort(([a], [b]) => a - b)
}

/** The values of the row that starts there; null is what the reading lacks. */
export function valuesAt({ rows, width }: RowPack, start: number): (number | null)[] {
  const values: (number | null)[] = []
  for (let i = start; i < start + width; i++) {
    const value = rows[i] as number
    values.push(Number.isNaN(value) ? null : value)
  }
  return values
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
