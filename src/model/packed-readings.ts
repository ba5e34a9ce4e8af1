import type { FieldValue, Reading } from './reading.ts'

/** Readings that are gone through one after the other: an array of them is one. */
export interface ReadingList extends Iterable<Reading> {
  readonly length: number
}

/**
 * Readings as plain numbers, kind by kind.
 *
 * An accepted reading waits for its commit and for the store, up to a second. As an object with its
 * fields it would be copied by the garbage collector meanwhile, twice, which at full load took a
 * quarter of the thread's time (docs/adr/0022).
 *
 * They are given back kind by kind, those of a kind in the order in which they came.
 */
export class PackedReadings implements ReadingList {
  readonly #blocks: ReadingRows[] = []
  /** To add to, by kind. */
  readonly #open = new Map<string, ReadingRows>()

  /** The readings of the list, which is given back itself where they are packed already. */
  static of(readings: ReadingList): PackedReadings {
    if (readings instanceof PackedReadings) return readings
    const packed = new PackedReadings()
    for (const reading of readings) packed.add(reading)
    return packed
  }

  /** All readings of the lists, in their order; no number is copied. */
  static joined(lists: readonly PackedReadings[]): PackedReadings {
    const joined = new PackedReadings()
    for (const list of lists) joined.#blocks.push(...list.#blocks)
    return joined
  }

  get length(): number {
    return this.#blocks.reduce((sum, { length }) => sum + length, 0)
  }

  /** Rows of one kind each; of a kind there may be several. */
  get blocks(): readonly Readonly<ReadingRows>[] {
    return this.#blocks
  }

  add(reading: Reading): void {
    let block = this.#open.get(reading.kind)
    if (block === undefined) {
      block = new ReadingRows(reading.kind)
      this.#open.set(reading.kind, block)
      this.#blocks.push(block)
    }
    block.add(reading)
  }

  *[Symbol.iterator](): Generator<Reading> {
    for (const block of this.#blocks) {
      for (let i = 0; i < block.length; i++) yield block.at(i)
    }
  }

  /** The devices that they are of. */
  deviceIds(): Set<string> {
    return new Set(this.#blocks.flatMap(({ deviceIds }) => deviceIds))
  }

  /** Of each kind one out of so many, the first of them included. */
  sample(every: number): Reading[] {
    const sample: Reading[] = []
    for (const block of this.#blocks) {
      for (let i = 0; i < block.length; i += every) sample.push(block.at(i))
    }
    return sample
  }
}

/** Where a row has what is no field; the fields follow. */
export const [OBSERVED_AT, RECEIVED_AT, SEQ, FIELDS] = [0, 1, 2, 3]
/** Rows that there is room for at first. */
const FIRST_ROWS = 64

/**
 * Readings of one kind, one run of doubles, a row after the other:
 *
 *   observedAt | receivedAt | seq | the fields in the order in which they were first seen
 *
 * NaN stands for what a reading lacks: none can have it. A switch is 0 or 1.
 */
export class ReadingRows {
  readonly kind: string
  readonly deviceIds: string[] = []
  readonly fields: string[] = []
  /** Doubles of a row. */
  width = FIELDS
  rows = new Float64Array(FIRST_ROWS * FIELDS)
  /** By field: a kind says of each whether it is a switch. */
  readonly #isSwitch: boolean[] = []

  constructor(kind: string) {
    this.kind = kind
  }

  get length(): number {
    return this.deviceIds.length
  }

  add(reading: Reading): void {
    if (!this.#put(reading)) {
      this.#learn(reading.fields)
      this.#put(reading)
    }
    this.deviceIds.push(reading.deviceId)
  }

  at(i: number): Reading {
    const { rows } = this
    const start = i * this.width
    const fields: Record<string, FieldValue> = {}
    for (const [place, name] of this.fields.entries()) {
      const value = rows[start + FIELDS + place] as number
      if (!Number.isNaN(value)) fields[name] = this.#isSwitch[place] ? value === 1 : value
    }
    const seq = rows[start + SEQ] as number
    return {
      deviceId: this.deviceIds[i] as string,
      kind: this.kind,
      observedAt: rows[start + OBSERVED_AT] as number,
      receivedAt: rows[start + RECEIVED_AT] as number,
      seq: Number.isNaN(seq) ? null : seq,
      fields,
    }
  }

  /** Writes the next row; false where it has no place for a field. */
  #put({ observedAt, receivedAt, seq, fields }: Reading): boolean {
    const start = this.length * this.width
    if (start + this.width > this.rows.length) this.#makeRoom(2 * this.length, this.width)
    const { rows } = this
    rows[start + OBSERVED_AT] = observedAt
    rows[start + RECEIVED_AT] = receivedAt
    rows[start + SEQ] = seq ?? Number.NaN
    let placed = 0
    for (let i = 0; i < this.fields.length; i++) {
      const value = fields[this.fields[i] as string]
      rows[start + FIELDS + i] = toNumber(value)
      if (value !== undefined) placed++
    }
    let given = 0
    for (const _ in fields) given++
    return placed === given
  }

  #learn(fields: Reading['fields']): void {
    const before = this.width
    for (const name in fields) {
      if (this.fields.includes(name)) continue
      this.fields.push(name)
      this.#isSwitch.push(typeof fields[name] === 'boolean')
    }
    this.width = FIELDS + this.fields.length
    this.#makeRoom(Math.max(FIRST_ROWS, 2 * this.length), before)
  }

  /** Room for so many rows, into which those that are there go; they had this width. */
  #makeRoom(count: number, before: number): void {
    const { rows, width } = this
    this.rows = new Float64Array(count * width)
    if (width === before) this.rows.set(rows)
    else {
      this.rows.fill(Number.NaN)
      for (let i = 0; i < this.length; i++) {
        this.rows.set(rows.subarray(i * before, (i + 1) * before), i * width)
      }
    }
  }
}

function toNumber(value: FieldValue | undefined): number {
  if (value === undefined) return Number.NaN
  return typeof value === 'number' ? value : value ? 1 : 0
}
