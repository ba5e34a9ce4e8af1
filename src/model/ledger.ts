/**
 * The ledger, in readings, per UTC day of receipt and kind:
 *
 *   received = stored + quarantined + duplicate + shed + pending
 *
 * Its sides are counted in different places as the work is done: messages by the journal in the
 * transaction that stores them, outcomes by the processor with its cursor, stored rows by the
 * telemetry store with its own.
 */

/** What the processor counts. */
export interface LedgerCounts {
  readonly day: string
  readonly kind: string
  /** Readings beyond the first in their message: the gateway counted the message as one. */
  expanded: number
  accepted: number
  quarantined: number
  duplicate: number
  /** Refused without an acknowledgement, or QoS 0 and dropped. */
  shed: number
}

/** Readings of a day and kind. */
export interface ReadingCount {
  readonly day: string
  readonly kind: string
  readonly readings: number
}

/** One line of the ledger as people see it. */
export interface LedgerLine {
  readonly kind: string
  readonly received: number
  readonly stored: number
  readonly quarantined: number
  readonly duplicate: number
  readonly shed: number
  readonly pending: number
}

export interface LedgerPage {
  readonly day: string
  readonly total: LedgerLine
  readonly kinds: readonly LedgerLine[]
  /** True where the equation holds in every line. */
  readonly balanced: boolean
}
