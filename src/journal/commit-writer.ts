import { write, writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { FRAME_HEAD } from './frame.ts'

/** How bytes get to the disk, and how time passes: a test has one that fails, or is slow. */
export interface Disk {
  readonly write: typeof write
  readonly writeSync: typeof writeSync
  /** Milliseconds of a clock that is never set back. */
  readonly now: () => number
  /** Milliseconds that this thread has worked since its start, rather than waited for work. */
  readonly worked: () => number
}

export const DISK: Disk = {
  write,
  writeSync,
  now: () => performance.now(),
  worked: () => performance.eventLoopUtilization().active,
}

/** A commit of at most so many bytes takes a disk no longer than one of a few. Unsourced. */
const SMALL_BYTES = 64 * 1024
/**
 * A disk that takes a small commit faster than this is waited for; what it serves waits too, so
 * this is what HTTP and the other connections may lose to it. Unsourced.
 */
const FAST_MS = 2
/** The share of the latest commit in the average: a stall of 100 ms is over after 25 more. */
const LATEST = 1 / 8

/** A thread that works for more than this share of its time has no time to wait. Unsourced. */
const BUSY = 0.75
/** How often that is looked at, ms. Unsourced. */
const LOOK_MS = 50

const NO_FRAME = Buffer.alloc(FRAME_HEAD)

/**
 * Puts commits on the disk, one at a time, through files that are open with O_DSYNC.
 *
 * A small commit on a fast disk is written by the calling thread, if that has time to wait. To hand
 * it to libuv's pool and to be woken when it is done costs two more threads' turns on a processor,
 * which take longer than the disk where all of them are busy (docs/adr/0019). A large commit, or a
 * disk that has become slow, goes through the pool: a disk that stalls holds up acknowledgements
 * and nothing else.
 */
export class CommitWriter {
  readonly #disk: Disk
  /** How long a small commit takes, ms: a running average. Before the first nothing is known. */
  #pace = Number.POSITIVE_INFINITY
  /** Whether this thread works nearly all the time, waiting for the disk left out. */
  #busy = false
  #lookedAt: number
  #workedThen: number
  /** Milliseconds that it has waited for the disk since. */
  #waited = 0

  constructor(disk: Disk) {
    this.#disk = disk
    this.#lookedAt = disk.now()
    this.#workedThen = disk.worked()
  }

  /** `done` is called once, also before this returns; after an error nothing is found there. */
  put(fd: number, bytes: Buffer, offset: number, done: (error: Error | null) => void): void {
    const small = bytes.length <= SMALL_BYTES
    const begun = this.#disk.now()
    if (begun - this.#lookedAt >= LOOK_MS) this.#look(begun)
    const here = small && this.#pace < FAST_MS && !this.#busy
    const written = (error: Error | null, count: number) => {
      const took = this.#disk.now() - begun
      if (small) this.#learn(took)
      if (here) this.#waited += took
      if (error === null && count === bytes.length) done(null)
      else this.#erase(fd, offset, () => done(error ?? new Error('the disk took a part only')))
    }
    if (here) this.#putNow(fd, bytes, offset, written)
    else this.#disk.write(fd, bytes, 0, bytes.length, offset, written)
  }

  #look(now: number): void {
    const worked = this.#disk.worked()
    this.#busy = worked - this.#workedThen - this.#waited > BUSY * (now - this.#lookedAt)
    this.#lookedAt = now
    this.#workedThen = worked
    this.#waited = 0
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
