import { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../model/time.ts'
import { decodeBatch } from './codec.ts'
import type { MessageCount } from './port.ts'

/** The journal's file and the words between its two threads. */

export type CommitRequest =
  | {
      readonly type: 'commit'
      readonly firstSeq: number
      readonly lastSeq: number
      readonly bytes: Uint8Array
      readonly counts: readonly MessageCount[]
    }
  | { readonly type: 'trim'; readonly upTo: number }
  | { readonly type: 'close' }

export type WorkerReply =
  | { readonly ok: true; readonly storedBytes: number; readonly trimmed?: true }
  | { readonly ok: false; readonly message: string }

/**
 * Pages of the write-ahead log that are folded into the file at once. No page is written twice, so
 * waiting saves nothing, and a commit that folds keeps its acknowledgements waiting meanwhile:
 * 128 pages are a millisecond, SQLite's 1000 are six.
 */
const FOLDED_PAGES = 128

/** Opens the file for writing and makes its tables. */
export function openJournalDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA wal_autocheckpoint = ${FOLDED_PAGES};
    CREATE TABLE IF NOT EXISTS batches (
      first_seq INTEGER PRIMARY KEY,
      last_seq INTEGER NOT NULL,
      crc INTEGER NOT NULL,
      counts TEXT NOT NULL,
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS received (
      day TEXT NOT NULL,
      kind TEXT NOT NULL,
      messages INTEGER NOT NULL,
      PRIMARY KEY (day, kind)
    ) STRICT, WITHOUT ROWID;
    -- \`received\` holds the counts of the commits up to this record. Those after it have their
    -- counts beside them, so that a commit writes nothing but itself.
    CREATE TABLE IF NOT EXISTS counted (up_to INTEGER NOT NULL) STRICT;
  `)
  beginToCount(db)
  return db
}

/** A journal that is new, or in which every commit was counted at once. */
function beginToCount(db: DatabaseSync): void {
  if (db.prepare('SELECT 1 FROM counted').get() !== undefined) return
  db.exec('INSERT INTO counted SELECT coalesce(max(last_seq), 0) FROM batches')
}

/** The commits that are not in `received`: the numbers of their first records, and their counts. */
export const UNCOUNTED =
  'SELECT first_seq, counts FROM batches WHERE first_seq > (SELECT up_to FROM counted)'

/** Where a journal ends: the number of its last record and when it was received, 0 when new. */
export function readEnd(db: DatabaseSync): { lastSeq: number; receivedAt: Instant } {
  const row = db
    .prepare('SELECT first_seq, last_seq, bytes FROM batches ORDER BY first_seq DESC LIMIT 1')
    .get() as { first_seq: number; last_seq: number; bytes: Uint8Array } | undefined
  if (row === undefined) return { lastSeq: 0, receivedAt: 0 }
  const last = decodeBatch(row.bytes, row.first_seq).at(-1)
  return { lastSeq: row.last_seq, receivedAt: last?.receivedAt ?? 0 }
}
