import type { JournalRecord, NewRecord } from '../model/record.ts'
import type { Instant } from '../model/time.ts'

/**
 * The journal: the only thing between a socket and its acknowledgement.
 *
 * Invariants that every adapter keeps (test/contract/journal):
 * - `append` calls back without error only when the record is on disk, synced. After that a
 *   kill, a crash or a power cut does not take it away.
 * - Records get consecutive numbers from 1 in the order of `append`; `read` gives them in this
 *   order, whole, each exactly once, and never one that was not acknowledged as failed.
 * - Callbacks come in the order of `append`, those of one commit in one tick.
 * - An error means: not on disk, will never be read. The next append may succeed.
 * - `trim` takes away what is read, or leaves some of it; the numbering goes on.
 */
export interface Journal {
  append(record: Entry, done: (error: Error | null) => void): void
  /** Number of the last record that is on disk. */
  readonly lastSeq: number
  /** When the last record that was there at the opening was received; 0 in a new journal. */
  readonly openedAt: Instant
  /** Calls back after each commit with the number of its last record. */
  onCommit(listener: (lastSeq: number) => void): void
  /** Calls back after each commit and each failure of one: less waits for the disk than before. */
  onSettled(listener: () => void): void
  /** Bytes that wait for the disk. */
  readonly pendingBytes: number
  /** Bytes on disk that are in use: what was not let go, to some 64 KB. */
  readonly storedBytes: number
  /** Memory that tells readers in other threads how far they may read. */
  readonly end: SharedArrayBuffer
  /** Lets go of all records up to this number. */
  trim(upTo: number): void
  /** Writes what waits, then closes. */
  close(): Promise<void>
}

/** A record to be appended; `kind` where the caller knows what its topic says. */
export type Entry = NewRecord & { readonly kind?: string }

/** The reading end, for a consumer with a cursor of its own. */
export interface JournalReader {
  /**
   * The next whole commits after `after`, the end of a commit or 0, until `maxBytes` are reached
   * (at least one commit if there is any). An empty list: the reader is at the end.
   */
  read(after: number, maxBytes: number): JournalRecord[]
  /**
   * Telemetry messages received, and those after `after`, per UTC day and kind, in one consistent
   * view: the independent side of the ledger.
   */
  counts(after: number): JournalCounts
  close(): void
}

export interface JournalCounts {
  readonly received: readonly MessageCount[]
  readonly backlog: readonly MessageCount[]
}

export interface MessageCount {
  readonly day: string
  readonly kind: string
  readonly messages: number
}
