import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Instant } from '../../model/time.ts'
import {
  BOOKED,
  columnsOf,
  KEY,
  merge,
  OF_DEVICES,
  placedUpTo,
  RECENT_KEY,
  recentTableOf,
  SIDES,
  type Side,
  tableOf,
} from './telemetry-schema.ts'

/** What a table knows of one side of its recent readings. */
interface Recent {
  rows: number
  /** Nothing is there, nor left to be emptied. */
  empty: boolean
  /** Devices that have rows there which are not in their place. */
  readonly devices: Set<number>
  /** No row is older. */
  oldest: Instant
}

/**
 * The writing side of a kind's tables: the one that is clustered by device and time, and the recent
 * readings. A recent reading is always the newest of its device at the time, so that none of them
 * is in two places, and none has to be merged when it is read.
 */
export class TelemetryTable {
  readonly #db: DatabaseSync
  readonly #kind: string
  readonly #statements = new Map<string, StatementSync>()
  readonly #fields: readonly string[]
  /** The newest reading of each device, as far as it was asked for. */
  readonly #newest = new Map<number, Instant>()
  readonly #recent: readonly [Recent, Recent]
  /** Devices whose rows of a side are still to be put in their place, by number. */
  #waiting: number[] = []

  constructor(db: DatabaseSync, kind: string) {
    this.#db = db
    this.#kind = kind
    // What the kind had before there were recent readings is in its place.
    const before = [...RECENT_KEY, ...BOOKED]
    this.#fields = columnsOf(db, recentTableOf(kind, 0)).filter((name) => !before.includes(name))
    this.#recent = [this.#load(0), this.#load(1)]
  }

  /** Rows of the side that are not in their place. */
  rowsOf(side: Side): number {
    return this.#recent[side].rows
  }

  /** Whether the side may be added to from its beginning. */
  isEmpty(side: Side): boolean {
    return this.#recent[side].empty
  }

  /** The last run of the side; 0: it has none. */
  lastRun(side: Side): number {
    const newest = `SELECT max(run_number) AS run FROM ${recentTableOf(this.#kind, side)}`
    return (this.#prepare(newest).get()?.['run'] as number | null) ?? 0
  }

  rowsOfRun(side: Side, run: number): number {
    const count = `SELECT count(*) AS n FROM ${recentTableOf(this.#kind, side)} WHERE run_number = ?`
    return this.#prepare(count).get(run)?.['n'] as number
  }

  /** The statement that writes a row into its place: device, time, receipt, seq, the fields. */
  insert(fields: readonly string[]): StatementSync {
    return this.#insert(tableOf(this.#kind), KEY, fields)
  }

  /** The one that writes a recent row: run, device, time, receipt, seq, the fields. */
  insertRecent(side: Side, fields: readonly string[]): StatementSync {
    return this.#insert(recentTableOf(this.#kind, side), RECENT_KEY, fields)
  }

  /** Whether a reading would be the newest of its device. */
  isNewest(device: number, ts: Instant): boolean {
    return ts > this.#newestOf(device)
  }

  /** Rows of a device were written, the newest of them of `ts`. */
  wrote(device: number, ts: Instant): void {
    if (this.isNewest(device, ts)) this.#newest.set(device, ts)
  }

  /** They are recent ones, the oldest of them of `ts`. */
  wroteRecent(side: Side, device: number, ts: Instant, rows: number): void {
    const recent = this.#recent[side]
    recent.empty = false
    recent.rows += rows
    recent.devices.add(device)
    recent.oldest = Math.min(recent.oldest, ts)
  }

  /** Puts all recent readings of a device in their place. */
  place(device: number): void {
    for (const side of SIDES) {
      const recent = this.#recent[side]
      if (!recent.devices.delete(device)) continue
      recent.rows -= this.#move(side, device - 1, device)
      const remove = `DELETE FROM ${recentTableOf(this.#kind, side)} WHERE ${OF_DEVICES}`
      this.#prepare(remove).run(device - 1, device)
    }
  }

  /** From now on `placeSome` is about this side, which nothing is added to. */
  beginPlacing(side: Side): void {
    this.#waiting = [...this.#recent[side].devices].sort((a, b) => b - a)
  }

  /**
   * Puts some more rows of the side in their place, about so many; how many it were. When all are,
   * it is emptied.
   */
  placeSome(side: Side, rows: number): number {
    const recent = this.#recent[side]
    const each = recent.rows / Math.max(1, recent.devices.size)
    const some = this.#waiting.splice(-Math.max(1, Math.floor(rows / each))).reverse()
    const last = some.at(-1)
    if (last === undefined) {
      this.#empty(side)
      return 0
    }
    const moved = this.#move(side, (some[0] as number) - 1, last)
    for (const device of some) recent.devices.delete(device)
    recent.rows -= moved
    this.#prepare('INSERT OR REPLACE INTO placed VALUES (?, ?, ?)').run(side, this.#kind, last)
    if (this.#waiting.length === 0) this.#empty(side)
    return moved
  }

  /** Lets go of readings of the device observed before this, of those in their place. */
  prune(device: number, before: Instant): void {
    this.#prepare(`DELETE FROM ${tableOf(this.#kind)} WHERE device = ? AND ts < ?`).run(
      device,
      before,
    )
  }

  /** The same of all recent ones. There are none that old, but for devices with a wrong clock. */
  pruneRecent(before: Instant): void {
    for (const side of SIDES) {
      const recent = this.#recent[side]
      if (recent.oldest >= before) continue
      this.#prepare(`DELETE FROM ${recentTableOf(this.#kind, side)} WHERE ts < ?`).run(before)
      recent.oldest = before
    }
  }

  #load(side: Side): Recent {
    const table = recentTableOf(this.#kind, side)
    const recent: Recent = {
      rows: 0,
      empty: this.#db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined,
      devices: new Set(),
      oldest: Number.POSITIVE_INFINITY,
    }
    const sums = this.#db
      .prepare(
        `SELECT device, max(ts) AS newest, min(ts) AS oldest, count(*) AS n FROM ${table}
         WHERE device > ${placedUpTo(this.#kind, side)} GROUP BY device`,
      )
      .iterate()
    for (const { device, newest, oldest, n } of sums as Iterable<Record<string, number>>) {
      const number = device as number
      recent.devices.add(number)
      recent.rows += n as number
      recent.oldest = Math.min(recent.oldest, oldest as number)
      // Newer than any in its place.
      const other = this.#newest.get(number) ?? Number.NEGATIVE_INFINITY
      this.#newest.set(number, Math.max(other, newest as number))
    }
    return recent
  }

  #newestOf(device: number): Instant {
    const known = this.#newest.get(device)
    if (known !== undefined) return known
    // It has no recent one: those were looked through at the start.
    const row = this.#prepare(
      `SELECT max(ts) AS ts FROM ${tableOf(this.#kind)} WHERE device = ?`,
    ).get(device)
    const newest = (row?.['ts'] as number | null) ?? Number.NEGATIVE_INFINITY
    this.#newest.set(device, newest)
    return newest
  }

  /** Copies the side's rows of the devices after `from` up to `to`, in their order; how many. */
  #move(side: Side, from: number, to: number): number {
    const columns = [...KEY, ...BOOKED, ...this.#fields.map((name) => `"${name}"`)].join(', ')
    const { changes } = this.#prepare(
      `INSERT INTO ${tableOf(this.#kind)} (${columns})
       SELECT ${columns} FROM ${recentTableOf(this.#kind, side)} WHERE ${OF_DEVICES}
       ORDER BY device, ts
       ${merge(KEY, this.#fields)}`,
    ).run(from, to)
    return Number(changes)
  }

  #empty(side: Side): void {
    // Without a condition SQLite lets go of whole pages.
    this.#prepare(`DELETE FROM ${recentTableOf(this.#kind, side)}`).run()
    const recent = this.#recent[side]
    recent.rows = 0
    recent.empty = true
    recent.devices.clear()
    recent.oldest = Number.POSITIVE_INFINITY
  }

  #insert(table: string, key: readonly string[], fields: readonly string[]): StatementSync {
    const columns = [...key, ...BOOKED, ...fields.map((name) => `"${name}"`)]
    return this.#prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
       ${merge(key, fields)}`,
    )
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
