import { closeSync, constants, openSync } from 'node:fs'
import { writeBase } from './base.ts'
import type { FrameEncoder } from './frame.ts'
import { Totals } from './message-counts.ts'
import type { MessageCount } from './port.ts'
import { type Recovered, recover, type SegmentStart } from './recovery.ts'
import { letGoOfSegment, positionOf, prepareSegment, SEGMENT_HEAD, segmentPath } from './segment.ts'
import { SharedEnd } from './shared-end.ts'

/** How exactly it is known what a trim sets free. */
const MARK_BYTES = 64 * 1024

/** A commit as it goes to disk. */
export interface Sealed {
  readonly fd: number
  readonly offset: number
  readonly bytes: Buffer
  readonly firstSeq: number
  /** Totals that the segment before has changed, where it is the first of a segment. */
  readonly before: readonly MessageCount[]
  /** Totals that it changes. */
  readonly own: readonly MessageCount[]
}

/** A segment that is written, or will be. */
interface Active {
  readonly ordinal: number
  readonly salt: number
  /** Open with O_DSYNC: what a write has returned from is on disk. */
  readonly fd: number
  offset: number
}

/** The segments of a journal in their order: where it is written, what is kept, what may go. */
export class Chain {
  readonly end = new SharedEnd()
  readonly #folder: string
  /** Bytes of a segment. */
  readonly #size: number
  #active: Active
  /** Made before it is needed; null: not yet. */
  #next: Promise<Active> | null = null
  /** Segments that hold records, in order. */
  readonly #starts: SegmentStart[]
  readonly #totals: Totals
  /** What the active segment has changed of them, and the one before. */
  #changed = new Totals()
  #changedBefore = new Totals()
  /** Totals of the segments that were let go. */
  readonly #base = new Totals()
  #lettingGo: Promise<void> | null = null
  /** Where the journal was after some record, in order. */
  readonly #marks: { readonly seq: number; readonly position: number }[]
  #trimmed: number

  private constructor(folder: string, size: number, found: Recovered, active: Active) {
    this.#folder = folder
    this.#size = size
    this.#active = active
    this.#starts = [...found.starts]
    this.#totals = found.totals
    this.#base.set(found.base.totals)
    this.#changed.set(found.tail?.changed ?? [])
    this.#marks = this.#starts.map(({ ordinal, firstSeq }) => ({
      seq: firstSeq - 1,
      position: positionOf(ordinal, SEGMENT_HEAD),
    }))
    const end = positionOf(active.ordinal, active.offset)
    this.#trimmed = this.#marks[0]?.position ?? end
    this.end.set(end)
  }

  static async open(folder: string, size: number): Promise<{ chain: Chain; found: Recovered }> {
    const found = await recover(folder)
    const { tail } = found
    const active =
      tail === null
        ? await prepare(folder, found.base.through + 1, size)
        : { ...tail, fd: openActive(folder, tail.ordinal) }
    return { chain: new Chain(folder, size, found, active), found }
  }

  /** Bytes of what is not trimmed. */
  get storedBytes(): number {
    return this.end.get() - this.#trimmed
  }

  /** Makes a commit of the records, for the active segment; null: it has no room for it. */
  seal(frame: FrameEncoder, firstSeq: number, counts: readonly MessageCount[]): Sealed | null {
    const { salt, fd, offset } = this.#active
    const own = this.#totals.with(counts)
    const before = offset === SEGMENT_HEAD ? this.#changedBefore.list() : []
    const bytes = frame.seal(salt, firstSeq, { own, before })
    return offset + bytes.length > this.#size ? null : { fd, offset, bytes, firstSeq, before, own }
  }

  /** A commit is on disk. */
  wrote({ firstSeq, bytes, before, own }: Sealed, lastSeq: number): void {
    const active = this.#active
    const { ordinal } = active
    if (active.offset === SEGMENT_HEAD) this.#starts.push({ ordinal, firstSeq, before, own })
    const half = this.#size / 2
    const passesHalf = active.offset <= half && active.offset + bytes.length > half
    active.offset += bytes.length
    this.#totals.set(own)
    this.#changed.set(own)
    const end = positionOf(ordinal, active.offset)
    if (end - (this.#marks.at(-1)?.position ?? 0) >= MARK_BYTES) {
      this.#marks.push({ seq: lastSeq, position: end })
    }
    this.end.set(end)
    // Once: on a full disk each try would take the last room from the stores for a moment.
    if (passesHalf) this.#prepareNext().catch(() => {})
  }

  /** Goes on to the next segment; rejects when the disk has no room for one. None stays empty. */
  async advance(): Promise<void> {
    if (this.#active.offset === SEGMENT_HEAD) throw new Error('a commit is larger than a segment')
    const next = await this.#prepareNext()
    closeSync(this.#active.fd)
    this.#active = next
    this.#next = null
    this.#changedBefore = this.#changed
    this.#changed = new Totals()
  }

  /** Lets go of the segments that hold nothing beyond the record. */
  trim(upTo: number, lastSeq: number): void {
    while ((this.#marks[0]?.seq ?? Number.POSITIVE_INFINITY) <= upTo) {
      this.#trimmed = this.#marks.shift()?.position as number
    }
    if (upTo >= lastSeq) this.#trimmed = this.end.get()
    // The one after the last that goes must have begun: the journal never forgets its end.
    const rest = this.#starts.findIndex(
      (_, i) => (this.#starts[i + 1]?.firstSeq ?? Number.POSITIVE_INFINITY) > upTo + 1,
    )
    if (rest <= 0 || this.#lettingGo !== null) return
    this.#lettingGo = this.#letGo(rest)
      // What cannot go now (a full disk) goes with a later trim.
      .catch(() => {})
      .finally(() => {
        this.#lettingGo = null
      })
  }

  async close(): Promise<void> {
    await this.#lettingGo
    const next = await this.#next?.catch(() => null)
    for (const one of [this.#active, next]) if (one != null) closeSync(one.fd)
  }

  async #letGo(count: number): Promise<void> {
    const gone = this.#starts.slice(0, count)
    // What the last of them changed is told by the one after it.
    for (const { before, own } of gone) for (const part of [before, own]) this.#base.set(part)
    this.#base.set(this.#starts[count]?.before ?? [])
    const through = gone.at(-1)?.ordinal as number
    const lastSeq = (this.#starts[count] as SegmentStart).firstSeq - 1
    await writeBase(this.#folder, { through, lastSeq, totals: this.#base.list() })
    this.#starts.splice(0, count)
    for (const { ordinal } of gone) await letGoOfSegment(this.#folder, ordinal)
  }

  #prepareNext(): Promise<Active> {
    if (this.#next === null) {
      const next = prepare(this.#folder, this.#active.ordinal + 1, this.#size)
      // It is tried again when it is needed.
      next.catch(() => {
        this.#next = null
      })
      this.#next = next
    }
    return this.#next
  }
}

async function prepare(folder: string, ordinal: number, size: number): Promise<Active> {
  const salt = await prepareSegment(folder, ordinal, size)
  return { ordinal, salt, fd: openActive(folder, ordinal), offset: SEGMENT_HEAD }
}

function openActive(folder: string, ordinal: number): number {
  return openSync(segmentPath(folder, ordinal), constants.O_RDWR | constants.O_DSYNC)
}
