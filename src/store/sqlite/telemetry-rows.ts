import type { FieldValue, Reading } from '../../model/reading.ts'
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
/** Rows that a pack has room for at first. */
const FIRST_ROWS = 64

export function rowWidth(layout: RowLayout): number {
  return HEAD + layout.fields.length
}

/** Gathers the rows of a batch, kind by kind, in the order in which they come. */
export class RowPacker {
  readonly #packs = new Map<string, Pack>()
  readonly #layouts: ReadonlyMap<string, RowLayout>

  constructor(layouts: readonly RowLayout[]) {
    this.#layouts = new Map(layouts.map((one) => [one.kind, one]))
  }

  /** Adds a reading of the device with this number. */
  add(reading: Reading, device: number): void {
    const pack = this.#packs.get(reading.kind) ?? this.#begin(reading.kind)
    pack.add(reading, device)
  }

  /** All that was added, each kind in memory of its own. */
  packs(): RowPack[] {
    return [...this.#packs].map(([kind, pack]) => ({ kind, width: pack.width, rows: pack.rows() }))
  }

  #begin(kind: string): Pack {
    const layout = this.#layouts.get(kind)
    if (layout === undefined) throw new Error(`no table for kind ${kind}`)
    const pack = new Pack(layout)
    this.#packs.set(kind, pack)
    return pack
  }
}

class Pack {
  readonly width: number
  readonly #fields: readonly string[]
  #rows: Float64Array<ArrayBuffer>
  #length = 0

  constructor(layout: RowLayout) {
    this.width = rowWidth(layout)
    this.#fields = layout.fields
    this.#rows = new Float64Array(FIRST_ROWS * this.width)
  }

  add({ observedAt, receivedAt, seq, fields }: Reading, device: number): void {
    if (this.#length + this.width > this.#rows.length) this.#grow()
    const rows = this.#rows
    let at = this.#length
    rows[at++] = device
    rows[at++] = observedAt
    rows[at++] = receivedAt
    rows[at++] = seq ?? Number.NaN
    // A missing field is undefined, and Number(undefined) is NaN; a switch is 0 or 1.
    for (const name of this.#fields) rows[at++] = Number(fields[name] as FieldValue)
    this.#length = at
  }

  rows(): Float64Array<ArrayBuffer> {
    return this.#rows.subarray(0, this.#length)
  }

  #grow(): void {
    const larger = new Float64Array(2 * this.#rows.length)
    larger.set(this.#rows)
    this.#rows = larger
  }
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
