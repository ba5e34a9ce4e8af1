import type { Instant } from './time.ts'

/** A measured value in the canonical unit of its field, or a state. */
export type FieldValue = number | boolean
export type Fields = Readonly<Record<string, FieldValue>>

/**
 * One reading of one device, checked and in canonical units.
 * `observedAt` is the device's word, `receivedAt` is ours; they are never confused.
 */
export interface Reading {
  readonly deviceId: string
  readonly kind: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly seq: number | null
  readonly fields: Fields
}

/** Why content was not taken, in words for a technician. */
export interface Rejection {
  readonly code: string
  /** The field at fault, where there is one. */
  readonly field: string | null
  /** What was found, short enough for a line: `"7512 cm"`. */
  readonly found: string | null
  /** The place in an array of readings, where the message was one. */
  readonly index: number | null
}
