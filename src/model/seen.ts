import type { Instant } from './time.ts'

/** Readings that were seen, sealed for storage, and the span of time they cover. */
export interface SealedChunk {
  readonly from: Instant
  readonly to: Instant
  readonly rows: readonly number[]
}
