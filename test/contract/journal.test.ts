import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openJournal, openJournalReader } from '../../src/journal/open.ts'
import { eventually } from '../support/eventually.ts'
import { freshFolder } from '../support/places.ts'
import { journalContract } from './journal.ts'

const sqlite = () => {
  const folder = freshFolder()
  return {
    open: () => openJournal(folder),
    reader: () => openJournalReader(folder),
    breakWrites() {
      const db = new DatabaseSync(join(folder, 'journal.db'))
      db.exec(`
        CREATE TRIGGER full_insert BEFORE INSERT ON batches
          BEGIN SELECT raise(ABORT, 'database or disk is full'); END;
        CREATE TRIGGER full_delete BEFORE DELETE ON batches
          BEGIN SELECT raise(ABORT, 'database or disk is full'); END;`)
      return () => {
        db.exec('DROP TRIGGER full_insert; DROP TRIGGER full_delete')
        db.close()
      }
    },
  }
}

journalContract('sqlite', sqlite)

test('sqlite: a damaged commit is told, not read', async () => {
  const folder = freshFolder()
  const journal = await openJournal(folder)
  await new Promise((resolve) => {
    const topic = 'v1/probe/dev-1/telemetry'
    journal.append({ type: 'telemetry', receivedAt: 1, topic, payload: Uint8Array.of(1) }, resolve)
  })
  await journal.close()
  const db = new DatabaseSync(join(folder, 'journal.db'))
  db.exec("UPDATE batches SET bytes = CAST('damaged' AS BLOB)")
  db.close()
  expect(() => openJournalReader(folder).read(0, 1)).toThrow('checksum')
})

test('sqlite: messages are counted once, over sums, starts and trims, and from earlier versions', async () => {
  const folder = freshFolder()
  const file = join(folder, 'journal.db')
  const append = async (messages: number) => {
    const journal = await openJournal(folder)
    for (let i = 0; i < messages; i++) {
      await new Promise<Error | null>((resolve) => journal.append(message, resolve))
    }
    return journal
  }
  const counts = (after: number) => {
    const reader = openJournalReader(folder)
    const { received, backlog } = reader.counts(after)
    reader.close()
    return [received, backlog].map((all) => all.reduce((sum, one) => sum + one.messages, 0))
  }
  await (await append(3)).close()
  // As an earlier version left it: the sums hold every commit.
  const db = new DatabaseSync(file)
  db.exec(`DROP TABLE counted; INSERT INTO received VALUES ('${day}', 'probe', 3)`)
  db.close()
  await (await append(0)).close()
  expect(counts(0)).toEqual([3, 3])

  // More commits than may go uncounted.
  const journal = await append(300)
  expect(counts(100)).toEqual([303, 203])
  journal.trim(200)
  await eventually(() => counts(0)[1] === 103)
  expect(counts(0)).toEqual([303, 103])
  await journal.close()
  await (await append(5)).close()
  expect(counts(300)).toEqual([308, 8])
})

const day = '2026-11-22'
const message = {
  type: 'telemetry',
  receivedAt: Date.parse(day),
  topic: 'v1/probe/dev-1/telemetry',
  payload: Uint8Array.of(1),
} as const
