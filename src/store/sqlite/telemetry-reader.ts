import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { allFields, type DeviceKind, type FieldSpec } from '../../model/device-kind.ts'
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
import { isRecent, recentTableOf, SIDES, tableOf } from './telemetry-schema.ts'

/** Opens the reading side of a SQLite telemetry file; the file must exist. */
export function openSqliteTelemetryReader(
  file: string,
  kinds: readonly DeviceKind[],
): TelemetryReader {
  const db = new DatabaseSync(file, { readOnly: true })
  db.exec('PRAGMA busy_timeout = 5000')
  return new SqliteTelemetryReader(db, new Map(kinds.map((kind) => [kind.name, kind])))
}

const AGGREGATE_SQL: Record<Exclude<Aggregate, 'last'>, string> = {
  mean: 'avg',
  min: 'min',
  max: 'max',
}

/** A device's number, from its id as the first parameter. */
const NUMBER = '(SELECT n FROM device_numbers WHERE id = ?1)'

/** A device's readings of a kind from ?2 to ?3, which excludes it: those in place and the recent ones. */
function readingsOf(kind: string, names: readonly string[]): string {
  const columns = names.map((name) => `"${name}"`).join(', ')
  const span = 'ts >= ?2 AND ts < ?3'
  return [
    `SELECT ${columns} FROM ${tableOf(kind)} WHERE device = ${NUMBER} AND ${span}`,
    ...SIDES.map(
      (side) =>
        `SELECT ${columns} FROM ${recentTableOf(kind, side)}
         WHERE ${isRecent(kind, side, NUMBER)} AND ${span}`,
    ),
  ].join('\nUNION ALL ')
}

class SqliteTelemetryReader implements TelemetryReader {
  readonly #db: DatabaseSync
  readonly #kinds: ReadonlyMap<string, DeviceKind>

  constructor(db: DatabaseSync, kinds: ReadonlyMap<string, DeviceKind>) {
    this.#db = db
    this.#kinds = kinds
  }

  async range(query: RangeQuery): Promise<TelemetryRow[]> {
    const specs = this.#specs(query)
    const columns = ['ts', 'received_at', 'seq', ...namesOf(specs)]
    const rows = this.#db
      .prepare(`${readingsOf(query.kind, columns)} ORDER BY ts DESC LIMIT ?4`)
      .all(query.deviceId, query.from, query.to, query.limit)
    return rows.map((row) => ({
      ts: row['ts'] as number,
      receivedAt: row['received_at'] as number,
      seq: row['seq'] as number | null,
      fields: readFields(row, specs, true),
    }))
  }

  async aggregate(query: AggregateQuery): Promise<TelemetryBucket[]> {
    return query.aggregate === 'last' ? this.#last(query) : this.#statistic(query, query.aggregate)
  }

  async kindOf(deviceId: string): Promise<string | null> {
    for (const kind of this.#kinds.keys()) {
      const row = this.#db
        .prepare(`${readingsOf(kind, ['ts'])} LIMIT 1`)
        .get(deviceId, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      if (row !== undefined) return kind
    }
    return null
  }

  /** Nothing is refused here, so there is no page after the first. */
  async refused({ after }: Page): Promise<Paged<RefusedReading>> {
    if (after !== null) throw strangeCursor()
    return { items: [], next: null }
  }

  #statistic(query: AggregateQuery, aggregate: Exclude<Aggregate, 'last'>): TelemetryBucket[] {
    const specs = this.#specs(query)
    const columns = specs.map(([name]) => `, ${AGGREGATE_SQL[aggregate]}("${name}") AS "${name}"`)
    const rows = this.#db
      .prepare(
        // node:sqlite binds numbers as reals: without the cast the division would not be whole.
        `SELECT ts / CAST(?4 AS INTEGER) * CAST(?4 AS INTEGER) AS bucket, count(*) AS n
           ${columns.join('')}
         FROM (${readingsOf(query.kind, ['ts', ...namesOf(specs)])})
         GROUP BY bucket ORDER BY bucket`,
      )
      .all(query.deviceId, query.from, query.to, query.every)
    return rows.map((row) => ({
      ts: row['bucket'] as number,
      count: row['n'] as number,
      // The mean of a switch is the share of readings in which it was on.
      fields: readFields(row, specs, aggregate !== 'mean'),
    }))
  }

  /** The last value of each field in its bucket, from whichever reading had it. */
  #last(query: AggregateQuery): TelemetryBucket[] {
    const specs = this.#specs(query)
    const rows = this.#db
      .prepare(`${readingsOf(query.kind, ['ts', ...namesOf(specs)])} ORDER BY ts`)
      .iterate(query.deviceId, query.from, query.to)
    const buckets: { ts: Instant; count: number; fields: Record<string, FieldValue> }[] = []
    for (const row of rows) {
      const ts = Math.floor((row['ts'] as number) / query.every) * query.every
      const newest = buckets.at(-1)
      const bucket = newest?.ts === ts ? newest : { ts, count: 0, fields: {} }
      if (bucket !== newest) buckets.push(bucket)
      bucket.count++
      Object.assign(bucket.fields, readFields(row, specs, true))
    }
    return buckets
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #specs(query: { kind: string; fields: readonly string[] }) {
    const kind = this.#kinds.get(query.kind)
    if (kind === undefined) return []
    const wanted = new Set(query.fields)
    return Object.entries(allFields(kind)).filter(([name]) => wanted.size === 0 || wanted.has(name))
  }
}

type Row = Record<string, SQLOutputValue>

const namesOf = (specs: readonly (readonly [string, FieldSpec])[]) => specs.map(([name]) => name)

/** The fields that a row has; `switches`: 0 and 1 of a switch are false and true. */
function readFields(
  row: Row,
  specs: readonly (readonly [string, FieldSpec])[],
  switches: boolean,
): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {}
  for (const [name, spec] of specs) {
    const value = row[name] as number | null
    if (value === null) continue
    fields[name] = switches && spec.type === 'switch' ? value === 1 : value
  }
  return fields
}
