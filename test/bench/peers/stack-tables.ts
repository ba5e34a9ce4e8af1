import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { loadKinds } from '../../../src/catalog/catalog.ts'
import { allFields } from '../../../src/model/device-kind.ts'

/**
 * The tables of the stack's consumer: the readings that curbwatch stores, as typed rows, one table a kind,
 * clustered by device and time. Statements are prepared once.
 */
export function tableOf(kind: string): string {
  return `"readings ${kind}"`
}

export interface Row {
  readonly kind: string
  readonly device: string
  readonly receivedAt: number
  readonly reading: Readonly<Record<string, unknown>>
}

/** Opens the file; the function that it returns stores a batch in one transaction. */
export async function openTables(file: string): Promise<(rows: readonly Row[]) => void> {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE devices (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
  `)
  const tables = new Map<string, { insert: StatementSync; fields: readonly string[] }>()
  for (const kind of await loadKinds()) {
    const specs = Object.entries(allFields(kind))
    const columns = specs.map(
      ([name, { type }]) => `"${name}" ${type === 'switch' ? 'INTEGER' : 'REAL'}`,
    )
    db.exec(`CREATE TABLE ${tableOf(kind.name)} (
      device INTEGER NOT NULL, ts INTEGER NOT NULL, received_at INTEGER NOT NULL, seq INTEGER,
      ${columns.join(', ')}, PRIMARY KEY (device, ts)) STRICT, WITHOUT ROWID`)
    const places = Array.from({ length: specs.length + 4 }, () => '?').join(', ')
    const insert = db.prepare(
      `INSERT INTO ${tableOf(kind.name)} VALUES (${places}) ON CONFLICT DO NOTHING`,
    )
    tables.set(kind.name, { insert, fields: specs.map(([name]) => name) })
  }
  const numberOf = deviceNumbers(db)
  return (rows) => {
    db.exec('BEGIN')
    for (const { kind, device, receivedAt, reading } of rows) {
      const table = tables.get(kind)
      if (table === undefined) continue
      const values = table.fields.map((name) => {
        const value = reading[name]
        return value === undefined ? null : Number(value)
      })
      const { ts, seq } = reading as { ts: number; seq: number }
      table.insert.run(numberOf(device), ts, receivedAt, seq, ...values)
    }
    db.exec('COMMIT')
  }
}

function deviceNumbers(db: DatabaseSync): (device: string) => number {
  const add = db.prepare('INSERT INTO devices (id) VALUES (?) RETURNING n')
  const numbers = new Map<string, number>()
  return (device) => {
    const known = numbers.get(device)
    if (known !== undefined) return known
    const { n } = add.get(device) as { n: number }
    numbers.set(device, n)
    return n
  }
}
