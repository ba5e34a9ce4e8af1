import type { JournalRecord } from '../model/record.ts'
import { type Base, readBase } from './base.ts'
import { decodeRecords, type Frame, frameLength, readFrames } from './frame.ts'
import { Totals } from './message-counts.ts'
import type { JournalCounts, JournalReader } from './port.ts'
import { checked, findStarts, type SegmentStart, startOf } from './recovery.ts'
import { damaged, positionOf, SEGMENT_BYTES, SEGMENT_HEAD, SegmentFile } from './segment.ts'
import { SharedEnd } from './shared-end.ts'

/**
 * Opens the reading end of a journal of segments. `end` is the writer's; without it everything that
 * is whole is read, which is right where nobody writes.
 */
export function openSegmentsReader(folder: string, end?: SharedArrayBuffer): JournalReader {
  return new SegmentsReader(folder, end === undefined ? null : new SharedEnd(end))
}

/** Where a commit starts, or will. */
interface Place {
  readonly ordinal: number
  readonly offset: number
}

/** Read beyond what is wanted, since a commit may be cut there. */
const PIECE_BYTES = 64 * 1024
/** Cursors that are remembered: rules and store have one each and read in turn. */
const PLACES = 8
const OPEN_FILES = 4

/**
 * What the commits of a segment came to, up to a place in it. To look again goes on from there: the
 * ledger is looked at all the time, and to read whole segments takes milliseconds (docs/adr/0025).
 */
class Walk {
  readonly ordinal: number
  readonly totals = new Totals()
  offset = SEGMENT_HEAD
  /** The last record before the place. */
  seq = 0

  constructor(ordinal: number) {
    this.ordinal = ordinal
  }

  take(frame: Frame, from: number): void {
    this.totals.set(frame.totals().own)
    this.offset = from + frame.end
    this.seq = frame.lastSeq
  }
}

class SegmentsReader implements JournalReader {
  readonly #folder: string
  readonly #end: SharedEnd | null
  /** Where the commit after a record starts, by the record's number. */
  readonly #places = new Map<number, Place>()
  readonly #files = new Map<number, SegmentFile>()
  /** They do not change while their segments are kept. */
  #starts = new Map<number, SegmentStart>()
  /** For the counts: to the journal's end, and to where the rules are. */
  #received: Walk | null = null
  #earlier: Walk | null = null

  constructor(folder: string, end: SharedEnd | null) {
    this.#folder = folder
    this.#end = end
  }

  read(after: number, maxBytes: number): JournalRecord[] {
    const records: JournalRecord[] = []
    let place = this.#places.get(after) ?? this.#find(after)
    let seq = after
    let bytes = 0
    while (place !== null && bytes < maxBytes) {
      const { ordinal, offset }: Place = place
      const frames = this.#frames(ordinal, offset, maxBytes - bytes)
      if (frames.length === 0) {
        const next = this.#following(ordinal, offset, seq)
        if (next === null) break
        place = next
        continue
      }
      for (const frame of frames) {
        if (bytes >= maxBytes) break
        if (records.length > 0 && frame.firstSeq !== seq + 1) damaged(ordinal, place.offset)
        for (const record of decodeRecords(frame)) records.push(record)
        bytes += frame.records.length
        seq = frame.lastSeq
        place = { ordinal, offset: offset + frame.end }
      }
    }
    if (place !== null) this.#remember(seq, place)
    return records
  }

  counts(after: number): JournalCounts {
    const { base, starts, end } = this.#segments()
    const received = new Totals()
    const earlier = new Totals()
    for (const totals of [received, earlier]) totals.set(base.totals)
    for (const { firstSeq, before, own } of starts) {
      for (const part of [before, own]) received.set(part)
      if (firstSeq <= after + 1) earlier.set(before)
      if (firstSeq <= after) earlier.set(own)
    }
    const written = ({ end: frameEnd }: Frame, ordinal: number, offset: number) =>
      positionOf(ordinal, offset + frameEnd) <= end
    const passed = ({ lastSeq }: Frame) => lastSeq <= after
    this.#received = this.#walk(this.#received, starts.at(-1), written)
    const reached = starts.findLast(({ firstSeq }) => firstSeq <= after)
    const before = this.#earlier
    this.#earlier = this.#walk(
      before !== null && before.seq > after ? null : before,
      reached,
      passed,
    )
    received.set(this.#received?.totals.list() ?? [])
    earlier.set(this.#earlier?.totals.list() ?? [])
    return { received: received.list(), backlog: received.since(earlier) }
  }

  close(): void {
    for (const file of this.#files.values()) file.close()
    this.#files.clear()
  }

  /** Goes on through a segment's commits, from its beginning where `walk` is in another one. */
  #walk(
    walk: Walk | null,
    start: SegmentStart | undefined,
    wanted: (frame: Frame, ordinal: number, offset: number) => boolean,
  ): Walk | null {
    if (start === undefined) return null
    const { ordinal } = start
    const going = walk?.ordinal === ordinal ? walk : new Walk(ordinal)
    for (;;) {
      const { offset } = going
      const frames = this.#frames(ordinal, offset, PIECE_BYTES)
      for (const frame of frames) {
        if (!wanted(frame, ordinal, offset)) return going
        going.take(frame, offset)
      }
      if (frames.length === 0) return going
    }
  }

  /** The whole commits from the offset on, at least one if there is any; ends from there. */
  #frames(ordinal: number, offset: number, wanted: number): Frame[] {
    const file = this.#file(ordinal)
    if (file === null) return []
    const limit = (this.#end?.get() ?? Number.POSITIVE_INFINITY) - positionOf(ordinal, 0)
    const left = Math.min(file.size, limit) - offset
    let bytes = file.bytes(offset, Math.min(left, wanted + PIECE_BYTES))
    const first = frameLength(bytes, 0)
    if (first !== null && first > bytes.length && first <= left) bytes = file.bytes(offset, first)
    const frames = readFrames(bytes, 0, file.salt)
    // Something is on disk there: the writer said so.
    if (frames.length === 0 && left > 0 && limit <= file.size) damaged(ordinal, offset)
    return frames
  }

  /** Where the commit after `seq` starts when its segment has no more; null: nowhere yet. */
  #following(ordinal: number, offset: number, seq: number): Place | null {
    const written = this.#end?.get() ?? Number.POSITIVE_INFINITY
    if (written <= positionOf(ordinal + 1, SEGMENT_HEAD)) return null
    const next = startOf(this.#folder, ordinal + 1)
    if (next === null && this.#end === null) return null
    if (next?.firstSeq !== seq + 1) damaged(ordinal, offset)
    return { ordinal: ordinal + 1, offset: SEGMENT_HEAD }
  }

  /** Where the first commit after the record starts. */
  #find(after: number): Place | null {
    const { starts } = this.#segments()
    const holding = starts.findLast(({ firstSeq }) => firstSeq <= after + 1) ?? starts[0]
    if (holding === undefined) return null
    const before = this.#framesOf(holding).findLast(({ firstSeq }) => firstSeq <= after)
    return { ordinal: holding.ordinal, offset: before?.end ?? SEGMENT_HEAD }
  }

  #framesOf(start: SegmentStart | undefined): Frame[] {
    return start === undefined ? [] : (this.#file(start.ordinal)?.whole().frames ?? [])
  }

  /**
   * The segments that hold records, what was received before them, and where all of it ends. What
   * is let go is in the base before it goes, so the base is looked at once more at the end.
   */
  #segments(): { base: Base; starts: readonly SegmentStart[]; end: number } {
    for (;;) {
      const end = this.#end?.get() ?? null
      const base = readBase(this.#folder)
      const found = findStarts(this.#folder, base, this.#starts)
      if (readBase(this.#folder).through !== base.through) continue
      const until = end === null ? 0 : lastWritten(end)
      const starts = checked(base, found, until).filter(
        ({ ordinal }) => end === null || ordinal <= until,
      )
      this.#starts = new Map(starts.map((start) => [start.ordinal, start]))
      return { base, starts, end: end ?? Number.POSITIVE_INFINITY }
    }
  }

  #file(ordinal: number): SegmentFile | null {
    const known = this.#files.get(ordinal)
    if (known !== undefined) return known
    const file = SegmentFile.open(this.#folder, ordinal)
    if (file === null) return null
    const oldest = this.#files.keys().next().value
    if (oldest !== undefined && this.#files.size >= OPEN_FILES) {
      this.#files.get(oldest)?.close()
      this.#files.delete(oldest)
    }
    this.#files.set(ordinal, file)
    return file
  }

  #remember(seq: number, place: Place): void {
    this.#places.set(seq, place)
    const oldest = this.#places.keys().next().value
    if (oldest !== undefined && this.#places.size > PLACES) this.#places.delete(oldest)
  }
}

/** The last segment with a commit before the end. */
function lastWritten(end: number): number {
  const ordinal = Math.floor(end / SEGMENT_BYTES)
  return end - positionOf(ordinal, 0) > SEGMENT_HEAD ? ordinal : ordinal - 1
}
