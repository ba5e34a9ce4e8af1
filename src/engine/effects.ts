import type { Case, CaseEvent } from '../cases/case.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { LedgerCounts } from '../model/ledger.ts'
import { PackedReadings } from '../model/packed-readings.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import type { SealedChunk } from '../model/seen.ts'
import { DAY, type Instant, utcDay } from '../model/time.ts'
import type { Exceptions } from '../model/verdicts.ts'
import type { AlertChange } from '../rules/state.ts'
import type { DeviceEntry } from './world.ts'

/**
 * What processing some records came to. Everything in it is committed in one transaction with the
 * cursor, or not at all.
 */
export interface Effects {
  /** Devices whose state changed. */
  readonly touched: Set<DeviceEntry>
  /**
   * Those of them whose state changed by more than readings that raised and cleared nothing: to
   * take the readings again would not bring it back.
   */
  readonly unrepeatable: Set<DeviceEntry>
  /** Devices that came or went. */
  readonly presence: Set<DeviceEntry>
  readonly accepted: PackedReadings
  readonly quarantined: QuarantinedMessage[]
  /** Quarantined messages that a replay emptied or shortened. */
  readonly requarantined: Map<string, QuarantinedMessage | null>
  readonly chunks: { readonly deviceId: string; readonly chunk: SealedChunk }[]
  readonly alertChanges: AlertChange[]
  readonly cases: Map<string, Case>
  readonly caseEvents: { readonly caseId: string; readonly event: CaseEvent }[]
  readonly commands: Map<string, DeviceCommand>
  readonly ledger: Map<string, LedgerCounts>
  /** The lines of the day that the last record came on, by kind: nearly always the next one's. */
  readonly today: { start: Instant; readonly lines: Map<string, LedgerCounts> }
  readonly exceptions: Exceptions
  readonly counters: { late: number; unknownFields: number; records: number }
}

export function createEffects(): Effects {
  return {
    touched: new Set(),
    unrepeatable: new Set(),
    presence: new Set(),
    accepted: new PackedReadings(),
    quarantined: [],
    requarantined: new Map(),
    chunks: [],
    alertChanges: [],
    cases: new Map(),
    caseEvents: [],
    commands: new Map(),
    ledger: new Map(),
    today: { start: Number.NaN, lines: new Map() },
    exceptions: { refused: [], moved: [] },
    counters: { late: 0, unknownFields: 0, records: 0 },
  }
}

/** Notes that a device's state changed by more than its readings. */
export function markChanged(effects: Effects, entry: DeviceEntry): void {
  effects.touched.add(entry)
  effects.unrepeatable.add(entry)
}

/** The ledger line of a day and kind, made when first needed. */
export function ledgerOf(effects: Effects, receivedAt: Instant, kind: string): LedgerCounts {
  const { today } = effects
  const dayStart = receivedAt - (receivedAt % DAY)
  if (today.start !== dayStart) {
    today.start = dayStart
    today.lines.clear()
  }
  const known = today.lines.get(kind)
  if (known !== undefined) return known
  const line = lineOf(effects, utcDay(receivedAt), kind)
  today.lines.set(kind, line)
  return line
}

function lineOf(effects: Effects, day: string, kind: string): LedgerCounts {
  const key = `${day}\n${kind}`
  const line = effects.ledger.get(key)
  if (line !== undefined) return line
  const first = { day, kind, expanded: 0, accepted: 0, quarantined: 0, duplicate: 0, shed: 0 }
  effects.ledger.set(key, first)
  return first
}
