import type { Instant } from './time.ts'

/** A command to a device (contract: MQTT `command` and `reply`). */
export interface DeviceCommand {
  readonly id: string
  readonly deviceId: string
  readonly kind: string
  readonly name: string
  readonly params: Readonly<Record<string, unknown>>
  /** `sent`: published to the device's topic; the other three are final. */
  readonly state: 'sent' | 'acknowledged' | 'failed' | 'expired'
  readonly createdAt: Instant
  readonly expiresAt: Instant
  readonly endedAt: Instant | null
  readonly detail: string | null
}

/** A device has this long to answer, unless the caller says otherwise. Unsourced default. */
export const COMMAND_LIFETIME = 60_000
