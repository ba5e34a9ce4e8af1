import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { ReadingCount } from '../../model/ledger.ts'
import { type Duration, HOUR } from '../../model/time.ts'
import type { RowLayout, RowPack } from './telemetry-rows.ts'

/**
 * Telemetry of one machine: a SQLite file with one typed table per kind, clustered by device and
 * time, so that a device's day is one short read. Readings that have just come are in tables of
 * the same columns, clustered by time first (telemetry-recent.ts, docs/adr/0021).
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
  readonly limits: RecentLimits
}

export interface DeviceNumber {
  readonly n: number
  readonly id: string
}

/** When recent readings go to their place. */
export interface RecentLimits {
  /** A run of this many rows is complete: the next batch begins another. */
  readonly runRows: number
  /** Rows that are recent at one time, give or take a batch ... */
  readonly rows: number
  /** ... and for how long, where fewer come, ms. */
  readonly age: Duration
  /** As many rows of a device in one batch fill a page: they go to their place at once. */
  readonly pageRows: number
  /** Rows that go to their place with one statement, about. */
  readonly stepRows: number
}

/** Unsourced defaults. */
export const RECENT_LIMITS: RecentLimits = {
  runRows: 8192,
  rows: 512 * 1024,
  age: HOUR,
  pageRows: 100,
  stepRows: 256,
}

/** There are two sets of recent readings: one is added to while the other goes to its place. */
export type Side = 0 | 1
export const SIDES: readonly Side[] = [0, 1]
/** Runs of a side at the most; they are numbered from 1. */
export const RUNS = 64
const ANY_RUN = `run_number IN (${Array.from({ length: RUNS }, (_, i) => i + 1).join(', ')})`

/**
 * Pages of the write-ahead log that are copied into the file at once (4 MB). Few pages are written
 * more than once, so a longer log would save nothing, and the disk would be busy for longer.
 */
const COPIED_PAGES = 1024
/** Room for pages in memory: what one batch writes and puts in its place, and little more. */
const CACHE_KB = 16 * 1024

/** Opens the file for writing. */
export function openTelemetryDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -${CACHE_KB};
    PRAGMA wal_autocheckpoint = ${COPIED_PAGES};
    CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS device_numbers (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE IF NOT EXISTS written (
      day TEXT NOT NULL, kind TEXT NOT NULL, readings INTEGER NOT NULL, PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS placed (
      side INTEGER NOT NULL, kind TEXT NOT NULL, device INTEGER NOT NULL, PRIMARY KEY (side, kind)
    ) STRICT, WITHOUT ROWID;
  `)
  return db
}

/** The table of a kind. Names of kinds and fields come from the catalogue and are checked there. */
export function tableOf(kind: string): string {
  return `"readings ${kind}"`
}

/** The table of a kind's recent readings on one side. */
export function recentTableOf(kind: string, side: Side): string {
  return `"recent ${side} ${kind}"`
}

const RECENT_NAME = /^recent 0 (.+)$/

/** All kinds that this file has ever had, also those that the catalogue has no more. */
export function storedKinds(db: DatabaseSync): string[] {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  return tables.flatMap(({ name }) => RECENT_NAME.exec(name as string)?.[1] ?? [])
}

/**
 * A device's recent readings on one side, those left out that are in their place already:
 * `device` is an expression for its number.
 */
export function isRecent(kind: string, side: Side, device: string): string {
  return `${ANY_RUN} AND device = ${device} AND device > ${placedUpTo(kind, side)}`
}

/** Recent readings of devices from the first parameter on, which excludes it, to the second. */
export const OF_DEVICES = `${ANY_RUN} AND device > ?1 AND device <= ?2`

/** The last device, by number, whose readings of the side are in their place. */
export function placedUpTo(kind: string, side: Side): string {
  return `coalesce((SELECT device FROM placed WHERE side = ${side} AND kind = '${kind}'), 0)`
}

/**
 * What tells readings in their place apart, and recent ones; before the fields come two columns
 * more. `run_number`, because a kind may have a field `run`.
 */
export const KEY = ['device', 'ts']
export const RECENT_KEY = ['run_number', ...KEY]
export const BOOKED = ['received_at', 'seq']

/** Makes the tables of a kind, or the columns that they lack. */
export function ensureTables(db: DatabaseSync, kind: DeviceKind): void {
  const columns = Object.entries(allFields(kind)).map(
    ([name, spec]) => [name, spec.type === 'switch' ? 'INTEGER' : 'REAL'] as const,
  )
  ensureTable(db, tableOf(kind.name), KEY, columns)
  for (const side of SIDES) ensureTable(db, recentTableOf(kind.name, side), RECENT_KEY, columns)
}

function ensureTable(
  db: DatabaseSync,
  table: string,
  key: readonly string[],
  columns: readonly (readonly [name: string, type: string])[],
): void {
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (
    ${key.map((name) => `${name} INTEGER NOT NULL,`).join(' ')}
    received_at INTEGER NOT NULL,
    seq INTEGER,
    PRIMARY KEY (${key.join(', ')})
  ) STRICT, WITHOUT ROWID`)
  const present = new Set(columnsOf(db, table))
  for (const [name, type] of columns) {
    if (!present.has(name)) db.exec(`ALTER TABLE ${table} ADD COLUMN "${name}" ${type}`)
  }
}

export function columnsOf(db: DatabaseSync, table: string): string[] {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(table.slice(1, -1))
  return columns.map(({ name }) => name as string)
}

/** Two readings of one moment with different fields are one point: the later value holds. */
export function merge(key: readonly string[], fields: readonly string[]): string {
  const set = fields.map((name) => `"${name}" = coalesce(excluded."${name}", "${name}")`)
  return `ON CONFLICT (${key.join(', ')}) DO ${set.length === 0 ? 'NOTHING' : `UPDATE SET ${set.join(', ')}`}`
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
