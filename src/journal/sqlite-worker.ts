import { parentPort, workerData } from 'node:worker_threads'
import { checksum } from './codec.ts'
import { type CommitRequest, openJournalDatabase, type WorkerReply } from './sqlite-schema.ts'

/**
 * The journal's writing thread. One message, one transaction, one sync: when the answer is sent,
 * the commit is on disk (WAL with synchronous=FULL syncs the log at every commit).
 */
const port = parentPort
if (port === null) throw new Error('the journal worker runs in a thread of its own')

const db = openJournalDatabase((workerData as { file: string }).file)
const insert = db.prepare(
  'INSERT INTO batches (first_seq, last_seq, crc, counts, bytes) VALUES (?, ?, ?, ?, ?)',
)
const count = db.prepare(
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
const pages = db.prepare(
  'SELECT page_count - freelist_count AS used, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
)

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
    return Number(trim.run(upTo).changes)
  } catch {
    return 0
  }
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
    db.exec('BEGIN IMMEDIATE')
    insert.run(firstSeq, lastSeq, checksum(bytes), JSON.stringify(counts), bytes)
    for (const { day, kind, messages } of counts) count.run(day, kind, messages)
    // Before the commit: nothing after it may turn what is on disk into a failure.
    const storedBytes = size()
    db.exec('COMMIT')
    return { ok: true, storedBytes }
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}
