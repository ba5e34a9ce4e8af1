import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { ReadingCount } from '../../model/ledger.ts'
import type { Reading } from '../../model/reading.ts'
import { type Instant, utcDay } from '../../model/time.ts'
import type { Tally, TelemetryBatch, TelemetryStore } from '../telemetry-port.ts'
import { transaction } from './transaction.ts'

/**
 * Telemetry of one machine: a SQLite file with one typed table per kind, clustered by device and
 * time, so that a device's day is one short read.
 *
 * A kind that gains a field gains a column at the next start; a field that a kind loses keeps its
 * column. Switches are stored as 0 and 1.
 */
export function openSqliteTelemetryStore(
  file: string,
  kinds: readonly DeviceKind[],
): TelemetryStore {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -65536;
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS device_numbers (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE IF NOT EXISTS written (
      day TEXT NOT NULL, kind TEXT NOT NULL, readings INTEGER NOT NULL, PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;
  `)
  for (const kind of kinds) ensureTable(db, kind)
  return new SqliteTelemetryStore(db, kinds)
}

/** The table of a kind. Names of kinds and fields come from the catalogue and are checked there. */
export function tableOf(kind: string): string {
  return `"readings ${kind}"`
}

function ensureTable(db: DatabaseSync, kind: DeviceKind): void {
  const table = tableOf(kind.name)
  const columns = Object.entries(allFields(kind)).map(
    ([name, spec]) => [name, spec.type === 'switch' ? 'INTEGER' : 'REAL'] as const,
  )
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (
    device INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    seq INTEGER,
    PRIMARY KEY (device, ts)
  ) STRICT, WITHOUT ROWID`)
  const present = new Set(
    (
      db.prepare(`SELECT name FROM pragma_table_info(?)`).all(table.slice(1, -1)) as {
        name: string
      }[]
    ).map((column) => column.name),
  )
  for (const [name, type] of columns) {
    if (!present.has(name)) db.exec(`ALTER TABLE ${table} ADD COLUMN "${name}" ${type}`)
  }
}

/** Devices whose old readings are let go of in one step. */
const PRUNED_DEVICES = 500

class SqliteTelemetryStore implements TelemetryStore {
  readonly #db: DatabaseSync
  readonly #inserts: ReadonlyMap<string, { statement: StatementSync; fields: readonly string[] }>
  #numbers: Map<string, number>
  #prunedUpTo = 0
  readonly #addNumber: StatementSync
  readonly #setCursor: StatementSync
  readonly #count: StatementSync

  constructor(db: DatabaseSync, kinds: readonly DeviceKind[]) {
    this.#db = db
    this.#inserts = new Map(kinds.map((kind) => [kind.name, prepareInsert(db, kind)]))
    this.#numbers = readNumbers(db)
    this.#addNumber = db.prepare('INSERT INTO device_numbers (id) VALUES (?) RETURNING n')
    this.#setCursor = db.prepare(
      "INSERT INTO meta VALUES ('cursor', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    this.#count = db.prepare(
      `INSERT INTO written VALUES (?, ?, ?)
       ON CONFLICT (day, kind) DO UPDATE SET readings = readings + excluded.readings`,
    )
  }

  async cursor(): Promise<number> {
    const row = this.#db.prepare("SELECT value FROM meta WHERE key = 'cursor'").get()
    return (row?.['value'] as number | undefined) ?? 0
  }

  async append(batch: TelemetryBatch): Promise<number> {
    // A batch that was stored before, whose answer was lost: nothing is counted twice.
    if ((await this.cursor()) >= batch.upTo) return 0
    try {
      transaction(this.#db, () => this.#write(batch))
      return 0
    } catch (error) {
      // Numbers given in what was rolled back are void.
      this.#numbers = readNumbers(this.#db)
      throw error
    }
  }

  async tally(day: string): Promise<Tally> {
    const rows = this.#db.prepare('SELECT day, kind, readings FROM written WHERE day = ?').all(day)
    const written = rows as unknown as ReadingCount[]
    // The tables take whatever was decoded: there is nothing to refuse.
    return { cursor: await this.cursor(), written, refused: [] }
  }

  async prune(before: Instant): Promise<boolean> {
    const numbers = this.#db
      .prepare('SELECT n FROM device_numbers WHERE n > ? ORDER BY n LIMIT ?')
      .all(this.#prunedUpTo, PRUNED_DEVICES)
    // By device, because that is how the tables are clustered: by time alone would be a full scan.
    transaction(this.#db, () => {
      for (const kind of this.#inserts.keys()) {
        const remove = this.#db.prepare(`DELETE FROM ${tableOf(kind)} WHERE device = ? AND ts < ?`)
        for (const { n } of numbers as { n: number }[]) remove.run(n, before)
      }
    })
    const done = numbers.length < PRUNED_DEVICES
    this.#prunedUpTo = done ? 0 : ((numbers.at(-1) as { n: number }).n as number)
    return done
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #write(batch: TelemetryBatch): void {
    const counts = new Map<string, number>()
    for (const reading of clustered(batch.readings)) {
      this.#insert(reading)
      const key = `${utcDay(reading.receivedAt)}\n${reading.kind}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    for (const [key, readings] of counts) {
      const [day, kind] = key.split('\n') as [string, string]
      this.#count.run(day, kind, readings)
    }
    this.#setCursor.run(batch.upTo)
  }

  #insert(reading: Reading): void {
    const insert = this.#inserts.get(reading.kind)
    if (insert === undefined) throw new Error(`no table for kind ${reading.kind}`)
    const values = insert.fields.map((name) => {
      const value = reading.fields[name]
      return value === undefined ? null : Number(value)
    })
    insert.statement.run(
      this.#number(reading.deviceId),
      reading.observedAt,
      reading.receivedAt,
      reading.seq,
      ...values,
    )
  }

  #number(deviceId: string): number {
    const known = this.#numbers.get(deviceId)
    if (known !== undefined) return known
    const { n } = this.#addNumber.get(deviceId) as { n: number }
    this.#numbers.set(deviceId, n)
    return n
  }
}

/**
 * In the order of the tables: rows of one device go into one page, one after the other. The sort
 * is stable, so that of two readings of one moment the later one still comes later.
 */
function clustered(readings: readonly Reading[]): Reading[] {
  return readings.toSorted((a, b) =>
    a.deviceId === b.deviceId ? a.observedAt - b.observedAt : a.deviceId < b.deviceId ? -1 : 1,
  )
}

function prepareInsert(db: DatabaseSync, kind: DeviceKind) {
  const fields = Object.keys(allFields(kind))
  const columns = ['device', 'ts', 'received_at', 'seq', ...fields.map((name) => `"${name}"`)]
  // Two messages of one moment with different fields are one point.
  const merge = fields.map((name) => `"${name}" = coalesce(excluded."${name}", "${name}")`)
  const statement = db.prepare(
    `INSERT INTO ${tableOf(kind.name)} (${columns.join(', ')})
     VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (device, ts) DO UPDATE SET ${merge.join(', ')}`,
  )
  return { statement, fields }
}

function readNumbers(db: DatabaseSync): Map<string, number> {
  const rows = db.prepare('SELECT n, id FROM device_numbers').all() as { n: number; id: string }[]
  return new Map(rows.map(({ n, id }) => [id, n]))
}
