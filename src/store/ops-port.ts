import type { Instant } from '../model/time.ts'

/**
 * Where snapshots of the city and of the service go, and the events of cases (docs/influxdb.md,
 * `ops` and `cases`).
 *
 * Invariants that every adapter keeps (test/contract/ops-store):
 * - A write resolves when the store has answered for every point, and rejects where it is away:
 *   some of the points may be stored then, and all may be written again.
 * - A point is (measurement, tags, moment): written again it is still one point.
 */
export interface OpsStore {
  /** Writes a snapshot. Resolves with the store's words about points it would never take. */
  write(points: readonly OpsPoint[]): Promise<Refused>
  /** The same for events of cases, kept for good. */
  writeCaseEvents(points: readonly OpsPoint[]): Promise<Refused>
  /** The moment of the newest case event that is stored; null: there is none. */
  newestCaseEvent(): Promise<Instant | null>
  /** Lets a write that is under way end without an answer. */
  close(): Promise<void>
}

/** Null: everything was taken. */
export type Refused = string | null

export interface OpsPoint {
  readonly measurement: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, number>>
  readonly at: Instant
  /** The part of the moment below a millisecond, 0 to 999999; kept for case events only. */
  readonly nanos?: number
}
