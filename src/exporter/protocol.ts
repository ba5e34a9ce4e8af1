import type { City } from '../model/city.ts'
import type { InfluxLocation } from '../model/store-location.ts'
import type { Instant } from '../model/time.ts'

/**
 * The words between the main thread and the exporter's. The main thread sends a sample of its
 * own health at every beat; the exporter adds what the state says, and writes both.
 */
export interface ExporterSettings {
  readonly dataDir: string
  /** How many cells share the directory. */
  readonly cells: number
  readonly city: City
  readonly location: InfluxLocation
}

export type ExporterRequest =
  | { readonly type: 'sample'; readonly sample: HealthSample }
  | { readonly type: 'close' }

export type ExporterMessage =
  | ({ readonly type: 'exported' } & Exported)
  /** Something was not written. What is still true is written with the next sample. */
  | { readonly type: 'trouble'; readonly message: string }

/** What a turn came to. */
export interface Exported {
  readonly at: Instant
  /** Points of the snapshot, and of case events. */
  readonly points: number
  readonly caseEvents: number
}

/** How the service is: the `service` measurement (docs/influxdb.md), as the main thread knows it. */
export interface HealthSample {
  /** The service's clock. All spans below are real time: they are about the machine. */
  readonly now: Instant
  readonly uptimeS: number
  readonly messagesReceived: number
  readonly messagesShed: number
  readonly readingsAccepted: number
  readonly readingsDuplicate: number
  readonly readingsQuarantined: number
  readonly readingsRefused: number
  readonly casesOpened: number
  readonly troubles: number
  readonly rateReceived: number
  readonly quarantineRatio: number
  /** Null: nothing was acknowledged since the sample before. */
  readonly ackP99S: number | null
  readonly backlogProcessor: number
  readonly backlogTelemetry: number
  readonly lagProcessorS: number
  readonly lagTelemetryS: number
  readonly journalBytes: number
  readonly journalFill: number
  readonly connections: number
  readonly memoryBytes: number
}
