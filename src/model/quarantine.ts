import type { ErrorCode } from './errors.ts'
import type { Rejection } from './reading.ts'
import type { Instant } from './time.ts'

/** A message of which at least one reading was not taken. Kept with its reason. */
export interface QuarantinedMessage {
  readonly id: string
  readonly receivedAt: Instant
  readonly topic: string
  readonly kind: string
  readonly deviceId: string
  readonly payload: Uint8Array
  /** The first fault; `rejections` has one for each bad reading. */
  readonly code: ErrorCode
  readonly field: string | null
  readonly rejections: readonly Rejection[]
}
