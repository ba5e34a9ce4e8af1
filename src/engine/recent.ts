import { SEEN_WIDTH, type SealedChunk } from '../model/seen.ts'
import type { Instant } from '../model/time.ts'

/**
 * Which readings of a device were seen, so that a redelivery has no second effect.
 *
 * The newest readings are held with the device's state, in a chunk; a full chunk is sealed and
 * handed out to be stored. A reading newer than all before cannot be a redelivery, so sealed
 * chunks are read back only when one comes out of order.
 */
export interface Recent {
  /** As `SeenRows`. */
  rows: number[]
  /** Sealed chunks so far: with none there is nothing to read back. */
  sealed: number
}

export interface Identity {
  readonly at: Instant
  readonly hash: number
  readonly seq: number | null
  /** True where the device gave no time. */
  readonly implicit: boolean
}

/**
 * Readings of a full chunk, and those of them that stay when it is sealed: a redelivery usually concerns
 * the last few messages. A sealed chunk costs two entries in indexes, at a thousand devices a page
 * each, so there are not too few readings in it (docs/adr/0023). Unsourced defaults.
 */
const CHUNK = 64
const KEPT = 16
/** A message without a time that comes again within this long is the same message. */
const IMPLICIT_WITHIN = 10 * 60_000

export function createRecent(): Recent {
  return { rows: [], sealed: 0 }
}

/**
 * True for a redelivery: same time and same content, or same time and same sequence number.
 * A message without a time is the same where content and sequence number are.
 */
export function isDuplicate(
  recent: Recent,
  history: readonly SealedChunk[],
  reading: Identity,
): boolean {
  if (contains(recent.rows, reading)) return true
  return history.some((chunk) => contains(chunk.rows, reading))
}

function contains(rows: readonly number[], reading: Identity): boolean {
  const seq = reading.seq ?? -1
  for (let i = rows.length - SEEN_WIDTH; i >= 0; i -= SEEN_WIDTH) {
    const at = rows[i] as number
    const sameContent = rows[i + 1] === reading.hash
    const sameSeq = seq >= 0 && rows[i + 2] === seq
    if (reading.implicit) {
      const wasImplicit = rows[i + 3] === 1
      if (wasImplicit && sameSeq && sameContent && reading.at - at <= IMPLICIT_WITHIN) return true
    } else if (at === reading.at && (sameContent || sameSeq)) return true
  }
  return false
}

/** Remembers a reading; returns the chunk that became full, to be stored. */
export function remember(recent: Recent, reading: Identity): SealedChunk | null {
  recent.rows.push(reading.at, reading.hash, reading.seq ?? -1, reading.implicit ? 1 : 0)
  if (recent.rows.length < CHUNK * SEEN_WIDTH) return null
  const rows = recent.rows.splice(0, (CHUNK - KEPT) * SEEN_WIDTH)
  recent.sealed++
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (let i = 0; i < rows.length; i += SEEN_WIDTH) {
    from = Math.min(from, rows[i] as number)
    to = Math.max(to, rows[i] as number)
  }
  return { from, to, rows }
}
