import { EventEmitter, once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { AppError } from '../model/errors.ts'
import type { Instant } from '../model/time.ts'
import type { OperationName, Operations, PipelineMessage, PipelineRequest } from './protocol.ts'

/**
 * The main thread's end of the pipeline: asks and is answered, hears of every commit.
 */

/** Real ms between two pieces of news of the journal. Unsourced default. */
const NEWS_MS = 2

export type CommitNews = Extract<PipelineMessage, { type: 'committed' }>
export type StoreNews = Extract<PipelineMessage, { type: 'stored' }>
export type TakeOver = Extract<PipelineMessage, { type: 'takingOver' }>
export type Trouble = Extract<PipelineMessage, { type: 'trouble' }>

interface Events {
  committed: [CommitNews]
  stored: [StoreNews]
  trouble: [Trouble]
  /** The thread ended by itself: nothing is processed any more. */
  died: [Error]
}

export class PipelineClient extends EventEmitter<Events> {
  /** Time that the stored state has reached: the clock must not be behind it. */
  readonly reachedAt: Instant
  cursor: number
  /** Number of the last journal record whose readings are stored. */
  stored: number
  readonly #worker: Worker
  readonly #waiting = new Map<
    number,
    { resolve: (output: never) => void; reject: (error: Error) => void }
  >()
  #nextId = 1
  #news: NodeJS.Timeout | null = null
  #toldAt = Number.NEGATIVE_INFINITY
  #closing = false

  private constructor(worker: Worker, ready: Extract<PipelineMessage, { type: 'ready' }>) {
    super()
    this.#worker = worker
    this.cursor = ready.cursor
    this.stored = ready.stored
    this.reachedAt = ready.now
    worker.on('message', (message: PipelineMessage) => this.#receive(message))
    worker.on('error', (error) =>
      this.#die(error instanceof Error ? error : new Error(String(error))),
    )
    worker.on('exit', () => this.#die(new Error('the pipeline thread ended')))
  }

  /**
   * Resolves when the thread has taken up the stored state; rejects with why it could not.
   *
   * @param onTakeOver hears how far data of a former version are taken over meanwhile
   */
  static connect(
    worker: Worker,
    onTakeOver: (progress: TakeOver) => void = () => {},
  ): Promise<PipelineClient> {
    return new Promise((resolve, reject) => {
      const hear = (message: PipelineMessage) => {
        if (message.type === 'takingOver') onTakeOver(message)
        else if (message.type === 'ready') {
          worker.off('message', hear)
          worker.off('error', reject)
          resolve(new PipelineClient(worker, message))
        } else
          reject(
            new Error(message.type === 'trouble' ? message.message : 'the pipeline did not start'),
          )
      }
      worker.on('message', hear)
      worker.on('error', reject)
    })
  }

  /** Asks the one writer; resolves after the commit that holds the effect. */
  ask<N extends OperationName>(
    name: N,
    input: Operations[N]['input'],
  ): Promise<Operations[N]['output']> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (this.#closing) {
        reject(new Error('the pipeline is closed'))
        return
      }
      this.#waiting.set(id, { resolve, reject })
      this.#send({ type: 'ask', id, name, input })
    })
  }

  /**
   * The journal has grown. After a quiet while it is told at once; under a stream with all else
   * that comes within NEWS_MS, since to wake a thread costs more than to read what there is.
   */
  journalGrew(): void {
    if (this.#news !== null) return
    const since = performance.now() - this.#toldAt
    if (since >= NEWS_MS) this.#tellNews()
    else this.#news = setTimeout(() => this.#tellNews(), Math.ceil(NEWS_MS - since))
  }

  #tellNews(): void {
    this.#news = null
    this.#toldAt = performance.now()
    this.#send({ type: 'journal' })
  }

  /** Everything received until `now` is in the journal up to `lastSeq`. */
  tick(now: Instant, lastSeq: number): void {
    this.#send({ type: 'tick', now, lastSeq })
  }

  /** Lets it finish what it has taken, then ends the thread. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#news !== null) clearTimeout(this.#news)
    const exited = once(this.#worker, 'exit')
    this.#send({ type: 'close' })
    await exited
  }

  #send(request: PipelineRequest): void {
    this.#worker.postMessage(request)
  }

  #receive(message: PipelineMessage): void {
    if (message.type === 'answer') {
      this.#waiting.get(message.id)?.resolve(message.output as never)
      this.#waiting.delete(message.id)
    } else if (message.type === 'failed') {
      const error = new AppError('NOT_READY', message.message)
      this.#waiting.get(message.id)?.reject(error)
      this.#waiting.delete(message.id)
    } else if (message.type === 'committed') {
      this.cursor = message.cursor
      this.emit('committed', message)
    } else if (message.type === 'stored') {
      this.stored = message.upTo
      this.emit('stored', message)
    } else if (message.type === 'trouble') this.emit('trouble', message)
  }

  #die(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#closing) this.emit('died', error)
    this.#closing = true
  }
}
