import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind, type FieldSpec } from '../../model/device-kind.ts'
import type { FieldValue } from '../../model/reading.ts'
import type { InfluxLocation } from '../../model/store-location.ts'
import type { Page, Paged } from '../state-reader-port.ts'
import type {
  AggregateQuery,
  RangeQuery,
  RefusedReading,
  TelemetryBucket,
  TelemetryReader,
  TelemetryRow,
} from '../telemetry-port.ts'
import { BOOKS_FILE, readRefused } from './books.ts'
import { connectInflux, type InfluxConnection, type Series } from './connection.ts'
import { identifier, tagString, time } from './influxql.ts'

/**
 * The reading side of telemetry in InfluxDB, in InfluxQL, which 1.x, 2.x and 3 answer alike.
 * Rejects with TELEMETRY_UNAVAILABLE where the server does not answer. What was refused is read
 * from the books on this machine, and needs no server.
 */
export interface InfluxReaderOptions {
  readonly dataDir: string
  readonly kinds: readonly DeviceKind[]
  readonly location: InfluxLocation
}

export function openInfluxTelemetryReader(options: InfluxReaderOptions): TelemetryReader {
  return new InfluxTelemetryReader(options)
}

type Specs = readonly (readonly [name: string, spec: FieldSpec])[]
type Row = Readonly<Record<string, number | null>>

class InfluxTelemetryReader implements TelemetryReader {
  readonly #kinds: ReadonlyMap<string, DeviceKind>
  readonly #connection: InfluxConnection
  readonly #db: string
  readonly #booksFile: string
  #books: DatabaseSync | null = null

  constructor({ dataDir, kinds, location }: InfluxReaderOptions) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]))
    this.#connection = connectInflux(location)
    this.#db = location.bucket
    this.#booksFile = join(dataDir, BOOKS_FILE)
  }

  async range(query: RangeQuery): Promise<TelemetryRow[]> {
    const specs = this.#specs(query)
    if (specs === null || query.limit <= 0) return []
    // A row without the wanted fields is a row too, as in every store: so `receivedAt` is asked for.
    const columns = ['receivedAt', 'seq', ...specs.map(([name]) => name)].map(identifier)
    // One more than is wanted: the last moment may go on in a row that was cut off.
    for (let asked = query.limit + 1; ; asked *= 2) {
      const rows = await this.#rows(
        `SELECT ${columns.join(', ')} ${whereOf(query)} ORDER BY time DESC LIMIT ${asked}`,
      )
      const moments = mergeMoments(rows)
      const all = rows.length < asked
      if (!all) moments.pop()
      if (all || moments.length >= query.limit) {
        return moments.slice(0, query.limit).map((row) => rowOf(row, specs))
      }
    }
  }

  async aggregate(query: AggregateQuery): Promise<TelemetryBucket[]> {
    const specs = this.#specs(query)
    if (specs === null) return []
    const { aggregate, every } = query
    const columns = specs.map(([name]) => {
      const field = identifier(name)
      return `, ${aggregate}(${field}) AS ${field}`
    })
    // Every point has `receivedAt`, so its count is that of the readings. Buckets of InfluxQL
    // begin at the epoch, as ours do.
    const rows = await this.#rows(
      `SELECT count("receivedAt") AS "readings"${columns.join('')} ${whereOf(query)}
       GROUP BY time(${Math.round(every)}ms) fill(none)`,
    )
    return rows
      .filter((row) => (row['readings'] ?? 0) > 0)
      .map((row) => ({
        ts: row['time'] as number,
        count: row['readings'] as number,
        // The mean of a switch is the share of readings in which it was on.
        fields: readFields(row, specs, aggregate !== 'mean'),
      }))
  }

  async kindOf(deviceId: string): Promise<string | null> {
    if (this.#kinds.size === 0) return null
    const measurements = [...this.#kinds.keys()].map(identifier).join(', ')
    const series = await this.#connection.query(
      this.#db,
      `SELECT "receivedAt" FROM ${measurements} WHERE "device" = ${tagString(deviceId)}
       ORDER BY time DESC LIMIT 1`,
      'ms',
    )
    const found = new Set(series.map((one) => one.name))
    return [...this.#kinds.keys()].find((kind) => found.has(kind)) ?? null
  }

  async refused(page: Page): Promise<Paged<RefusedReading>> {
    this.#books ??= openForReading(this.#booksFile)
    return this.#books === null ? { items: [], next: null } : readRefused(this.#books, page)
  }

  async close(): Promise<void> {
    await this.#connection.close()
    this.#books?.close()
  }

  async #rows(influxql: string): Promise<Row[]> {
    const series = await this.#connection.query(this.#db, influxql, 'ms')
    return series.flatMap(rowsOf)
  }

  /** The fields asked for, of those that the kind has; null: there is no such kind. */
  #specs(query: { kind: string; fields: readonly string[] }): Specs | null {
    const kind = this.#kinds.get(query.kind)
    if (kind === undefined) return null
    const wanted = new Set(query.fields)
    return Object.entries(allFields(kind)).filter(([name]) => wanted.size === 0 || wanted.has(name))
  }
}

function whereOf(query: Omit<RangeQuery, 'limit'>): string {
  return `FROM ${identifier(query.kind)} WHERE "device" = ${tagString(query.deviceId)}
    AND time >= ${time(query.from)} AND time < ${time(query.to)}`
}

function rowsOf({ columns, values }: Series): Row[] {
  return values.map(
    (row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])) as unknown as Row,
  )
}

/**
 * One row a moment, newest first. A device that came to another district has two series, and a
 * reading that it sent again may be in both: what was received later holds.
 */
function mergeMoments(rows: readonly Row[]): Row[] {
  const moments = new Map<number, Row>()
  for (const row of rows) {
    const at = row['time'] as number
    const other = moments.get(at)
    moments.set(at, other === undefined ? row : mergeRows(other, row))
  }
  return [...moments.values()]
}

function mergeRows(a: Row, b: Row): Row {
  const [older, newer] = (a['receivedAt'] ?? 0) <= (b['receivedAt'] ?? 0) ? [a, b] : [b, a]
  const given = Object.entries(newer).filter(([, value]) => value !== null)
  return { ...older, ...Object.fromEntries(given) }
}

function rowOf(row: Row, specs: Specs): TelemetryRow {
  return {
    ts: row['time'] as number,
    receivedAt: row['receivedAt'] as number,
    seq: row['seq'] ?? null,
    fields: readFields(row, specs, true),
  }
}

/** The fields that a row has; `switches`: 0 and 1 of a switch are false and true. */
function readFields(row: Row, specs: Specs, switches: boolean): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {}
  for (const [name, spec] of specs) {
    const value = row[name] ?? null
    if (value === null) continue
    fields[name] = switches && spec.type === 'switch' ? value === 1 : value
  }
  return fields
}

/** The books, where the writing side has made them. */
function openForReading(file: string): DatabaseSync | null {
  if (!existsSync(file)) return null
  const db = new DatabaseSync(file, { readOnly: true })
  db.exec('PRAGMA busy_timeout = 5000')
  const made = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'refused'").get()
  if (made !== undefined) return db
  db.close()
  return null
}
