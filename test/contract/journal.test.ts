import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openJournal, openJournalReader } from '../../src/journal/open.ts'
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
