import type { ReadingCount } from '../model/ledger.ts'
import type { FieldValue, Reading } from '../model/reading.ts'
import type { Duration, Instant } from '../model/time.ts'

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
  append(batch: TelemetryBatch): Promise<void>
  /** Readings stored of a day of receipt, per kind. */
  written(day: string): Promise<ReadingCount[]>
  /**
   * Lets go of readings observed before this, a step at a time, so that nothing waits long behind
   * it; true when all are gone.
   */
  prune(before: Instant): Promise<boolean>
  close(): Promise<void>
}

export interface TelemetryBatch {
  readonly readings: readonly Reading[]
  /** Number of the last journal record of the batch. */
  readonly upTo: number
}

/** The reading side: what the API answers from. */
export interface TelemetryReader {
  range(query: RangeQuery): Promise<readonly TelemetryRow[]>
  aggregate(query: AggregateQuery): Promise<readonly TelemetryBucket[]>
  /** The kind of a device that has readings here, registered or not; null: it has none. */
  kindOf(deviceId: string): Promise<string | null>
  close(): Promise<void>
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
