import { parentPort, workerData } from 'node:worker_threads'
import { checksum } from './codec.ts'
import { CountSums } from './message-counts.ts'
import type { MessageCount } from './port.ts'
import {
  type CommitRequest,
  openJournalDatabase,
  UNCOUNTED,
  type WorkerReply,
} from './sqlite-schema.ts'

/**
 * The journal's writing thread. One message, one transaction, one sync: when the answer is sent,
 * the commit is on disk (WAL with synchronous=FULL syncs the log at every commit).
 *
 * What a commit counts is written with it, in its own row. The sums in `received` follow now and
 * then, since to write them with each commit would double its pages.
 */
const port = parentPort
if (port === null) throw new Error('the journal worker runs in a thread of its own')

const db = openJournalDatabase((workerData as { file: string }).file)
const insert = db.prepare(
  'INSERT INTO batches (first_seq, last_seq, crc, counts, bytes) VALUES (?, ?, ?, ?, ?)',
)
const addReceived = db.prepare(
  `INSERT INTO received (day, kind, messages) VALUES (?, ?, ?)
   ON CONFLICT (day, kind) DO UPDATE SET messages = messages + excluded.messages`,
)
// The last batch stays: its number is where the numbering goes on.
const trim = db.prepare(
  `DELETE FROM batches WHERE first_seq IN (
     SELECT first_seq FROM batches
     WHERE last_seq <= ? AND first_seq < (SELECT max(first_seq) FROM batches)
     ORDER BY first_seq LIMIT 64)`,
)
const setCounted = db.prepare('UPDATE counted SET up_to = (SELECT max(last_seq) FROM batches)')
const pages = db.prepare(
  'SELECT page_count - freelist_count AS used, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
)

/** Commits whose counts may wait: what a page of the ledger adds up, and a start. */
const UNCOUNTED_COMMITS = 256
/** Counts of the commits after `counted`. */
const uncounted = new CountSums()
let uncountedCommits = 0
for (const row of db.prepare(UNCOUNTED).iterate() as Iterable<unknown>) {
  note(JSON.parse((row as { counts: string }).counts) as MessageCount[])
}

port.on('message', (request: CommitRequest) => {
  if (request.type === 'close') {
    db.close()
    port.close()
    return
  }
  if (request.type === 'trim') {
    // In small steps, so that a commit never waits long behind it.
    if (trimSome(request.upTo) === 64) setImmediate(() => port.emit('message', request))
    else reportSize()
    return
  }
  port.postMessage(commit(request))
})

/** What cannot be let go now (a full disk, a closed file) is let go with the next trim. */
function trimSome(upTo: number): number {
  try {
    db.exec('BEGIN IMMEDIATE')
    count()
    const gone = Number(trim.run(upTo).changes)
    db.exec('COMMIT')
    forget()
    return gone
  } catch {
    if (db.isTransaction) db.exec('ROLLBACK')
    return 0
  }
}

/** Brings `received` up to the commits that are there; part of a transaction, then `forget`. */
function count(): void {
  if (uncountedCommits === 0) return
  for (const { day, kind, messages } of uncounted.list()) addReceived.run(day, kind, messages)
  setCounted.run()
}

function note(counts: readonly MessageCount[]): void {
  uncounted.add(counts)
  uncountedCommits++
}

function forget(): void {
  uncounted.clear()
  uncountedCommits = 0
}

/** What a trim set free must be known also where nothing is written any more: the journal is full. */
function reportSize(): void {
  try {
    const storedBytes = size()
    port?.postMessage({ ok: true, storedBytes, trimmed: true } satisfies WorkerReply)
  } catch {
    // Told with the next commit.
  }
}

function size(): number {
  const { used, page_size } = pages.get() as { used: number; page_size: number }
  return used * page_size
}

function commit(request: Extract<CommitRequest, { type: 'commit' }>): WorkerReply {
  const { firstSeq, lastSeq, bytes, counts } = request
  try {
    const due = uncountedCommits >= UNCOUNTED_COMMITS
    db.exec('BEGIN IMMEDIATE')
    if (due) count()
    insert.run(firstSeq, lastSeq, checksum(bytes), JSON.stringify(counts), bytes)
    // Before the commit: nothing after it may turn what is on disk into a failure.
    const storedBytes = size()
    db.exec('COMMIT')
    if (due) forget()
    note(counts)
    return { ok: true, storedBytes }
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}
