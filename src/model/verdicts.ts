import type { ReadingCount } from './ledger.ts'
import type { Instant } from './time.ts'

/**
 * What the processor decided about a stretch of the journal, for consumers that come later. A
 * consumer decodes the same records, applies the exceptions, and has the accepted readings.
 */
export interface Verdicts {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly accepted: readonly ReadingCount[]
  readonly exceptions: Exceptions
}

/** In place of an index: none of the message's readings was taken. */
export const WHOLE = -1

/** Where the outcome is not what decoding alone would say. */
export interface Exceptions {
  /** Duplicates and rejected readings: journal sequence number, index in the message or WHOLE. */
  readonly refused: (readonly [seq: number, index: number])[]
  /** Readings without a `ts` whose time of receipt was taken: the time they were given. */
  readonly moved: (readonly [seq: number, index: number, observedAt: Instant])[]
}
