import { write, writeSync } from 'node:fs'
import { FRAME_HEAD } from './frame.ts'

/** How bytes get to the disk: a test has one that fails, or is slow. */
export interface Disk {
  readonly write: typeof write
  readonly writeSync: typeof writeSync
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number
}

export const DISK: Disk = { write, writeSync, now: () => performance.now() }

/** A commit of at most so many bytes takes a disk no longer than one of a few. Unsourced. */
const SMALL_BYTES = 64 * 1024
/**
 * A disk that takes a small commit faster than this is waited for; what it serves waits too, so
 * this is what HTTP and the other connections may lose to it. Unsourced.
 */
const FAST_MS = 2
/** The share of the latest commit in the average: a stall of 100 ms is over after 25 more. */
const LATEST = 1 / 8

const NO_FRAME = Buffer.alloc(FRAME_HEAD)

/**
 * Puts commits on the disk, one at a time, through files that are open with O_DSYNC.
 *
 * A small commit on a fast disk is written by the calling thread. To hand it to libuv's pool and
 * to be woken when it is done costs two more threads' turns on a processor, which take longer than
 * the disk where all of them are busy (docs/adr/0019). A large commit, or a disk that has become
 * slow, goes through the pool: a disk that stalls holds up acknowledgements and nothing else.
 */
export class CommitWriter {
  readonly #disk: Disk
  /** How long a small commit takes, ms: a running average. Before the first nothing is known. */
  #pace = Number.POSITIVE_INFINITY

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** `done` is called once, also before this returns; after an error nothing is found there. */
  put(fd: number, bytes: Buffer, offset: number, done: (error: Error | null) => void): void {
    const small = bytes.length <= SMALL_BYTES
    const begun = this.#disk.now()
    const written = (error: Error | null, count: number) => {
      if (small) this.#learn(this.#disk.now() - begun)
      if (error === null && count === bytes.length) done(null)
      else this.#erase(fd, offset, () => done(error ?? new Error('the disk took a part only')))
    }
    if (small && this.#pace < FAST_MS) this.#putNow(fd, bytes, offset, written)
    else this.#disk.write(fd, bytes, 0, bytes.length, offset, written)
  }

  #learn(took: number): void {
    this.#pace = Number.isFinite(this.#pace) ? this.#pace + LATEST * (took - this.#pace) : took
  }

  #putNow(
    fd: number,
    bytes: Buffer,
    offset: number,
    written: (error: Error | null, count: number) => void,
  ): void {
    let count = 0
    let failure: Error | null = null
    try {
      count = this.#disk.writeSync(fd, bytes, 0, bytes.length, offset)
    } catch (error) {
      failure = error as Error
    }
    written(failure, count)
  }

  /** Whatever got there must not be found there by a later start. */
  #erase(fd: number, offset: number, then: () => void): void {
    this.#disk.write(fd, NO_FRAME, 0, FRAME_HEAD, offset, then)
  }
}
