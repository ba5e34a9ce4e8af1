import { constants, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Instant } from '../model/time.ts'
import { Chain, type Sealed } from './chain.ts'
import { Commit, type Done } from './commit.ts'
import { CommitWriter, DISK, type Disk } from './commit-writer.ts'
import type { Entry, Journal } from './port.ts'
import { SEGMENT_BYTES, syncFolder } from './segment.ts'

/**
 * The journal on one machine: segment files in a folder, each commit one write that returns when it
 * is on disk (O_DSYNC). While a commit is under way the next one gathers; there is no other wait
 * (docs/adr/0017, 0019).
 */
export interface SegmentOptions {
  /** Size of a segment, at most `SEGMENT_BYTES`. */
  readonly segmentBytes?: number
  readonly disk?: Disk
}

/** A commit takes little more than this, so that none waits long for its share of the disk. */
const COMMIT_BYTES = 1024 * 1024

/** Opens the journal in the folder, which is made where it is missing. */
export async function openSegments(folder: string, options: SegmentOptions = {}): Promise<Journal> {
  if (constants.O_DSYNC === undefined) throw new Error('the journal needs a system with O_DSYNC')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // The folder itself must be there after a power cut, or its files are not.
  await syncFolder(dirname(folder))
  const size = options.segmentBytes ?? SEGMENT_BYTES
  const { chain, found } = await Chain.open(folder, size)
  const commitBytes = Math.min(COMMIT_BYTES, size / 4)
  return new Segments(chain, found, { disk: options.disk ?? DISK, commitBytes })
}

class Segments implements Journal {
  lastSeq: number
  readonly openedAt: Instant
  pendingBytes = 0
  readonly #chain: Chain
  readonly #writer: CommitWriter
  readonly #commitBytes: number
  readonly #listeners: ((lastSeq: number) => void)[] = []
  readonly #whenSettled: (() => void)[] = []
  #gathering = new Commit()
  /** Full ones that wait, in order. */
  readonly #full: Commit[] = []
  #inFlight: Commit | null = null
  /** Used before, to be used again. */
  #spare: Commit | null = null
  #soon: NodeJS.Immediate | null = null
  #closed = false

  constructor(
    chain: Chain,
    found: { lastSeq: number; receivedAt: Instant },
    options: { disk: Disk; commitBytes: number },
  ) {
    this.#chain = chain
    this.#writer = new CommitWriter(options.disk)
    this.#commitBytes = options.commitBytes
    this.lastSeq = found.lastSeq
    this.openedAt = found.receivedAt
  }

  get storedBytes(): number {
    return this.#chain.storedBytes
  }

  get end(): SharedArrayBuffer {
    return this.#chain.end.memory
  }

  append(record: Entry, done: Done): void {
    if (this.#closed) {
      done(new Error('the journal is closed'))
      return
    }
    const commit = this.#gathering
    const before = commit.frame.bytes
    commit.add(record, done)
    this.pendingBytes += commit.frame.bytes - before
    if (commit.frame.bytes >= this.#commitBytes) this.#full.push(this.#takeGathered())
    this.#schedule()
  }

  onCommit(listener: (lastSeq: number) => void): void {
    this.#listeners.push(listener)
  }

  onSettled(listener: () => void): void {
    this.#whenSettled.push(listener)
  }

  trim(upTo: number): void {
    this.#chain.trim(upTo, this.lastSeq)
  }

  async close(): Promise<void> {
    while (this.#inFlight !== null || this.pendingBytes > 0) await turn()
    this.#closed = true
    await this.#chain.close()
  }

  /** After the turn of the loop: all that came with it shares the commit. */
  #schedule(): void {
    if (this.#inFlight !== null || this.#soon !== null) return
    this.#soon = setImmediate(() => {
      this.#soon = null
      this.#begin()
    })
  }

  #begin(): void {
    const gathered = () => (this.#gathering.frame.count > 0 ? this.#takeGathered() : null)
    const commit = this.#full.shift() ?? gathered()
    if (commit === null) return
    this.#inFlight = commit
    const counts = commit.counts.take()
    const seal = () => this.#chain.seal(commit.frame, this.lastSeq + 1, counts)
    const sealed = seal()
    if (sealed !== null) this.#put(commit, sealed)
    else this.#putInNext(commit, seal).catch((error: Error) => this.#settle(commit, error))
  }

  async #putInNext(commit: Commit, seal: () => Sealed | null): Promise<void> {
    await this.#chain.advance()
    const sealed = seal()
    if (sealed === null) throw new Error('a commit is larger than a segment')
    this.#put(commit, sealed)
  }

  #put(commit: Commit, sealed: Sealed): void {
    this.#writer.put(sealed.fd, sealed.bytes, sealed.offset, (error) => {
      if (error === null) {
        this.lastSeq += commit.frame.count
        this.#chain.wrote(sealed, this.lastSeq)
      }
      this.#settle(commit, error)
    })
  }

  #settle(commit: Commit, error: Error | null): void {
    this.#inFlight = null
    this.pendingBytes -= commit.frame.bytes
    commit.answer(error)
    this.#spare = commit
    if (error === null) for (const listener of this.#listeners) listener(this.lastSeq)
    if (this.pendingBytes > 0) this.#schedule()
    for (const listener of this.#whenSettled) listener()
  }

  #takeGathered(): Commit {
    const commit = this.#gathering
    this.#gathering = this.#spare ?? new Commit()
    this.#spare = null
    return commit
  }
}
