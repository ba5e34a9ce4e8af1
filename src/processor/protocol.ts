import type { Case, CaseAction } from '../cases/case.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { AlertDelivery, NewDelivery } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import type { ErrorCode, Fault } from '../model/errors.ts'
import type { LedgerPage } from '../model/ledger.ts'
import type { Fields } from '../model/reading.ts'
import type { Result } from '../model/result.ts'
import type { Rule, StoredRule } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import type { Credential, DeviceView } from '../store/state-reader-port.ts'

/**
 * What operators ask of the processor, the one writer of state. Each request is answered after
 * the commit that holds its effect.
 */
export interface Operations {
  'device.create': { input: { devices: Device[] }; output: DeviceOutcome[] }
  'device.update': { input: { id: string; patch: DevicePatch }; output: Outcome<Device> }
  'device.delete': { input: { id: string }; output: Outcome<null> }
  'rule.create': { input: { rule: Rule }; output: Outcome<StoredRule> }
  'rule.put': { input: { rule: Rule }; output: Outcome<StoredRule> }
  'rule.delete': { input: { id: string }; output: Outcome<null> }
  /** All rules in force. */
  'rules.all': { input: null; output: StoredRule[] }
  /** Makes these the rules in force, versions included: what another cell has. */
  'rules.adopt': { input: { rules: StoredRule[] }; output: null }
  'case.act': { input: CaseRequest; output: Outcome<Case> }
  'command.send': { input: { command: DeviceCommand }; output: Outcome<DeviceCommand> }
  'delivery.record': {
    input: { deliveries: NewDelivery[] }
    output: { recorded: AlertDelivery[]; repeated: number }
  }
  /** Messages refused without an acknowledgement since the last report, per day and kind. */
  'ledger.shed': { input: { shed: ShedCount[] }; output: null }
  'ledger.page': { input: { day: string }; output: LedgerPage }
  /** Answered when the journal is processed up to here. */
  processed: { input: { seq: number }; output: null }
}

export type OperationName = keyof Operations

export interface Refusal {
  readonly code: ErrorCode
  readonly faults?: readonly Fault[]
}
export type Outcome<T> = Result<T, Refusal>
/** In the order of the devices asked for. */
export type DeviceOutcome = Outcome<Device>

export type DevicePatch = Partial<Omit<Device, 'id' | 'kind' | 'createdAt'>>

export interface CaseRequest {
  readonly caseId: string
  readonly action: CaseAction
  readonly actor: string
  readonly note: string | null
  readonly unitId: string | null
  readonly attachments: readonly string[]
}

export interface ShedCount {
  readonly day: string
  readonly kind: string
  readonly messages: number
}

/** What the processor tells after a commit, for those who watch (server-sent events). */
export type LiveEvent =
  | { readonly type: 'case'; readonly data: Case }
  | { readonly type: 'alert'; readonly data: AlertEvent }
  | { readonly type: 'device'; readonly data: DeviceView }
  /** A device was removed; watchers see it as a `device` event with `deleted: true`. */
  | { readonly type: 'device-removed'; readonly data: { readonly id: string } }
  | { readonly type: 'reading'; readonly data: ReadingEvent }
  | { readonly type: 'delivery'; readonly data: AlertDelivery }

export interface AlertEvent {
  readonly ruleId: string
  readonly ruleVersion: number
  readonly deviceId: string
  readonly kind: string
  readonly state: 'pending' | 'firing' | 'resolved'
  readonly level: string
  readonly since: Instant
  readonly value: number | null
  readonly caseId: string | null
}

export interface ReadingEvent {
  readonly deviceId: string
  readonly kind: string
  readonly ts: Instant
  readonly fields: Fields
}

/** Counters since the start of the pipeline, for metrics. */
export interface PipelineCounters {
  records: number
  accepted: number
  duplicate: number
  quarantined: Record<string, number>
  late: number
  unknownFields: number
  casesOpened: number
  commits: number
}

/** Words from the pipeline's thread. */
export type PipelineMessage =
  /** Before it is ready: the readings of so many devices of a kind are in the form of this version. */
  | {
      readonly type: 'takingOver'
      readonly kind: string
      readonly devices: number
      readonly of: number
    }
  | {
      readonly type: 'ready'
      readonly cursor: number
      /** Telemetry is stored up to here. */
      readonly stored: number
      readonly now: Instant
    }
  | { readonly type: 'answer'; readonly id: number; readonly output: unknown }
  /** The commit failed: the request had no effect and may be made again. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | {
      readonly type: 'committed'
      readonly cursor: number
      /** The journal is no longer needed up to here. */
      readonly releasable: number
      readonly events: readonly LiveEvent[]
      readonly credentials: readonly CredentialChange[]
      readonly commands: readonly DeviceCommand[]
      readonly counters: PipelineCounters
    }
  /** Telemetry is stored up to here; `releasable` as above. */
  | {
      readonly type: 'stored'
      readonly upTo: number
      readonly releasable: number
      /** Readings that the store refused since the start. */
      readonly refused: number
    }
  | { readonly type: 'trouble'; readonly where: string; readonly message: string }

export type CredentialChange =
  /** `rotated`: a connection with the secret of before must end. */
  | { readonly type: 'set'; readonly credential: Credential; readonly rotated: boolean }
  | { readonly type: 'removed'; readonly deviceId: string }

/** Words to the pipeline's thread. */
export type PipelineRequest =
  | {
      readonly type: 'ask'
      readonly id: number
      readonly name: OperationName
      readonly input: unknown
    }
  /** The journal has records up to here. */
  | { readonly type: 'journal' }
  /** Everything received until `now` is in the journal up to `lastSeq`. */
  | { readonly type: 'tick'; readonly now: Instant; readonly lastSeq: number }
  | { readonly type: 'close' }
