import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openSqliteTelemetryStore } from '../../src/store/sqlite/telemetry.ts'
import { openSqliteTelemetryReader } from '../../src/store/sqlite/telemetry-reader.ts'
import { RECENT_LIMITS } from '../../src/store/sqlite/telemetry-schema.ts'
import { PROBE } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { T0 } from '../support/records.ts'
import { range, reading } from '../support/telemetry.ts'

/**
 * Readings of former versions, which kept each as a row of a typed table (docs/adr/0023): a city that
 * starts a new version finds all of them.
 */

const DEVICES = ['dev-1', 'dev-2', 'dev-3']
/** It had a field that the kind has lost since. */
const COLUMNS = 'received_at INTEGER NOT NULL, seq INTEGER, level REAL, gone REAL, open INTEGER'

/** Before there were recent readings (docs/adr/0021). */
function withoutRecent(): { file: string; db: DatabaseSync } {
  const file = join(freshFolder(), 'telemetry.db')
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('cursor', 7);
    CREATE TABLE device_numbers (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    INSERT INTO device_numbers VALUES (1, 'dev-1'), (2, 'dev-2'), (3, 'dev-3');
    CREATE TABLE written (day TEXT NOT NULL, kind TEXT NOT NULL, readings INTEGER NOT NULL,
      PRIMARY KEY (day, kind)) STRICT, WITHOUT ROWID;
    INSERT INTO written VALUES ('2026-11-22', 'probe', 9);
    CREATE TABLE "readings probe" (device INTEGER NOT NULL, ts INTEGER NOT NULL, ${COLUMNS},
      PRIMARY KEY (device, ts)) STRICT, WITHOUT ROWID;
  `)
  return { file, db }
}

function add(db: DatabaseSync, table: string, key: readonly number[], values: unknown[]): void {
  const all = [...key, ...values] as number[]
  db.prepare(`INSERT INTO ${table} VALUES (${all.map(() => '?').join(', ')})`).run(...all)
}

/** What is found of a device, the oldest first, as times after T0, seqs and fields. */
async function found(file: string, deviceId: string) {
  const reader = openSqliteTelemetryReader(file, [PROBE])
  const rows = await range(reader, { deviceId, limit: 100_000 })
  await reader.close()
  return rows.toReversed().map(({ ts, receivedAt, seq, fields }) => {
    return [ts - T0, receivedAt - T0, seq, fields]
  })
}

test('readings of typed tables are found, and new ones beside them', async () => {
  const { file, db } = withoutRecent()
  add(db, '"readings probe"', [1, T0], [T0 + 3, 5, 1.5, 99, 1])
  add(db, '"readings probe"', [1, T0 + 10], [T0 + 10, null, null, null, 0])
  add(db, '"readings probe"', [2, T0], [T0, null, 7, null, null])
  db.close()

  const told: unknown[] = []
  const store = openSqliteTelemetryStore(file, [PROBE], RECENT_LIMITS, (...how) => told.push(how))
  expect(told).toEqual([['probe', 2, 2]])
  expect(await store.tally('2026-11-22')).toMatchObject({ cursor: 7, written: [{ readings: 9 }] })
  const late = reading(10, { level: 2 })
  await store.append({ readings: [late, reading(20, { flow: 4 })], upTo: 8 })
  await store.close()
  expect(await found(file, 'dev-1')).toEqual([
    [0, 3, 5, { level: 1.5, open: true }],
    [10, 10, null, { level: 2, open: false }],
    [20, 20, null, { flow: 4 }],
  ])
  expect(await found(file, 'dev-2')).toEqual([[0, 0, null, { level: 7 }]])
  expect(tables(file)).not.toContain('readings probe')
})

test('recent readings are found, those once that are on their way to their place', async () => {
  const { file, db } = withoutRecent()
  for (const side of [0, 1]) {
    db.exec(`CREATE TABLE "recent ${side} probe" (run_number INTEGER NOT NULL, device INTEGER NOT NULL,
      ts INTEGER NOT NULL, ${COLUMNS}, PRIMARY KEY (run_number, device, ts)) STRICT, WITHOUT ROWID`)
  }
  db.exec(`CREATE TABLE placed (side INTEGER NOT NULL, kind TEXT NOT NULL, device INTEGER NOT NULL,
    PRIMARY KEY (side, kind)) STRICT, WITHOUT ROWID;
    INSERT INTO placed VALUES (1, 'probe', 1); INSERT INTO meta VALUES ('side', 0)`)
  // Of the first device those of side 1 are in their place, of the others not yet.
  for (const device of [1, 2, 3]) {
    add(db, '"recent 1 probe"', [1, device, T0], [T0, 0, 1, null, null])
    add(db, '"recent 1 probe"', [2, device, T0 + 5], [T0 + 5, 1, 2, null, null])
    add(db, '"recent 0 probe"', [1, device, T0 + 9], [T0 + 9, 2, 3, null, null])
  }
  add(db, '"readings probe"', [1, T0], [T0, 0, 1, null, null])
  add(db, '"readings probe"', [1, T0 + 5], [T0 + 5, 1, 2, null, null])
  db.close()

  const store = openSqliteTelemetryStore(file, [PROBE])
  await store.append({ readings: [reading(12, { level: 4 }, { seq: 3 })], upTo: 8 })
  await store.close()
  const three = [0, 5, 9].map((after, i) => [after, after, i, { level: i + 1 }])
  expect(await found(file, 'dev-1')).toEqual([...three, [12, 12, 3, { level: 4 }]])
  for (const device of DEVICES.slice(1)) expect(await found(file, device)).toEqual(three)
  expect(tables(file).filter((name) => /recent . |placed|device_numbers/.test(name))).toEqual([])
})

test('a start that was cut short is gone through again', async () => {
  const { file, db } = withoutRecent()
  for (let i = 0; i < 10_000; i++) {
    add(db, '"readings probe"', [1 + (i % 3), T0 + i], [T0 + i, i, i % 100, null, i % 2])
  }
  // As after a crash between two transactions: what is taken over, and the tables as well.
  const former = db.prepare('SELECT * FROM "readings probe"').all() as Record<string, number>[]
  const numbers = db.prepare('SELECT * FROM device_numbers').all() as { n: number; id: string }[]
  db.close()
  await openSqliteTelemetryStore(file, [PROBE]).close()
  const again = new DatabaseSync(file)
  again.exec(`
    CREATE TABLE device_numbers (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE "readings probe" (device INTEGER NOT NULL, ts INTEGER NOT NULL, ${COLUMNS},
      PRIMARY KEY (device, ts)) STRICT, WITHOUT ROWID`)
  for (const { n, id } of numbers)
    again.prepare('INSERT INTO device_numbers VALUES (?, ?)').run(n, id)
  for (const row of former) add(again, '"readings probe"', [], Object.values(row))
  again.close()
  await openSqliteTelemetryStore(file, [PROBE]).close()
  for (const [n, device] of DEVICES.entries()) {
    const expected = Array.from({ length: Math.ceil((10_000 - n) / 3) }, (_, k) => 3 * k + n)
    expect(await found(file, device)).toEqual(
      expected.map((i) => [i, i, i, { level: i % 100, open: i % 2 === 1 }]),
    )
  }
})

function tables(file: string): string[] {
  const db = new DatabaseSync(file, { readOnly: true })
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  db.close()
  return names.map(({ name }) => name as string)
}
