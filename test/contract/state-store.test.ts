import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openStateReader, openStateStore } from '../../src/store/open.ts'
import { openSqliteStateStore } from '../../src/store/sqlite/state.ts'
import { freshFolder } from '../support/places.ts'
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
