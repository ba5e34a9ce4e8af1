import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../model/time.ts'
import { Statements } from './statements.ts'
import { type StoredStretch, type StretchOptions, StretchTable } from './stretch-table.ts'
import { joinedRows } from './telemetry-rows.ts'
import {
  OF_SERIES,
  placedKey,
  placedUpTo,
  recentTable,
  type Series,
  SIDES,
  type Side,
} from './telemetry-schema.ts'

/** What is known of one side of the recent readings. */
interface Recent {
  rows: number
  /** Nothing is there, nor left to be emptied. */
  empty: boolean
  /** Series that have rows there which are not in their place. */
  readonly series: Set<number>
  /** No row is older. */
  oldest: Instant
}

/**
 * The writing side of all tables: of readings in their place, and of recent ones. A recent reading is
 * always the newest of its series at the time, so that none of them is in two places, and none has to
 * be merged when it is read.
 *
 * Rows are as stretch.ts has them, in the order of time, one for each moment.
 */
export class Stretches {
  readonly #statements: Statements
  readonly #placed: StretchTable
  /** The newest reading of each series, as far as it was asked for. */
  readonly #newest = new Map<number, Instant>()
  readonly #recent: readonly [Recent, Recent]
  /** Series whose rows of a side are still to be put in their place, by number. */
  #waiting: number[] = []

  constructor(db: DatabaseSync, options: StretchOptions) {
    this.#statements = new Statements(db)
    this.#placed = new StretchTable(db, options)
    this.#recent = [this.#load(0), this.#load(1)]
  }

  /** A series that there was none of. */
  learn(series: Series): void {
    this.#placed.learn(series)
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
    const newest = `SELECT max(run_number) AS run FROM ${recentTable(side)}`
    return (this.#statements.get(newest).get()?.['run'] as number | null) ?? 0
  }

  rowsOfRun(side: Side, run: number): number {
    const sum = `SELECT total(readings) AS n FROM ${recentTable(side)} WHERE run_number = ?`
    return this.#statements.get(sum).get(run)?.['n'] as number
  }

  /** Whether a reading would be the newest of its series. */
  isNewest(series: number, ts: Instant): boolean {
    return ts > this.#newestOf(series)
  }

  /** Keeps rows that are the newest of their series as recent ones. */
  addRecent(side: Side, run: number, series: number, rows: Float64Array): void {
    const { first, last, count } = this.#placed.spanOf(series, rows)
    const bytes = this.#placed.encode(series, rows)
    this.#statements
      .get(`INSERT INTO ${recentTable(side)} VALUES (?, ?, ?, ?, ?, ?)`)
      .run(run, series, first, last, count, bytes)
    this.#newest.set(series, last)
    const recent = this.#recent[side]
    recent.empty = false
    recent.rows += count
    recent.series.add(series)
    recent.oldest = Math.min(recent.oldest, first)
  }

  /** Puts rows in their place, and before them all recent ones of their series. */
  add(series: number, rows: Float64Array): void {
    this.#place(series)
    this.#placed.put(series, rows)
    const { last } = this.#placed.spanOf(series, rows)
    if (this.isNewest(series, last)) this.#newest.set(series, last)
  }

  /** From now on `placeSome` is about this side, which nothing is added to. */
  beginPlacing(side: Side): void {
    this.#waiting = [...this.#recent[side].series].sort((a, b) => b - a)
  }

  /**
   * Puts some more rows of the side in their place, about so many; how many it were. When all are,
   * it is emptied.
   */
  placeSome(side: Side, rows: number): number {
    const recent = this.#recent[side]
    const each = recent.rows / Math.max(1, recent.series.size)
    const some = this.#waiting.splice(-Math.max(1, Math.floor(rows / each))).reverse()
    const last = some.at(-1)
    if (last === undefined) {
      this.#empty(side)
      return 0
    }
    const moved = this.#move(side, (some[0] as number) - 1, last)
    for (const series of some) recent.series.delete(series)
    recent.rows -= moved
    this.#statements
      .get('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)')
      .run(placedKey(side), last)
    if (this.#waiting.length === 0) this.#empty(side)
    return moved
  }

  /** Lets go of readings of the series observed before this, of those in their place. */
  prune(series: number, before: Instant): void {
    this.#placed.prune(series, before)
  }

  /** The same of all recent ones. There are none that old, but for devices with a wrong clock. */
  pruneRecent(before: Instant): void {
    for (const side of SIDES) {
      const recent = this.#recent[side]
      if (recent.oldest >= before) continue
      // In their place they are let go of like all others.
      const old = `SELECT DISTINCT series FROM ${recentTable(side)}
                   WHERE ts < ? AND series > ${placedUpTo(side)}`
      for (const { series } of this.#all(old, before)) {
        this.#place(series)
        this.#placed.prune(series, before)
      }
      recent.oldest = before
    }
  }

  #load(side: Side): Recent {
    const table = recentTable(side)
    const recent: Recent = {
      rows: 0,
      empty: this.#statements.get(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined,
      series: new Set(),
      oldest: Number.POSITIVE_INFINITY,
    }
    const sums = this.#statements
      .get(
        `SELECT series, max(last_ts) AS newest, min(ts) AS oldest, sum(readings) AS n FROM ${table}
         WHERE series > ${placedUpTo(side)} GROUP BY series`,
      )
      .iterate()
    for (const { series, newest, oldest, n } of sums as Iterable<Record<string, number>>) {
      const number = series as number
      recent.series.add(number)
      recent.rows += n as number
      recent.oldest = Math.min(recent.oldest, oldest as number)
      // Newer than any in its place.
      const other = this.#newest.get(number) ?? Number.NEGATIVE_INFINITY
      this.#newest.set(number, Math.max(other, newest as number))
    }
    return recent
  }

  #newestOf(series: number): Instant {
    const known = this.#newest.get(series)
    if (known !== undefined) return known
    // It has no recent one: those were looked through at the start.
    const newest = this.#placed.newestOf(series)
    this.#newest.set(series, newest)
    return newest
  }

  /** Puts all recent readings of a series in their place. */
  #place(series: number): void {
    for (const side of SIDES) {
      const recent = this.#recent[side]
      if (!recent.series.delete(series)) continue
      recent.rows -= this.#move(side, series - 1, series)
      const remove = `DELETE FROM ${recentTable(side)} WHERE ${OF_SERIES}`
      this.#statements.get(remove).run(series - 1, series)
    }
  }

  /** Copies the side's rows of the series after `from` up to `to`; how many. */
  #move(side: Side, from: number, to: number): number {
    const found = this.#all(
      `SELECT series, ts, bytes FROM ${recentTable(side)} WHERE ${OF_SERIES}`,
      from,
      to,
    )
    let moved = 0
    for (const [series, stretches] of Map.groupBy(found, (one) => one.series)) {
      const rows = joinedRows(
        stretches.sort((a, b) => a.ts - b.ts).map((one) => this.#placed.decode(one)),
      )
      moved += rows.length / this.#placed.width(series)
      this.#placed.put(series, rows)
    }
    return moved
  }

  #empty(side: Side): void {
    // Without a condition SQLite lets go of whole pages.
    this.#statements.get(`DELETE FROM ${recentTable(side)}`).run()
    const recent = this.#recent[side]
    recent.rows = 0
    recent.empty = true
    recent.series.clear()
    recent.oldest = Number.POSITIVE_INFINITY
  }

  #all(sql: string, ...values: number[]): StoredStretch[] {
    return this.#statements.get(sql).all(...values) as unknown as StoredStretch[]
  }
}
