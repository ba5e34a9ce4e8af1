import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AppError } from '../../model/errors.ts'
import type { ReadingCount } from '../../model/ledger.ts'
import type { Reading } from '../../model/reading.ts'
import { type Instant, utcDay } from '../../model/time.ts'
import { transaction } from '../sqlite/transaction.ts'
import type { Page, Paged } from '../state-reader-port.ts'
import type { RefusedReading, Tally } from '../telemetry-port.ts'

/**
 * What InfluxDB cannot keep in one transaction, in a file beside the journal: how far it has all
 * readings, how many they were, which ones it would not take, and the district that each device's
 * points are tagged with.
 *
 * Invariant: a point is measurement, tags and time, so a batch that is sent again must carry the
 * same tags or its points would be there twice. So `announce` is on disk before a batch is sent,
 * and a district that was noted for a batch without an answer is not changed until it has one.
 */
export interface Books {
  readonly cursor: number
  /** True while a batch was sent of which it is not known whether it is stored. */
  readonly unanswered: boolean
  /** The district that the device's points are tagged with; undefined: it has none yet. */
  district(deviceId: string): string | undefined
  /** Notes, before it is sent, how far a batch goes and the districts of its devices. */
  announce(upTo: number, districts: ReadonlyMap<string, string>): void
  /** Keeps the outcome of a batch: cursor, counts and refused lines together. */
  settle(upTo: number, readings: readonly Reading[], refused: readonly Refused[]): void
  tally(day: string): Tally
  /** The time of this machine. */
  now(): Instant
  close(): void
}

export interface Refused {
  readonly reading: Reading
  readonly reason: string
  readonly line: string
}

export const BOOKS_FILE = 'telemetry-influxdb.db'
/** Refused lines that are kept to be looked at; their count goes on. Unsourced default. */
const REFUSED_KEPT = 100_000

const SCHEMA = `
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS districts (
    device TEXT PRIMARY KEY, district TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counts (
    day TEXT NOT NULL, kind TEXT NOT NULL, written INTEGER NOT NULL, refused INTEGER NOT NULL,
    PRIMARY KEY (day, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL,
    device TEXT NOT NULL, observed_at INTEGER NOT NULL, reason TEXT NOT NULL, line TEXT NOT NULL
  ) STRICT;
  COMMIT;
`

export function openBooks(file: string, refusedKept: number = REFUSED_KEPT): Books {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000')
  db.exec(SCHEMA)
  return new SqliteBooks(db, refusedKept)
}

class SqliteBooks implements Books {
  readonly #db: DatabaseSync
  readonly #refusedKept: number
  readonly #districts: Map<string, string>
  #cursor: number
  #sending: number
  readonly #set: StatementSync
  readonly #note: StatementSync
  readonly #count: StatementSync
  readonly #setAside: StatementSync

  constructor(db: DatabaseSync, refusedKept: number) {
    this.#db = db
    this.#refusedKept = refusedKept
    this.#districts = readDistricts(db)
    this.#cursor = readMeta(db, 'cursor')
    this.#sending = readMeta(db, 'sending')
    this.#set = db.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    this.#note = db.prepare(
      `INSERT INTO districts VALUES (?, ?)
       ON CONFLICT (device) DO UPDATE SET district = excluded.district`,
    )
    this.#count = db.prepare(
      `INSERT INTO counts VALUES (?, ?, ?, ?) ON CONFLICT (day, kind) DO UPDATE
       SET written = written + excluded.written, refused = refused + excluded.refused`,
    )
    this.#setAside = db.prepare(
      `INSERT INTO refused (at, kind, device, observed_at, reason, line) VALUES (?, ?, ?, ?, ?, ?)`,
    )
  }

  get cursor(): number {
    return this.#cursor
  }

  get unanswered(): boolean {
    return this.#cursor < this.#sending
  }

  district(deviceId: string): string | undefined {
    return this.#districts.get(deviceId)
  }

  announce(upTo: number, districts: ReadonlyMap<string, string>): void {
    const sending = Math.max(upTo, this.#sending)
    if (sending === this.#sending && districts.size === 0) return
    transaction(this.#db, () => {
      this.#set.run('sending', sending)
      for (const [device, district] of districts) this.#note.run(device, district)
    })
    this.#sending = sending
    for (const [device, district] of districts) this.#districts.set(device, district)
  }

  settle(upTo: number, readings: readonly Reading[], refused: readonly Refused[]): void {
    const counts = new DayCounts()
    for (const reading of readings) counts.of(reading).written++
    for (const { reading } of refused) {
      const count = counts.of(reading)
      count.written--
      count.refused++
    }
    transaction(this.#db, () => {
      for (const { day, kind, written, refused } of counts.all()) {
        this.#count.run(day, kind, written, refused)
      }
      this.#keepRefused(refused)
      this.#set.run('cursor', upTo)
    })
    this.#cursor = upTo
  }

  #keepRefused(refused: readonly Refused[]): void {
    if (refused.length === 0) return
    const at = this.now()
    for (const { reading, reason, line } of refused) {
      const { kind, deviceId, observedAt } = reading
      this.#setAside.run(at, kind, deviceId, observedAt, reason, line)
    }
    this.#db
      .prepare('DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?')
      .run(this.#refusedKept)
  }

  tally(day: string): Tally {
    const rows = this.#db.prepare('SELECT * FROM counts WHERE day = ?').all(day)
    const of = (column: string): ReadingCount[] =>
      rows
        .filter((row) => row[column] !== 0)
        .map((row) => ({ day, kind: row['kind'] as string, readings: row[column] as number }))
    return { cursor: this.#cursor, written: of('written'), refused: of('refused') }
  }

  now(): Instant {
    const row = this.#db.prepare("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now").get()
    return row?.['now'] as number
  }

  close(): void {
    this.#db.close()
  }
}

interface DayCount {
  readonly day: string
  readonly kind: string
  written: number
  refused: number
}

/** Counts by day of receipt and kind, fast where one batch is of few days. */
class DayCounts {
  readonly #kinds = new Map<string, Map<number, DayCount>>()

  of({ kind, receivedAt }: Reading): DayCount {
    let days = this.#kinds.get(kind)
    if (days === undefined) this.#kinds.set(kind, (days = new Map()))
    const number = Math.floor(receivedAt / 86_400_000)
    let count = days.get(number)
    if (count === undefined) {
      count = { day: utcDay(receivedAt), kind, written: 0, refused: 0 }
      days.set(number, count)
    }
    return count
  }

  all(): DayCount[] {
    return [...this.#kinds.values()].flatMap((days) => [...days.values()])
  }
}

function readMeta(db: DatabaseSync, key: string): number {
  const row = db.prepare('SELECT value FROM meta WHERE key = ?').get(key)
  return (row?.['value'] as number | undefined) ?? 0
}

function readDistricts(db: DatabaseSync): Map<string, string> {
  const rows = db.prepare('SELECT device, district FROM districts').all()
  return new Map(rows.map((row) => [row['device'] as string, row['district'] as string]))
}

/** A page of refused readings, newest first, from books that are open for reading. */
export function readRefused(db: DatabaseSync, page: Page): Paged<RefusedReading> {
  const rows = db
    .prepare(
      `SELECT CAST(id AS TEXT) AS id, at, kind, device AS deviceId, observed_at AS observedAt, reason, line
       FROM refused WHERE refused.id < ? ORDER BY refused.id DESC LIMIT ?`,
    )
    .all(readCursor(page.after), page.limit + 1)
  const items = rows.slice(0, page.limit).map((row) => ({ ...row }) as unknown as RefusedReading)
  return { items, next: rows.length > page.limit ? (items.at(-1)?.id ?? null) : null }
}

/** The id of the last one of the page before. */
function readCursor(after: string | null): number {
  if (after === null) return Number.MAX_SAFE_INTEGER
  if (/^\d{1,15}$/.test(after)) return Number(after)
  const faults = [{ path: 'query.cursor', message: 'not a cursor of ours' }]
  throw new AppError('VALIDATION', undefined, { faults })
}
