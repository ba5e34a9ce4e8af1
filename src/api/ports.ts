import type { Registry } from 'prom-client'
import type { City } from '../model/city.ts'
import type { DeliveryStatus } from '../model/delivery.ts'
import type { DeviceKind } from '../model/device-kind.ts'
import type { Instant } from '../model/time.ts'
import type { LiveEvent, OperationName, Operations } from '../processor/protocol.ts'
import type { StateReader } from '../store/state-reader-port.ts'
import type { TelemetryReader } from '../store/telemetry-port.ts'

/**
 * What the API needs from the rest: it answers from the readers, and asks the processor for
 * every change. It holds no state of its own.
 */
export interface ApiParts {
  readonly token: string
  /** What Grafana signs its notifications with; null: they are refused. */
  readonly webhookSecret: string | null
  readonly city: City
  readonly kinds: readonly DeviceKind[]
  readonly state: StateReader
  readonly telemetry: TelemetryReader
  /** `real` is the time outside, which an accelerated clock leaves behind. */
  readonly clock: { now(): Instant; real(): Instant; readonly speed: number }
  readonly secrets: { create(): string; hash(secret: string): string; newId(): string }
  /** Prometheus text. */
  readonly metrics: Pick<Registry, 'contentType' | 'metrics'>
  ask<N extends OperationName>(
    name: N,
    input: Operations[N]['input'],
  ): Promise<Operations[N]['output']>
  /** Why the service does not take messages now; empty when it does. */
  troubles(): string[]
  /** What is wrong while messages are taken all the same. */
  warnings(): string[]
  /** Puts a quarantined message into the journal again; resolves when it was processed. */
  replay(id: string): Promise<void>
  /** Counts a notification of Grafana that was recorded. */
  delivered(status: DeliveryStatus): void
  /** Calls the listener with every live event until the returned function is called. */
  watch(listener: (event: LiveEvent) => void): () => void
}
