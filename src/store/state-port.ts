import type { Case, CaseEvent } from '../cases/case.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { AlertDelivery } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import type { LedgerCounts, ReadingCount } from '../model/ledger.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import type { Fields } from '../model/reading.ts'
import type { AlertLevel, StoredRule } from '../model/rule.ts'
import type { SealedChunk } from '../model/seen.ts'
import type { Instant } from '../model/time.ts'
import type { Verdicts } from '../model/verdicts.ts'

/**
 * The state of the city: devices, rules, alerts, cases, quarantine, ledger, and the cursor in the
 * journal that all of it belongs to.
 *
 * Invariants that every adapter keeps (test/contract/state-store):
 * - `commit` is one transaction: all of the change or nothing, on disk when it resolves.
 * - There is one writer. Readers see committed states only.
 */
export interface StateStore {
  /** Everything that the processor needs to go on where it stopped. */
  load(): Promise<StateSnapshot>
  commit(change: StateChange): Promise<void>
  /** Sealed chunks of seen readings that touch the span. */
  seenChunks(deviceId: string, from: Instant, to: Instant): Promise<SealedChunk[]>
  quarantined(id: string): Promise<QuarantinedMessage | null>
  /** Which of these deliveries are in the books. */
  delivered(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Decisions about the journal after `seq`, in order, for the telemetry writer. */
  verdicts(afterSeq: number, limit: number): Promise<Verdicts[]>
  /** Accepted readings that the telemetry writer has not passed yet. */
  unstored(afterSeq: number): Promise<ReadingCount[]>
  ledger(day: string): Promise<LedgerCounts[]>
  /**
   * Lets go of what is only needed for a while, a step at a time, because the rules wait for it:
   * after an outage there are millions of decisions. True when all is gone.
   */
  prune(limits: PruneLimits): Promise<boolean>
  close(): Promise<void>
}

export interface PruneLimits {
  /** Decisions up to here were applied. */
  readonly verdictsUpTo: number
  /** Seen readings before this can no longer be redelivered. */
  readonly seenBefore: Instant
  readonly quarantineBefore: Instant
  readonly deliveriesBefore: Instant
}

export interface StateSnapshot {
  readonly cursor: number
  /** As in `StateChange`. */
  readonly statesUpTo: number
  readonly progress: Progress
  readonly rules: readonly StoredRule[]
  /** Catalogue rules that were deleted here: they do not come back with the next start. */
  readonly deletedRules: readonly string[]
  readonly devices: readonly StoredDevice[]
  readonly openCases: readonly Case[]
  readonly pendingCommands: readonly DeviceCommand[]
}

/** Small things that go with the cursor. */
export interface Progress {
  readonly now: Instant
  readonly silenceFloor: Instant
  readonly lastNumber: { readonly day: string; readonly seq: number }
}

export interface StoredDevice {
  readonly device: Device
  /** The processor's own state of the device, or null before its first message. */
  readonly state: Uint8Array | null
  /** The cursor of the commit that it came with; 0 where there is none. */
  readonly takenUpTo: number
}

/** What a reader sees of a device's life. */
export interface DeviceLive {
  readonly deviceId: string
  readonly online: boolean
  readonly lastSeenAt: Instant | null
  readonly latest: { readonly ts: Instant; readonly fields: Fields } | null
  /** The processor's own state of the device: only it reads these bytes. */
  readonly state: Uint8Array
  /** All alerts of the device that are pending or firing. */
  readonly alerts: readonly AlertRow[]
}

/** Contract: An alert. */
export interface AlertRow {
  readonly ruleId: string
  readonly ruleVersion: number
  readonly deviceId: string
  readonly kind: string
  readonly state: 'pending' | 'firing'
  readonly level: AlertLevel
  readonly since: Instant
  readonly value: number | null
  readonly caseId: string | null
}

export interface StateChange {
  readonly cursor: number
  /**
   * The states of all devices have taken the records up to here. Between here and the cursor some
   * have not: theirs are read from the journal at the next start.
   */
  readonly statesUpTo: number
  readonly progress: Progress
  readonly live: readonly DeviceLive[]
  readonly devices: readonly Device[]
  readonly deletedDevices: readonly string[]
  readonly rules: readonly StoredRule[]
  readonly deletedRules: readonly string[]
  readonly cases: readonly Case[]
  readonly caseEvents: readonly { readonly caseId: string; readonly event: CaseEvent }[]
  readonly quarantined: readonly QuarantinedMessage[]
  /** Ids of quarantined messages that are gone. */
  readonly released: readonly string[]
  readonly chunks: readonly { readonly deviceId: string; readonly chunk: SealedChunk }[]
  readonly commands: readonly DeviceCommand[]
  /** One that is there stays as it is. */
  readonly deliveries: readonly AlertDelivery[]
  /** Added to the lines that are there. */
  readonly ledger: readonly LedgerCounts[]
  readonly verdicts: Verdicts | null
}
