import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Instant } from '../model/time.ts'
import { parseTopic } from '../model/topics.ts'
import { BatchEncoder } from './codec.ts'
import { MessageCounts } from './message-counts.ts'
import type { Entry, Journal } from './port.ts'
import {
  type CommitRequest,
  openJournalDatabase,
  readEnd,
  type WorkerReply,
} from './sqlite-schema.ts'

/**
 * The journal on one machine: a SQLite file, written by a thread of its own, with group commit.
 *
 * While a commit is under way the next one gathers. When the disk is idle, a record that comes
 * alone goes at once; under a steady stream commits wait WINDOW_MS, which takes most of the cost
 * of small commits away and adds no more than that to an acknowledgement (docs/adr/0001).
 */
const WINDOW_MS = 1
/** A batch of this size does not wait for more. */
const FULL_BYTES = 64 * 1024
/** After this long without a commit the disk counts as idle. */
const IDLE_MS = 5

type Done = (error: Error | null) => void

/** Opens the journal; the worker is ready when the promise resolves. */
export async function openSqliteJournal(file: string): Promise<Journal> {
  const db = openJournalDatabase(file)
  const end = readEnd(db)
  db.close()
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
    name: 'journal',
    workerData: { file },
  })
  await once(worker, 'online')
  return new SqliteJournal(worker, end)
}

class SqliteJournal implements Journal {
  lastSeq: number
  readonly openedAt: Instant
  storedBytes = 0
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #listeners: ((lastSeq: number) => void)[] = []
  readonly #whenSettled: (() => void)[] = []
  readonly #encoder = new BatchEncoder()
  readonly #counts = new MessageCounts()
  #waiting: Done[] = []
  #inFlight: { waiting: Done[]; lastSeq: number; bytes: number } | null = null
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null
  #lastCommit = 0
  /** When the first of those that wait for the next commit came. */
  #firstAt = 0
  #broken: Error | null = null
  #whenBroken: (error: Error) => void = () => {}

  constructor(worker: Worker, end: { lastSeq: number; receivedAt: Instant }) {
    this.#worker = worker
    // Kept from the start: a thread that died before `close` will not say so again.
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.once('exit', () => this.#fail(new Error('the journal thread ended')))
    this.lastSeq = end.lastSeq
    this.openedAt = end.receivedAt
    worker.on('message', (reply: WorkerReply) => this.#finish(reply))
    worker.on('error', (error) =>
      this.#fail(error instanceof Error ? error : new Error(String(error))),
    )
  }

  get pendingBytes(): number {
    return this.#encoder.bytes + (this.#inFlight?.bytes ?? 0)
  }

  append(record: Entry, done: Done): void {
    if (this.#broken !== null) {
      done(this.#broken)
      return
    }
    if (this.#encoder.count === 0) this.#firstAt = performance.now()
    this.#encoder.add(record)
    this.#waiting.push(done)
    if (record.type === 'telemetry') {
      const kind = record.kind ?? parseTopic(record.topic)?.kind ?? 'unknown'
      this.#counts.add(record.receivedAt, kind)
    }
    this.#schedule()
  }

  onCommit(listener: (lastSeq: number) => void): void {
    this.#listeners.push(listener)
  }

  onSettled(listener: () => void): void {
    this.#whenSettled.push(listener)
  }

  onBroken(listener: (error: Error) => void): void {
    this.#whenBroken = listener
  }

  trim(upTo: number): void {
    this.#send({ type: 'trim', upTo })
  }

  async close(): Promise<void> {
    while (this.#waiting.length > 0 || this.#inFlight !== null) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#broken = new Error('the journal is closed')
    this.#send({ type: 'close' })
    await this.#exited
  }

  #schedule(): void {
    if (this.#inFlight !== null) return
    if (this.#encoder.bytes >= FULL_BYTES) this.#flush()
    else if (this.#timer === null) {
      const now = performance.now()
      const idle = now - this.#lastCommit > IDLE_MS
      // What gathered behind a slow commit has waited already.
      const waited = now - this.#firstAt >= WINDOW_MS
      // setImmediate: records of the same turn of the loop share the commit.
      this.#timer =
        idle || waited
          ? setImmediate(() => this.#flush())
          : setTimeout(() => this.#flush(), WINDOW_MS)
    }
  }

  #flush(): void {
    clearTimeout(this.#timer as NodeJS.Timeout)
    clearImmediate(this.#timer as NodeJS.Immediate)
    this.#timer = null
    const count = this.#encoder.count
    if (count === 0 || this.#inFlight !== null) return
    const bytes = this.#encoder.take()
    const counts = this.#counts.take()
    const firstSeq = this.lastSeq + 1
    const lastSeq = this.lastSeq + count
    this.#inFlight = { waiting: this.#waiting, lastSeq, bytes: bytes.length }
    this.#waiting = []
    this.#send({ type: 'commit', firstSeq, lastSeq, bytes, counts }, [bytes.buffer])
  }

  #send(request: CommitRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer)
  }

  #finish(reply: WorkerReply): void {
    if (reply.ok && reply.trimmed) {
      this.storedBytes = reply.storedBytes
      return
    }
    const commit = this.#inFlight
    if (commit === null) return
    this.#inFlight = null
    this.#lastCommit = performance.now()
    if (reply.ok) {
      this.lastSeq = commit.lastSeq
      this.storedBytes = reply.storedBytes
    }
    const error = reply.ok ? null : new Error(reply.message)
    // All in one tick: the acknowledgements of one connection leave in one write.
    for (const done of commit.waiting) done(error)
    if (reply.ok) for (const listener of this.#listeners) listener(this.lastSeq)
    if (this.#encoder.count > 0) this.#schedule()
    for (const listener of this.#whenSettled) listener()
  }

  /** The thread died: nothing more can be promised. */
  #fail(error: Error): void {
    const known = this.#broken !== null
    this.#broken ??= error
    const waiting = [...(this.#inFlight?.waiting ?? []), ...this.#waiting]
    this.#inFlight = null
    this.#waiting = []
    this.#encoder.take()
    for (const done of waiting) done(error)
    for (const listener of this.#whenSettled) listener()
    if (!known) this.#whenBroken(error)
  }
}
