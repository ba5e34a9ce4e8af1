import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openStateReader, openStateStore } from '../../src/store/open.ts'
import { openSqliteStateStore } from '../../src/store/sqlite/state.ts'
import { freshFolder } from '../support/places.ts'
import { change } from '../support/state-change.ts'
import { stateStoreContract } from './state-store.ts'

stateStoreContract('sqlite', () => {
  const at = { dataDir: freshFolder(), kinds: [] }
  return { open: async () => openStateStore(at), reader: async () => openStateReader(at) }
})

test('millions of decisions go a step at a time, because the rules wait for it', async () => {
  const file = join(freshFolder(), 'state.db')
  const store = openSqliteStateStore(file, 2)
  const db = new DatabaseSync(file)
  for (let seq = 1; seq <= 5; seq++) {
    const body = JSON.stringify({ firstSeq: seq, lastSeq: seq, accepted: [], exceptions: {} })
    db.prepare('INSERT INTO verdicts VALUES (?, ?)').run(seq, body)
  }
  db.close()
  const left = async () => (await store.verdicts(0, 9)).map(({ lastSeq }) => lastSeq)
  const limits = { verdictsUpTo: 3, seenBefore: 0, quarantineBefore: 0, deliveriesBefore: 0 }
  expect(await store.prune(limits)).toBe(false)
  expect(await left()).toEqual([3, 4, 5])
  expect(await store.prune(limits)).toBe(true)
  expect(await left()).toEqual([4, 5])
  await store.close()
})

test('readings seen that were stored as JSON are found, beside those of today', async () => {
  const file = join(freshFolder(), 'state.db')
  const before = new DatabaseSync(file)
  before.exec(`
    CREATE TABLE seen (device_id TEXT NOT NULL, to_at INTEGER NOT NULL, from_at INTEGER NOT NULL,
      rows TEXT NOT NULL) STRICT;
    INSERT INTO seen VALUES ('road-1', 20, 10, '[10,7,-1,0,20,8,5,1]')`)
  before.close()

  const store = openSqliteStateStore(file)
  const later = { from: 30, to: 31, rows: [31, 9, 6, 0, 30, 2 ** 52, -1, 1] }
  await store.commit({ ...change(1), chunks: [{ deviceId: 'road-1', chunk: later }] })
  expect(await store.seenChunks('road-1', 0, 100)).toEqual([
    { from: 10, to: 20, rows: [10, 7, -1, 0, 20, 8, 5, 1] },
    later,
  ])
  await store.close()
})
