import type { Instant } from '../model/time.ts'
import { type Base, readBase } from './base.ts'
import { hasFrameAfter } from './frame.ts'
import { Totals } from './message-counts.ts'
import type { MessageCount } from './port.ts'
import { damaged, letGoOfSegment, listSegments, SEGMENT_HEAD, SegmentFile } from './segment.ts'

/** A segment that holds records, by its first commit. */
export interface SegmentStart {
  readonly ordinal: number
  readonly firstSeq: number
  /** Totals that the segment before has changed, as they are at its end. */
  readonly before: readonly MessageCount[]
  /** Those that the first commit changes. */
  readonly own: readonly MessageCount[]
}

/** A journal as it was found. */
export interface Recovered {
  readonly base: Base
  readonly starts: readonly SegmentStart[]
  readonly totals: Totals
  /** Where it goes on; null: in a new segment. */
  readonly tail: Tail | null
  readonly lastSeq: number
  /** When the last record was received; 0: there is none. */
  readonly receivedAt: Instant
}

interface Tail {
  readonly ordinal: number
  readonly salt: number
  readonly offset: number
  /** Totals that this segment has changed. */
  readonly changed: readonly MessageCount[]
}

/**
 * Finds what is in a folder of segments. A commit that was cut off at the very end was never
 * acknowledged, and is written over; one that is missing before others was.
 */
export async function recover(folder: string): Promise<Recovered> {
  const base = readBase(folder)
  const totals = new Totals()
  totals.set(base.totals)
  const starts = checked(base, findStarts(folder, base))
  const through = starts.at(-1)?.ordinal ?? base.through
  // Let go before, or prepared and never written.
  const idle = listSegments(folder).filter((one) => one <= base.through || one > through)
  for (const ordinal of idle) {
    if (ordinal > through && holdsMore(folder, ordinal)) damaged(ordinal, SEGMENT_HEAD)
    await letGoOfSegment(folder, ordinal)
  }
  for (const { before, own } of starts) for (const part of [before, own]) totals.set(part)
  const last = starts.at(-1)
  if (last === undefined) {
    return { base, starts, totals, tail: null, lastSeq: base.lastSeq, receivedAt: 0 }
  }
  const { tail, ...end } = readTail(folder, last.ordinal)
  totals.set(tail.changed)
  return { base, starts, totals, tail, ...end }
}

/** The segments after the base, those known already as they are; null: no commit is in it. */
export function findStarts(
  folder: string,
  { through }: Base,
  known: ReadonlyMap<number, SegmentStart> = new Map(),
): ReadonlyMap<number, SegmentStart | null> {
  const held = listSegments(folder).filter((ordinal) => ordinal > through)
  return new Map(held.map((one) => [one, known.get(one) ?? startOf(folder, one)]))
}

/** Those that hold records, without a gap, at least up to the segment `until`. */
export function checked(
  { through }: Base,
  starts: ReadonlyMap<number, SegmentStart | null>,
  until = 0,
): SegmentStart[] {
  const last = [...starts.values()].findLast((start) => start !== null)?.ordinal ?? 0
  const found: SegmentStart[] = []
  for (let one = through + 1; one <= Math.max(last, until); one++) {
    found.push(starts.get(one) ?? damaged(one, SEGMENT_HEAD))
  }
  return found
}

/** Null: no commit was ever written into it. */
export function startOf(folder: string, ordinal: number): SegmentStart | null {
  const file = SegmentFile.open(folder, ordinal)
  if (file === null) return null
  const first = file.frame(SEGMENT_HEAD)
  file.close()
  return first === null ? null : { ordinal, firstSeq: first.firstSeq, ...first.totals() }
}

/** Whether there are commits behind a first one that is none. */
function holdsMore(folder: string, ordinal: number): boolean {
  const file = SegmentFile.open(folder, ordinal)
  if (file === null) return false
  const { bytes, end } = file.whole()
  file.close()
  return hasFrameAfter(bytes, end, file.salt)
}

function readTail(folder: string, ordinal: number) {
  const file = SegmentFile.open(folder, ordinal) ?? damaged(ordinal, 0)
  const { bytes, frames, end } = file.whole()
  file.close()
  if (hasFrameAfter(bytes, end, file.salt)) damaged(ordinal, end)
  const { lastSeq = 0, receivedAt = 0 } = frames.at(-1) ?? {}
  const changed = new Totals()
  for (const frame of frames) changed.set(frame.totals().own)
  const tail: Tail = { ordinal, salt: file.salt, offset: end, changed: changed.list() }
  return { tail, lastSeq, receivedAt }
}
