import type { Duplex } from 'node:stream'
import type { ApiParts } from './api/ports.ts'
import type { Broker } from './broker/port.ts'
import type { Settings } from './config/settings.ts'
import type { HealthSample } from './exporter/protocol.ts'
import type { City } from './model/city.ts'
import type { DeviceKind } from './model/device-kind.ts'
import type { TelemetryLocation } from './model/store-location.ts'
import type { Clock } from './ops/clock.ts'
import type { Logger } from './ops/logger.ts'
import type { Metrics } from './ops/metrics.ts'
import type { Health } from './wiring.ts'

/**
 * All that stands between the devices and the API: one cell in this process, or a front with
 * cells behind it. What is built on it does not know which.
 */
export interface Core
  extends Pick<
    ApiParts,
    'state' | 'telemetry' | 'ask' | 'troubles' | 'warnings' | 'replay' | 'watch' | 'metrics'
  > {
  readonly clock: Clock
  readonly address: Broker['address']
  /** Serves a connection that came another way: a WebSocket's stream. */
  serve(connection: Duplex, remote: string | null): void
  /** How the service is now, for the exporter. */
  sample(): Promise<HealthSample>
  /** In this order at the end: takes nothing new, finishes what was taken, closes its files. */
  stop(): Promise<void>
  finish(): Promise<void>
  close(): Promise<void>
}

/** What a core is made of. */
export interface CoreParts {
  readonly dataDir: string
  readonly settings: Settings
  readonly city: City
  readonly kinds: readonly DeviceKind[]
  readonly location: TelemetryLocation
  readonly metrics: Metrics
  readonly health: Health
  readonly log: Logger
  /** A part of it ended by itself: the process must end. */
  readonly onFatal: (error: Error) => void
}
