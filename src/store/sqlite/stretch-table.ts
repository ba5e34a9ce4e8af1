import type { DatabaseSync } from 'node:sqlite'
import { ByteWriter } from '../../model/bytes.ts'
import { OBSERVED_AT } from '../../model/packed-readings.ts'
import type { Instant } from '../../model/time.ts'
import { Statements } from './statements.ts'
import { decodeStretch, encodeStretch } from './stretch.ts'
import { joinedRows, mergeRows, type RowLayout, stretchWidth } from './telemetry-rows.ts'
import type { Series } from './telemetry-schema.ts'

/** A stretch as it is in a table; which columns were asked for, the asker knows. */
export interface StoredStretch {
  readonly series: number
  readonly ts: Instant
  readonly last_ts: Instant
  readonly readings: number
  readonly bytes: Uint8Array
}

export interface StretchOptions {
  readonly layouts: readonly RowLayout[]
  /** Those that the file has. */
  readonly series: readonly Series[]
  /** Rows of a stretch at the most. */
  readonly stretchRows: number
}

/**
 * Readings in their place: stretches that are clustered by series and time and do not overlap.
 *
 * Rows are as stretch.ts has them, in the order of time, one for each moment.
 */
export class StretchTable {
  readonly #statements: Statements
  readonly #stretchRows: number
  readonly #writer = new ByteWriter()
  readonly #widthOfKind: ReadonlyMap<string, number>
  readonly #widths = new Map<number, number>()

  constructor(db: DatabaseSync, options: StretchOptions) {
    this.#statements = new Statements(db)
    this.#stretchRows = options.stretchRows
    this.#widthOfKind = new Map(options.layouts.map((one) => [one.kind, stretchWidth(one)]))
    for (const one of options.series) this.learn(one)
  }

  /** A series that there was none of. */
  learn({ n, kind }: Series): void {
    this.#widths.set(n, this.#widthOfKind.get(kind) as number)
  }

  /** When the newest reading of the series was; -Infinity: there is none. */
  newestOf(series: number): Instant {
    const last = 'SELECT last_ts FROM stretches WHERE series = ? ORDER BY ts DESC LIMIT 1'
    const row = this.#statements.get(last).get(series)
    return (row?.['last_ts'] as number | undefined) ?? Number.NEGATIVE_INFINITY
  }

  /** Writes rows into their place, where there may be others around them. */
  put(series: number, rows: Float64Array): void {
    const { first, last } = this.spanOf(series, rows)
    const around = this.#all(
      `SELECT series, ts, last_ts, readings, bytes FROM stretches
       WHERE series = ?1 AND ts <= ?3
         AND ts >= coalesce((SELECT max(ts) FROM stretches WHERE series = ?1 AND ts <= ?2), ?2)
       ORDER BY ts`,
      series,
      first,
      last,
    )
    // What ends before and is no short one stays as it is.
    const before = around[0]
    if (
      before !== undefined &&
      before.last_ts < first &&
      2 * before.readings >= this.#stretchRows
    ) {
      around.shift()
    }
    if (around.length === 0) {
      this.#insert(series, rows)
      return
    }
    this.#statements
      .get('DELETE FROM stretches WHERE series = ? AND ts >= ? AND ts <= ?')
      .run(series, (around[0] as StoredStretch).ts, last)
    const there = joinedRows(around.map((one) => this.decode(one)))
    this.#insert(series, mergeRows(there, rows, this.width(series)))
  }

  /** Lets go of readings of the series observed before this, of those in their place. */
  prune(series: number, before: Instant): void {
    this.#statements
      .get('DELETE FROM stretches WHERE series = ? AND last_ts < ?')
      .run(series, before)
    for (const one of this.#all(
      'SELECT * FROM stretches WHERE series = ? AND ts < ?',
      series,
      before,
    )) {
      this.#statements.get('DELETE FROM stretches WHERE series = ? AND ts = ?').run(series, one.ts)
      this.#insert(series, rowsFrom(this.decode(one), before, this.width(series)))
    }
  }

  /** Numbers of a row of the series. */
  width(series: number): number {
    return this.#widths.get(series) as number
  }

  /** When the first and the last of the rows were observed, and how many they are. */
  spanOf(
    series: number,
    rows: Float64Array,
  ): { readonly first: Instant; readonly last: Instant; readonly count: number } {
    const width = this.width(series)
    const first = rows[OBSERVED_AT] as Instant
    const last = rows[rows.length - width + OBSERVED_AT] as Instant
    return { first, last, count: rows.length / width }
  }

  encode(series: number, rows: Float64Array): Uint8Array {
    return encodeStretch(rows, this.width(series), this.#writer)
  }

  decode({ series, bytes }: StoredStretch): Float64Array {
    return decodeStretch(bytes, this.width(series))
  }

  /** As many stretches as it takes, none much shorter than the others. */
  #insert(series: number, rows: Float64Array): void {
    const width = this.width(series)
    const count = rows.length / width
    const size = Math.ceil(count / Math.ceil(count / this.#stretchRows)) * width
    for (let at = 0; at < rows.length; at += size) {
      const some = rows.subarray(at, at + size)
      const span = this.spanOf(series, some)
      this.#statements
        .get('INSERT INTO stretches VALUES (?, ?, ?, ?, ?)')
        .run(series, span.first, span.last, span.count, this.encode(series, some))
    }
  }

  #all(sql: string, ...values: number[]): StoredStretch[] {
    return this.#statements.get(sql).all(...values) as unknown as StoredStretch[]
  }
}

/** The rows that were observed at this moment or later. */
function rowsFrom(rows: Float64Array, from: Instant, width: number): Float64Array {
  let at = 0
  while (at < rows.length && (rows[at + OBSERVED_AT] as Instant) < from) at += width
  return rows.subarray(at)
}
