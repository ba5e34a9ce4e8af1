import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { ReadingCount } from '../../model/ledger.ts'
import type { RowLayout, RowPack } from './telemetry-rows.ts'

/**
 * Telemetry of one machine: a SQLite file with one typed table per kind, clustered by device and
 * time, so that a device's day is one short read.
 *
 * A kind that gains a field gains a column at the next start; a field that a kind loses keeps its
 * column. Switches are stored as 0 and 1.
 */

/** The words between the telemetry store and its writing thread; each has one answer. */
export type StoreRequest =
  | {
      readonly type: 'append'
      readonly upTo: number
      readonly packs: readonly RowPack[]
      /** Devices that this store has not yet seen, with the numbers given to them. */
      readonly numbers: readonly DeviceNumber[]
    }
  | { readonly type: 'cursor' }
  | { readonly type: 'tally'; readonly day: string }
  | { readonly type: 'prune'; readonly before: number }
  | { readonly type: 'close' }

export type StoreAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

export interface WorkerSettings {
  readonly file: string
  readonly layouts: readonly RowLayout[]
}

export interface DeviceNumber {
  readonly n: number
  readonly id: string
}

/**
 * Pages of the write-ahead log that are folded into the file at once (16 MB). Each batch adds to
 * the last page of every device: the longer the log, the fewer times a page goes into the file.
 */
const FOLDED_PAGES = 4096

/** Opens the file for writing. */
export function openTelemetryDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -65536;
    PRAGMA wal_autocheckpoint = ${FOLDED_PAGES};
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS device_numbers (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE IF NOT EXISTS written (
      day TEXT NOT NULL, kind TEXT NOT NULL, readings INTEGER NOT NULL, PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;
  `)
  return db
}

/** The table of a kind. Names of kinds and fields come from the catalogue and are checked there. */
export function tableOf(kind: string): string {
  return `"readings ${kind}"`
}

/** Makes the table of a kind, or the columns that it lacks. */
export function ensureTable(db: DatabaseSync, kind: DeviceKind): void {
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

/** The statement that writes a row of a kind: device, time, receipt, seq, then the fields. */
export function prepareInsert(db: DatabaseSync, { kind, fields }: RowLayout) {
  const columns = ['device', 'ts', 'received_at', 'seq', ...fields.map((name) => `"${name}"`)]
  // Two messages of one moment with different fields are one point.
  const merge = fields.map((name) => `"${name}" = coalesce(excluded."${name}", "${name}")`)
  return db.prepare(
    `INSERT INTO ${tableOf(kind)} (${columns.join(', ')})
     VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (device, ts) DO UPDATE SET ${merge.join(', ')}`,
  )
}

export function readNumbers(db: DatabaseSync): DeviceNumber[] {
  return db.prepare('SELECT n, id FROM device_numbers').all() as unknown as DeviceNumber[]
}

export function readCursor(db: DatabaseSync): number {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'cursor'").get()
  return (row?.['value'] as number | undefined) ?? 0
}

export function readWritten(db: DatabaseSync, day: string): ReadingCount[] {
  const rows = db.prepare('SELECT day, kind, readings FROM written WHERE day = ?').all(day)
  return rows as unknown as ReadingCount[]
}
