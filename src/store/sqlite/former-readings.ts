import type { DatabaseSync } from 'node:sqlite'
import { FIELDS } from './stretch.ts'
import { StretchTable } from './stretch-table.ts'
import { addFields, fieldsOf, RUNS, readLayouts, readSeries } from './telemetry-schema.ts'
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
  const kinds = formerKinds(db)
  if (kinds.length === 0) return
  for (const kind of kinds) {
    addFields(db, kind, fieldsOfTable(db, kind))
    takeOverKind(db, kind, stretchRows, onProgress)
  }
  db.exec('DROP TABLE IF EXISTS placed; DROP TABLE device_numbers')
  // The side to which recent readings went, of which there are none any more.
  db.exec("DELETE FROM meta WHERE key = 'side'")
}

function takeOverKind(
  db: DatabaseSync,
  kind: string,
  stretchRows: number,
  onProgress: TakeOverProgress,
): void {
  const places = fieldsOfTable(db, kind).map((name) => fieldsOf(db, kind).indexOf(name))
  const width = FIELDS + fieldsOf(db, kind).length
  const devices = db
    .prepare(
      `SELECT n, id FROM device_numbers WHERE ${tablesOf(db, kind)
        .map((table) => `n IN (SELECT DISTINCT device FROM ${table})`)
        .join(' OR ')}`,
    )
    .all() as unknown as { n: number; id: string }[]
  const all = devices.length
  const layouts = readLayouts(db)
  const rowsOf = db.prepare(rowsOfDevice(db, kind))
  rowsOf.setReturnArrays(true)
  while (devices.length > 0) {
    transaction(db, () => {
      let committed = 0
      const table = new StretchTable(db, { layouts, series: readSeries(db), stretchRows })
      for (let one = devices.pop(); one !== undefined; one = devices.pop()) {
        const series = seriesOf(db, one.id, kind)
        table.learn({ n: series, device: one.id, kind })
        for (const rows of gathered(rowsOf.iterate(one.n) as Iterable<unknown>, places, width)) {
          table.put(series, rows)
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

function seriesOf(db: DatabaseSync, device: string, kind: string): number {
  db.prepare('INSERT OR IGNORE INTO series (device, kind) VALUES (?, ?)').run(device, kind)
  const found = db.prepare('SELECT n FROM series WHERE device = ? AND kind = ?').get(device, kind)
  return found?.['n'] as number
}

/** All rows of a device by time, those in their place and the recent ones that are not. */
function rowsOfDevice(db: DatabaseSync, kind: string): string {
  const [placed, ...recent] = tablesOf(db, kind)
  const columns = [...HEAD.slice(1), ...fieldsOfTable(db, kind).map((name) => `"${name}"`)]
  const anyRun = Array.from({ length: RUNS }, (_, i) => i + 1).join(', ')
  return [
    `SELECT ${columns} FROM ${placed} WHERE device = ?1`,
    ...recent.map(
      (table, side) =>
        `SELECT ${columns} FROM ${table} WHERE run_number IN (${anyRun}) AND device = ?1
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
