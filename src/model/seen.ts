import type { ByteReader, ByteWriter } from './bytes.ts'
import type { Instant } from './time.ts'

/**
 * Readings that were seen, as flat rows of SEEN_WIDTH numbers, in the order in which they came:
 * observedAt, hash of the content, seq or -1, 1 where the time is that of receipt.
 */
export type SeenRows = readonly number[]
export const SEEN_WIDTH = 4

/** Readings that were seen, sealed for storage, and the span of time they cover. */
export interface SealedChunk {
  readonly from: Instant
  readonly to: Instant
  readonly rows: SeenRows
}

const IMPLICIT = 1
const EARLIER = 2
const LOWER = 4

/**
 * Rows as bytes, a quarter of their JSON: u8 flags | f64 hash | varint | varint. The varints are
 * the differences of time and number to those of the row before; their signs are in the flags.
 */
export function packSeen(rows: SeenRows, into: ByteWriter): void {
  let lastAt = 0
  let lastSeq = 0
  for (let i = 0; i < rows.length; i += SEEN_WIDTH) {
    const at = rows[i] as number
    const seq = rows[i + 2] as number
    const later = at - lastAt
    const higher = seq - lastSeq
    into.byte(
      (rows[i + 3] === 1 ? IMPLICIT : 0) | (later < 0 ? EARLIER : 0) | (higher < 0 ? LOWER : 0),
    )
    into.double(rows[i + 1] as number)
    into.varint(Math.abs(later))
    into.varint(Math.abs(higher))
    lastAt = at
    lastSeq = seq
  }
}

/** Reads so many rows, or all that are left. */
export function unpackSeen(from: ByteReader, count = Number.POSITIVE_INFINITY): number[] {
  const rows: number[] = []
  let at = 0
  let seq = 0
  for (let n = 0; n < count && !from.ended; n++) {
    const flags = from.byte()
    const hash = from.double()
    at += from.varint() * ((flags & EARLIER) === 0 ? 1 : -1)
    seq += from.varint() * ((flags & LOWER) === 0 ? 1 : -1)
    rows.push(at, hash, seq, (flags & IMPLICIT) === 0 ? 0 : 1)
  }
  return rows
}
