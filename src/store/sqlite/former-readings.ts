import type { DatabaseSync } from 'node:sqlite'
import { FIELDS } from '../../model/packed-readings.ts'
import { StretchTable } from './stretch-table.ts'
import { stretchWidth } from './telemetry-rows.ts'
import {
  ANY_RUN,
  addFields,
  fieldsOf,
  readLayouts,
  readSeries,
  type Series,
} from './telemetry-schema.ts'
import { transaction } from './transaction.ts'

/** Rows of one stretch of work, and of one transaction, about. */
const ROWS_AT_ONCE = 4_096
const ROWS_COMMITTED = 200_000

/** What a former version had before the fields. */
const HEAD = ['device', 'ts', 'received_at', 'seq']

/** Told now and then how many devices of a kind are taken over, and how many it has. */
export type TakeOverProgress = (kind: string, devices: number, of: number) => void

/**
 * Takes over the readings of a version that kept each as a row of a typed table, one table a kind.
 * It takes about three seconds a million, and the file is not opened before. Where it is cut short,
 * the next start goes through the kind again, which changes nothing.
 */
export function takeOverReadings(
  db: DatabaseSync,
  stretchRows: number,
  onProgress: TakeOverProgress,
): void {
  // The last of what is let go of.
  if (!tableNames(db).includes('device_numbers')) return
  for (const kind of formerKinds(db)) takeOverKind(db, kind, stretchRows, onProgress)
  // The side to which recent readings went: there are none any more.
  transaction(db, () =>
    db.exec(`DELETE FROM meta WHERE key = 'side';
      DROP TABLE IF EXISTS placed; DROP TABLE device_numbers`),
  )
}

function takeOverKind(
  db: DatabaseSync,
  kind: string,
  stretchRows: number,
  onProgress: TakeOverProgress,
): void {
  const formerFields = fieldsOfTable(db, kind)
  addFields(db, kind, formerFields)
  const fields = fieldsOf(db, kind)
  const places = formerFields.map((name) => fields.indexOf(name))
  const width = stretchWidth({ kind, fields })
  const devices = db
    .prepare(
      `SELECT n, id FROM device_numbers WHERE ${tablesOf(db, kind)
        .map((table) => `n IN (SELECT DISTINCT device FROM ${table})`)
        .join(' OR ')}`,
    )
    .all() as unknown as { n: number; id: string }[]
  const all = devices.length
  const table = new StretchTable(db, {
    layouts: readLayouts(db),
    series: readSeries(db),
    stretchRows,
  })
  const addSeries = db.prepare('INSERT OR IGNORE INTO series (device, kind) VALUES (?, ?)')
  const seriesOf = db.prepare('SELECT * FROM series WHERE device = ? AND kind = ?')
  const rowsOf = db.prepare(rowsOfDevice(db, kind, formerFields))
  rowsOf.setReturnArrays(true)
  while (devices.length > 0) {
    transaction(db, () => {
      let committed = 0
      for (let one = devices.pop(); one !== undefined; one = devices.pop()) {
        addSeries.run(one.id, kind)
        const series = seriesOf.get(one.id, kind) as unknown as Series
        table.learn(series)
        for (const rows of gathered(rowsOf.iterate(one.n) as Iterable<unknown>, places, width)) {
          table.put(series.n, rows)
          committed += rows.length / width
        }
        if (committed >= ROWS_COMMITTED) break
      }
    })
    onProgress(kind, all - devices.length, all)
  }
  transaction(db, () => {
    for (const table of tablesOf(db, kind)) db.exec(`DROP TABLE ${table}`)
  })
}

/** Rows of the tables as those of a stretch, some thousands at once. */
function* gathered(
  found: Iterable<unknown>,
  places: readonly number[],
  width: number,
): Generator<Float64Array> {
  const rows = new Float64Array(ROWS_AT_ONCE * width)
  let at = 0
  for (const row of found as Iterable<readonly (number | null)[]>) {
    rows.fill(Number.NaN, at, at + width)
    for (let i = 0; i < FIELDS; i++) rows[at + i] = row[i] ?? Number.NaN
    for (const [i, place] of places.entries()) {
      rows[at + FIELDS + place] = row[FIELDS + i] ?? Number.NaN
    }
    at += width
    if (at < rows.length) continue
    yield rows
    at = 0
  }
  if (at > 0) yield rows.subarray(0, at)
}

/** All rows of a device by time, those in their place and the recent ones that are not. */
function rowsOfDevice(db: DatabaseSync, kind: string, fields: readonly string[]): string {
  const [placed, ...recent] = tablesOf(db, kind)
  const columns = [...HEAD.slice(1), ...fields.map((name) => `"${name}"`)]
  return [
    `SELECT ${columns} FROM ${placed} WHERE device = ?1`,
    ...recent.map(
      (table, side) =>
        `SELECT ${columns} FROM ${table} WHERE ${ANY_RUN} AND device = ?1
         AND device > coalesce(
           (SELECT device FROM placed WHERE side = ${side} AND kind = '${kind}'), 0)`,
    ),
  ]
    .join(' UNION ALL ')
    .concat(' ORDER BY ts')
}

const FORMER_NAME = /^readings (.+)$/

function formerKinds(db: DatabaseSync): string[] {
  return tableNames(db).flatMap((name) => FORMER_NAME.exec(name)?.[1] ?? [])
}

/** The table of readings in their place, then those of recent ones, as far as there are any. */
function tablesOf(db: DatabaseSync, kind: string): string[] {
  const names = [`readings ${kind}`, `recent 0 ${kind}`, `recent 1 ${kind}`]
  const present = tableNames(db)
  return names.filter((name) => present.includes(name)).map((name) => `"${name}"`)
}

function tableNames(db: DatabaseSync): string[] {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  return tables.map(({ name }) => name as string)
}

function fieldsOfTable(db: DatabaseSync, kind: string): string[] {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all(`readings ${kind}`)
  return columns.map(({ name }) => name as string).filter((name) => !HEAD.includes(name))
}
