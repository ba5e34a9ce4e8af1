import type { Settings } from '../config/settings.ts'
import type { HealthCounters, HealthPlaces } from '../exporter/health-sample.ts'
import type { City } from '../model/city.ts'
import { AppError, type ErrorCode, type Fault } from '../model/errors.ts'
import type { Partition } from '../model/partition.ts'
import type { TelemetryLocation } from '../model/store-location.ts'
import type { Instant } from '../model/time.ts'
import type { ClockSetting } from '../ops/clock.ts'
import type { LiveEvent, OperationName, Operations } from '../processor/protocol.ts'

/**
 * The words between the front and a cell, in the order of a life: `open`, `run`, then whatever is
 * asked, then `stop`, `finish`, `close`. Connections go one way only, with their sockets.
 */
export interface CellSettings {
  readonly dataDir: string
  readonly partition: Partition
  readonly settings: Settings
  readonly city: City
  readonly location: TelemetryLocation
  readonly logLevel: string
}

/** What the front asks of a cell; each is answered once. */
export interface CellCalls {
  /** Takes up what is stored. Tells the time that its books have reached. */
  open: { input: CellSettings; output: Instant }
  /** Takes connections, on the clock that all cells have. */
  run: { input: ClockSetting; output: null }
  /** An operation of the processor. */
  ask: { input: { name: OperationName; input: unknown }; output: unknown }
  /** Puts a quarantined message into the journal again; answered when it was processed. */
  replay: { input: string; output: null }
  /** Its metrics, as prom-client adds them up. */
  metrics: { input: null; output: object[] }
  health: { input: null; output: CellSample }
  /** Ends its connections. */
  stop: { input: null; output: null }
  /** Finishes what it has taken. */
  finish: { input: null; output: null }
  /** Closes its files and ends. */
  close: { input: null; output: null }
}

export type CellCall = keyof CellCalls

/** Asks the processor of a cell; resolves after the commit that holds the effect. */
export type AskCell = <N extends OperationName>(
  cell: number,
  name: N,
  input: Operations[N]['input'],
) => Promise<Operations[N]['output']>

/** How a cell is, so that the whole can be told from the parts. */
export interface CellSample {
  readonly counters: HealthCounters
  readonly places: HealthPlaces
  readonly lagProcessorS: number
  readonly lagTelemetryS: number
}

export type FrontMessage =
  | { readonly type: 'call'; readonly id: number; readonly call: CellCall; readonly input: unknown }
  /** Comes with the socket; `head` was read of it before. */
  | { readonly type: 'connection'; readonly head: Uint8Array; readonly remote: string | null }

export type CellMessage =
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: Failure }
  /** The connection is here: the next one may come. */
  | { readonly type: 'taken' }
  | { readonly type: 'events'; readonly events: readonly LiveEvent[] }
  /** What /readyz tells: when it changes, and once a second. */
  | { readonly type: 'state'; readonly troubles: string[]; readonly warnings: string[] }
  /** Why it ends. */
  | { readonly type: 'died'; readonly message: string }

/** An error as it goes from one process to another. */
export interface Failure {
  /** null: a bug, not an operational failure. */
  readonly code: ErrorCode | null
  readonly message: string
  readonly faults: readonly Fault[]
}

export function failureOf(error: unknown): Failure {
  if (error instanceof AppError) {
    const { code, message, faults } = error
    return { code, message, faults }
  }
  return { code: null, message: error instanceof Error ? error.message : String(error), faults: [] }
}

export function errorOf({ code, message, faults }: Failure): Error {
  return code === null ? new Error(message) : new AppError(code, message, { faults })
}
