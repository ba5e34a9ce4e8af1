import type { ReadingCount } from '../model/ledger.ts'
import type { ReadingList } from '../model/packed-readings.ts'
import type { FieldValue } from '../model/reading.ts'
import type { Duration, Instant } from '../model/time.ts'
import type { Page, Paged } from './state-reader-port.ts'

/**
 * The telemetry store: accepted readings, by device and time.
 *
 * Invariants that every adapter keeps (test/contract/telemetry-store):
 * - `append` resolves when the readings, their count and the cursor are kept together.
 * - Appending the same batch again changes nothing but may count nothing twice.
 * - Readings of one device at one time are one point: their fields are merged.
 */
export interface TelemetryStore {
  /** Number of the last journal record whose readings are stored. */
  cursor(): Promise<number>
  /**
   * Resolves with how many of the readings the store itself refused. Rejects where it is away or
   * full: nothing of the batch counts, and it may be tried again.
   */
  append(batch: TelemetryBatch): Promise<number>
  /** What became of the readings of a day of receipt, as of one moment. */
  tally(day: string): Promise<Tally>
  /**
   * Lets go of readings observed before this, a step at a time, so that nothing waits long behind
   * it; true when all are gone.
   */
  prune(before: Instant): Promise<boolean>
  close(): Promise<void>
}

export interface Tally {
  /** The cursor that the counts belong to. */
  readonly cursor: number
  readonly written: readonly ReadingCount[]
  /** Readings that the store itself would never take: set aside with their reason. */
  readonly refused: readonly ReadingCount[]
}

export interface TelemetryBatch {
  readonly readings: ReadingList
  /** Number of the last journal record of the batch. */
  readonly upTo: number
}

/** The reading side: what the API answers from. */
export interface TelemetryReader {
  range(query: RangeQuery): Promise<readonly TelemetryRow[]>
  aggregate(query: AggregateQuery): Promise<readonly TelemetryBucket[]>
  /** The kind of a device that has readings here, registered or not; null: it has none. */
  kindOf(deviceId: string): Promise<string | null>
  /** What the store refused, newest first. */
  refused(page: Page): Promise<Paged<RefusedReading>>
  close(): Promise<void>
}

/** A reading that the store would not take, as it was sent. */
export interface RefusedReading {
  readonly id: string
  readonly at: Instant
  readonly kind: string
  readonly deviceId: string
  readonly observedAt: Instant
  /** The store's own words. */
  readonly reason: string
  /** What was sent: a line of line protocol. */
  readonly line: string
}

export interface RangeQuery {
  readonly kind: string
  readonly deviceId: string
  readonly from: Instant
  /** Exclusive. */
  readonly to: Instant
  /** Empty: all fields. */
  readonly fields: readonly string[]
  readonly limit: number
}

export interface TelemetryRow {
  readonly ts: Instant
  readonly receivedAt: Instant
  readonly seq: number | null
  readonly fields: Readonly<Record<string, FieldValue>>
}

export const AGGREGATES = ['mean', 'min', 'max', 'last'] as const
export type Aggregate = (typeof AGGREGATES)[number]

export interface AggregateQuery extends Omit<RangeQuery, 'limit'> {
  readonly every: Duration
  readonly aggregate: Aggregate
}

export interface TelemetryBucket {
  /** Start of the bucket. */
  readonly ts: Instant
  readonly count: number
  /** Switches are true or false; their mean is a share, 0 to 1. */
  readonly fields: Readonly<Record<string, FieldValue>>
}
