import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind, type FieldSpec } from '../../model/device-kind.ts'
import { FIELDS, OBSERVED_AT, RECEIVED_AT, SEQ } from '../../model/packed-readings.ts'
import type { FieldValue } from '../../model/reading.ts'
import type { Instant } from '../../model/time.ts'
import type { Page, Paged } from '../state-reader-port.ts'
import type {
  Aggregate,
  AggregateQuery,
  RangeQuery,
  RefusedReading,
  TelemetryBucket,
  TelemetryReader,
  TelemetryRow,
} from '../telemetry-port.ts'
import { strangeCursor } from './query.ts'
import { decodeStretch } from './stretch.ts'
import { stretchWidth } from './telemetry-rows.ts'
import { fieldsOf, isRecent, recentTable, SIDES } from './telemetry-schema.ts'

/** Opens the reading side of a SQLite telemetry file; the file must exist. */
export function openSqliteTelemetryReader(
  file: string,
  kinds: readonly DeviceKind[],
): TelemetryReader {
  const db = new DatabaseSync(file, { readOnly: true })
  db.exec('PRAGMA busy_timeout = 5000')
  return new SqliteTelemetryReader(db, new Map(kinds.map((kind) => [kind.name, kind])))
}

/** A field that is asked for, and where it is in a row. */
interface Column {
  readonly name: string
  readonly place: number
  readonly isSwitch: boolean
}

type Order = 'oldest first' | 'newest first'
type Span = Pick<RangeQuery, 'kind' | 'deviceId' | 'from' | 'to'>

class SqliteTelemetryReader implements TelemetryReader {
  readonly #db: DatabaseSync
  readonly #kinds: ReadonlyMap<string, DeviceKind>

  constructor(db: DatabaseSync, kinds: ReadonlyMap<string, DeviceKind>) {
    this.#db = db
    this.#kinds = kinds
  }

  async range(query: RangeQuery): Promise<TelemetryRow[]> {
    const columns = this.#columns(query)
    const found: TelemetryRow[] = []
    for (const row of this.#rows(query, 'newest first')) {
      if (found.length >= query.limit) break
      const seq = row[SEQ] as number
      found.push({
        ts: row[OBSERVED_AT] as Instant,
        receivedAt: row[RECEIVED_AT] as Instant,
        seq: Number.isNaN(seq) ? null : seq,
        fields: fieldsFrom(columns, (column) => valueIn(row, column), true),
      })
    }
    return found
  }

  async aggregate(query: AggregateQuery): Promise<TelemetryBucket[]> {
    const columns = this.#columns(query)
    const buckets: Bucket[] = []
    for (const row of this.#rows(query, 'oldest first')) {
      const ts = Math.floor((row[OBSERVED_AT] as Instant) / query.every) * query.every
      let bucket = buckets.at(-1)
      if (bucket?.ts !== ts) {
        bucket = new Bucket(ts, columns, query.aggregate)
        buckets.push(bucket)
      }
      bucket.add(row)
    }
    return buckets.map((bucket) => bucket.result())
  }

  async kindOf(deviceId: string): Promise<string | null> {
    const all = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }
    for (const kind of this.#kinds.keys()) {
      for (const _ of this.#rows({ kind, deviceId, ...all }, 'newest first')) return kind
    }
    return null
  }

  /** Nothing is refused here, so there is no page after the first. */
  async refused({ after }: Page): Promise<Paged<RefusedReading>> {
    if (after !== null) throw strangeCursor()
    return { items: [], next: null }
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  /** The fields that are asked for, as far as the file has them. */
  #columns(query: { kind: string; fields: readonly string[] }): Column[] {
    const kind = this.#kinds.get(query.kind)
    if (kind === undefined) return []
    const places = fieldsOf(this.#db, query.kind)
    const wanted = new Set(query.fields)
    return Object.entries(allFields(kind)).flatMap(([name, spec]: [string, FieldSpec]) => {
      const place = places.indexOf(name)
      if (place < 0 || (wanted.size > 0 && !wanted.has(name))) return []
      return [{ name, place: FIELDS + place, isSwitch: spec.type === 'switch' }]
    })
  }

  /** The rows of a device and kind, as stretch.ts has them, from one moment to another. */
  *#rows(span: Span, order: Order): Generator<Float64Array> {
    // What is on its way to its place meanwhile is found once.
    this.#db.exec('BEGIN')
    try {
      const { kind, from, to } = span
      const width = stretchWidth({ kind, fields: fieldsOf(this.#db, kind) })
      for (const bytes of this.#stretches(span, order)) {
        const rows = decodeStretch(bytes, width)
        const last = rows.length - width
        for (let at = 0; at <= last; at += width) {
          const start = order === 'oldest first' ? at : last - at
          const ts = rows[start + OBSERVED_AT] as Instant
          if (ts >= from && ts < to) yield rows.subarray(start, start + width)
        }
      }
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  *#stretches({ kind, deviceId, from, to }: Span, order: Order): Generator<Uint8Array> {
    const found = this.#db
      .prepare('SELECT n FROM series WHERE device = ? AND kind = ?')
      .get(deviceId, kind)
    if (found === undefined) return
    const series = found['n'] as number
    const recent = this.#db
      .prepare(
        SIDES.map(
          (side) =>
            `SELECT ts, bytes FROM ${recentTable(side)}
             WHERE ${isRecent(side)} AND ts < ?3 AND last_ts >= ?2`,
        ).join(' UNION ALL '),
      )
      .all(series, from, to) as unknown as { ts: Instant; bytes: Uint8Array }[]
    // Each was the newest of its device when it came.
    recent.sort((a, b) => a.ts - b.ts)
    if (order === 'newest first') for (const { bytes } of recent.toReversed()) yield bytes
    const placed = this.#db
      .prepare(
        `SELECT bytes FROM stretches WHERE series = ?1 AND ts < ?3
           AND ts >= coalesce((SELECT max(ts) FROM stretches WHERE series = ?1 AND ts <= ?2), ?2)
         ORDER BY ts ${order === 'newest first' ? 'DESC' : 'ASC'}`,
      )
      .iterate(series, from, to)
    for (const { bytes } of placed) yield bytes as Uint8Array
    if (order === 'oldest first') for (const { bytes } of recent) yield bytes
  }
}

/** What is gathered of the readings of one span of time. */
class Bucket {
  readonly ts: Instant
  readonly #columns: readonly Column[]
  readonly #aggregate: Aggregate
  readonly #values: Float64Array
  readonly #counts: Float64Array
  #count = 0

  constructor(ts: Instant, columns: readonly Column[], aggregate: Aggregate) {
    this.ts = ts
    this.#columns = columns
    this.#aggregate = aggregate
    this.#values = new Float64Array(columns.length)
    this.#counts = new Float64Array(columns.length)
  }

  add(row: Float64Array): void {
    this.#count++
    for (const [i, { place }] of this.#columns.entries()) {
      const value = row[place] as number
      if (Number.isNaN(value)) continue
      const before = this.#values[i] as number
      const isFirst = this.#counts[i] === 0
      this.#counts[i] = (this.#counts[i] as number) + 1
      this.#values[i] = isFirst ? value : this.#combined(before, value)
    }
  }

  result(): TelemetryBucket {
    const isMean = this.#aggregate === 'mean'
    const result = (_: Column, i: number) => {
      const count = this.#counts[i] as number
      if (count === 0) return Number.NaN
      return (this.#values[i] as number) / (isMean ? count : 1)
    }
    // The mean of a switch is the share of readings in which it was on.
    return { ts: this.ts, count: this.#count, fields: fieldsFrom(this.#columns, result, !isMean) }
  }

  /** With the value that comes after it. */
  #combined(before: number, value: number): number {
    switch (this.#aggregate) {
      case 'mean':
        return before + value
      case 'min':
        return Math.min(before, value)
      case 'max':
        return Math.max(before, value)
      case 'last':
        return value
    }
  }
}

/** The fields that have a value; `switches`: 0 and 1 of a switch are false and true. */
function fieldsFrom(
  columns: readonly Column[],
  valueFor: (column: Column, i: number) => number,
  switches: boolean,
): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {}
  for (const [i, column] of columns.entries()) {
    const value = valueFor(column, i)
    if (Number.isNaN(value)) continue
    fields[column.name] = switches && column.isSwitch ? value === 1 : value
  }
  return fields
}

function valueIn(row: Float64Array, { place }: Column): number {
  return row[place] as number
}
