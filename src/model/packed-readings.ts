import type { Reading } from './reading.ts'
import type { Instant } from './time.ts'
import { FieldTable, Values } from './values.ts'

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
  /** To add to. */
  readonly #open = new Map<FieldTable, ReadingRows>()

  /** The readings of the list, which is given back itself where they are packed already. */
  static of(readings: ReadingList): PackedReadings {
    if (readings instanceof PackedReadings) return readings
    const packed = new PackedReadings()
    for (const [kind, ofKind] of Map.groupBy(readings, (one) => one.kind)) {
      const table = FieldTable.seenIn(
        kind,
        ofKind.map(({ fields }) => fields),
      )
      for (const one of ofKind) packed.add({ ...one, values: Values.of(table, one.fields) })
    }
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

  add(reading: MeasuredReading): void {
    const { table } = reading.values
    let block = this.#open.get(table)
    if (block === undefined) {
      block = new ReadingRows(table)
      this.#open.set(table, block)
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

/** A reading as it is added: its values say of which kind it is. */
export interface MeasuredReading extends Omit<Reading, 'kind' | 'fields'> {
  readonly values: Values
}

/** Where a row has what is no field; the fields follow. */
export const [OBSERVED_AT, RECEIVED_AT, SEQ, FIELDS] = [0, 1, 2, 3]
/** Rows that there is room for at first. */
const FIRST_ROWS = 64

/**
 * Readings of one kind, one run of doubles, a row after the other:
 *
 *   observedAt | receivedAt | seq | the fields by their places
 *
 * NaN stands for what a reading lacks: none can have it. A switch is 0 or 1.
 */
export class ReadingRows {
  readonly deviceIds: string[] = []
  /** Doubles of a row. */
  readonly width: number
  rows: Float64Array
  readonly #table: FieldTable

  constructor(table: FieldTable) {
    this.#table = table
    this.width = FIELDS + table.names.length
    this.rows = new Float64Array(FIRST_ROWS * this.width)
  }

  get kind(): string {
    return this.#table.kind
  }

  get fields(): readonly string[] {
    return this.#table.names
  }

  get length(): number {
    return this.deviceIds.length
  }

  add({ deviceId, observedAt, receivedAt, seq, values }: MeasuredReading): void {
    const { width } = this
    const start = this.length * width
    if (start === this.rows.length) this.#makeRoom()
    const { rows } = this
    const { numbers } = values
    rows[start + OBSERVED_AT] = observedAt
    rows[start + RECEIVED_AT] = receivedAt
    rows[start + SEQ] = seq ?? Number.NaN
    for (let place = 0; place < width - FIELDS; place++) {
      rows[start + FIELDS + place] = numbers[place] as number
    }
    this.deviceIds.push(deviceId)
  }

  at(i: number): Reading {
    const row = this.rows.subarray(i * this.width, (i + 1) * this.width)
    const seq = row[SEQ] as number
    const numbers = this.#table.none()
    for (const place of numbers.keys()) numbers[place] = row[FIELDS + place] as number
    return {
      deviceId: this.deviceIds[i] as string,
      kind: this.kind,
      observedAt: row[OBSERVED_AT] as Instant,
      receivedAt: row[RECEIVED_AT] as Instant,
      seq: Number.isNaN(seq) ? null : seq,
      fields: new Values(this.#table, numbers).fields,
    }
  }

  #makeRoom(): void {
    const larger = new Float64Array(2 * this.rows.length)
    larger.set(this.rows)
    this.rows = larger
  }
}
