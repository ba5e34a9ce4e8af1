import { DatabaseSync } from 'node:sqlite'
import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { ReadingCount } from '../../model/ledger.ts'
import { type Duration, HOUR } from '../../model/time.ts'
import type { RowLayout, RowPack } from './telemetry-rows.ts'

/**
 * Telemetry of one machine: a SQLite file. The readings of a device and kind are a series, which lies
 * in stretches (stretch.ts) clustered by series and time, so that a device's day is one short read.
 * Readings that have just come are in tables of their own, clustered by time first
 * (telemetry-recent.ts, docs/adr/0021 and 0023).
 *
 * A field has its place in the rows of its kind for good: one that a kind gains takes the next, one
 * that a kind loses keeps its place. Switches are 0 and 1.
 */

/** The words between the telemetry store and its writing thread; each has one answer. */
export type StoreRequest =
  | {
      readonly type: 'append'
      readonly upTo: number
      readonly packs: readonly RowPack[]
      /** Those that this store has not yet seen. */
      readonly series: readonly Series[]
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

/** The readings of a device and kind, under a number. */
export interface Series {
  readonly n: number
  readonly device: string
  readonly kind: string
}

/** When recent readings go to their place. */
export interface RecentLimits {
  /** A run of this many rows is complete: the next batch begins another. */
  readonly runRows: number
  /** Rows that are recent at one time, give or take a batch ... */
  readonly rows: number
  /** ... and for how long, where fewer come, ms. */
  readonly age: Duration
  /** As many rows of a series in one batch are a stretch: they go to their place at once. */
  readonly stretchRows: number
  /** Rows that go to their place in one step, about. */
  readonly stepRows: number
}

/** Unsourced defaults. */
export const RECENT_LIMITS: RecentLimits = {
  runRows: 8192,
  rows: 512 * 1024,
  age: HOUR,
  stretchRows: 128,
  stepRows: 1024,
}

/** There are two sets of recent readings: one is added to while the other goes to its place. */
export type Side = 0 | 1
export const SIDES: readonly Side[] = [0, 1]
/** Runs of a side at the most; they are numbered from 1. */
export const RUNS = 64
export const ANY_RUN = `run_number IN (${Array.from({ length: RUNS }, (_, i) => i + 1).join(', ')})`

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
    CREATE TABLE IF NOT EXISTS series (
      n INTEGER PRIMARY KEY, device TEXT NOT NULL, kind TEXT NOT NULL, UNIQUE (device, kind)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS fields (
      kind TEXT NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, place)
    ) STRICT, WITHOUT ROWID;
    ${stretches('stretches', ['series', 'ts'])}
    ${SIDES.map((side) => stretches(recentTable(side), ['run_number', 'series', 'ts'])).join('')}
    CREATE TABLE IF NOT EXISTS written (
      day TEXT NOT NULL, kind TEXT NOT NULL, readings INTEGER NOT NULL, PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;
  `)
  return db
}

/** `ts` and `last_ts`: the first and the last of so many readings. */
function stretches(table: string, key: readonly string[]): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
    ${key.map((name) => `${name} INTEGER NOT NULL,`).join(' ')}
    last_ts INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (${key.join(', ')})
  ) STRICT, WITHOUT ROWID;`
}

/** The stretches of recent readings on one side. */
export function recentTable(side: Side): string {
  return `recent_${side}`
}

/** A series' recent readings on one side, those left out that are in their place already. */
export function isRecent(side: Side): string {
  return `${ANY_RUN} AND series = ?1 AND ?1 > ${placedUpTo(side)}`
}

/** Recent readings of series from the first parameter on, which excludes it, to the second. */
export const OF_SERIES = `${ANY_RUN} AND series > ?1 AND series <= ?2`

/** Where it is kept which series of a side, by number, was the last to go to its place. */
export function placedKey(side: Side): string {
  return `placed ${side}`
}

export function placedUpTo(side: Side): string {
  return `coalesce((SELECT value FROM meta WHERE key = '${placedKey(side)}'), 0)`
}

/** Gives the fields of a kind that have no place the next ones. */
export function ensureFields(db: DatabaseSync, kind: DeviceKind): void {
  addFields(db, kind.name, Object.keys(allFields(kind)))
}

export function addFields(db: DatabaseSync, kind: string, names: readonly string[]): void {
  const known = fieldsOf(db, kind)
  const add = db.prepare('INSERT INTO fields (kind, place, name) VALUES (?, ?, ?)')
  const missing = names.filter((name) => !known.includes(name))
  for (const [i, name] of missing.entries()) add.run(kind, known.length + i, name)
}

/** All fields that a kind has ever had, in the order of their places. */
export function fieldsOf(db: DatabaseSync, kind: string): string[] {
  const rows = db.prepare('SELECT name FROM fields WHERE kind = ? ORDER BY place').all(kind)
  return rows.map(({ name }) => name as string)
}

/** The rows of all kinds that this file has ever had. */
export function readLayouts(db: DatabaseSync): RowLayout[] {
  const kinds = db.prepare('SELECT DISTINCT kind FROM fields').all() as { kind: string }[]
  return kinds.map(({ kind }) => ({ kind, fields: fieldsOf(db, kind) }))
}

export function readSeries(db: DatabaseSync): Series[] {
  return db.prepare('SELECT n, device, kind FROM series').all() as unknown as Series[]
}

export function readCursor(db: DatabaseSync): number {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'cursor'").get()
  return (row?.['value'] as number | undefined) ?? 0
}

export function readWritten(db: DatabaseSync, day: string): ReadingCount[] {
  const rows = db.prepare('SELECT day, kind, readings FROM written WHERE day = ?').all(day)
  return rows as unknown as ReadingCount[]
}
