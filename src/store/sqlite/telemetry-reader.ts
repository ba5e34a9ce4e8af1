import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { FieldValue } from '../../model/reading.ts'
import type {
  Aggregate,
  AggregateQuery,
  RangeQuery,
  TelemetryBucket,
  TelemetryReader,
  TelemetryRow,
} from '../telemetry-port.ts'
import { tableOf } from './telemetry.ts'

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

class SqliteTelemetryReader implements TelemetryReader {
  readonly #db: DatabaseSync
  readonly #kinds: ReadonlyMap<string, DeviceKind>

  constructor(db: DatabaseSync, kinds: ReadonlyMap<string, DeviceKind>) {
    this.#db = db
    this.#kinds = kinds
  }

  async range(query: RangeQuery): Promise<TelemetryRow[]> {
    const specs = this.#specs(query)
    const columns = specs.map(([name]) => `, "${name}"`).join('')
    const rows = this.#db
      .prepare(
        `SELECT ts, received_at, seq${columns} FROM ${tableOf(query.kind)}
         WHERE device = (SELECT n FROM device_numbers WHERE id = ?) AND ts >= ? AND ts < ?
         ORDER BY ts DESC LIMIT ?`,
      )
      .all(query.deviceId, query.from, query.to, query.limit)
    return rows.map((row) => {
      const fields: Record<string, FieldValue> = {}
      for (const [name, spec] of specs) {
        const value = row[name] as number | null
        if (value !== null) fields[name] = spec.type === 'switch' ? value === 1 : value
      }
      return {
        ts: row['ts'] as number,
        receivedAt: row['received_at'] as number,
        seq: row['seq'] as number | null,
        fields,
      }
    })
  }

  async aggregate(query: AggregateQuery): Promise<TelemetryBucket[]> {
    const specs = this.#specs(query)
    const { aggregate } = query
    // SQLite gives the bare columns of a group from the row of its max(): that row is the last.
    const columns = specs.map(([name]) =>
      aggregate === 'last' ? `"${name}"` : `${AGGREGATE_SQL[aggregate]}("${name}") AS "${name}"`,
    )
    const rows = this.#db
      .prepare(
        // node:sqlite binds numbers as reals: without the cast the division would not be whole.
        `SELECT ts / CAST(?1 AS INTEGER) * CAST(?1 AS INTEGER) AS bucket, count(*) AS n, max(ts) AS newest, ${columns.join(', ')}
         FROM ${tableOf(query.kind)}
         WHERE device = (SELECT n FROM device_numbers WHERE id = ?2) AND ts >= ?3 AND ts < ?4
         GROUP BY bucket ORDER BY bucket`,
      )
      .all(query.every, query.deviceId, query.from, query.to)
    return rows.map((row) => {
      const fields: Record<string, number> = {}
      for (const [name] of specs) {
        const value = row[name] as number | null
        if (value !== null) fields[name] = value
      }
      return { ts: row['bucket'] as number, count: row['n'] as number, fields }
    })
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
