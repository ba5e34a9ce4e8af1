import type { Effects } from '../engine/effects.ts'
import {
  activeRules,
  type DeviceEntry,
  latestByName,
  openCaseKey,
  type World,
} from '../engine/world.ts'
import type { AlertDelivery } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import type { ReadingCount } from '../model/ledger.ts'
import type { StoredRule } from '../model/rule.ts'
import type { Verdicts } from '../model/verdicts.ts'
import type { AlertState } from '../rules/state.ts'
import type { AlertRow, DeviceLive, StateChange } from '../store/state-port.ts'
import { encodeDeviceState } from './device-state.ts'

/** What operators changed, beside what records did. */
export interface Edits {
  readonly devices: Map<string, Device>
  readonly deletedDevices: Set<string>
  /** Devices whose connection must end: another secret, or disabled. */
  readonly lockedOut: Set<string>
  readonly rules: Map<string, StoredRule>
  readonly deletedRules: Set<string>
  /** Notifications of Grafana, by id. */
  readonly deliveries: Map<string, AlertDelivery>
}

export function createEdits(): Edits {
  return {
    devices: new Map(),
    deletedDevices: new Set(),
    lockedOut: new Set(),
    rules: new Map(),
    deletedRules: new Set(),
    deliveries: new Map(),
  }
}

/** Puts effects and edits into the form of one transaction. */
export function stateChange(
  world: World,
  effects: Effects,
  edits: Edits,
  span: { firstSeq: number; lastSeq: number },
  states: { devices: readonly DeviceEntry[]; upTo: number },
): StateChange {
  const requarantined = [...effects.requarantined]
  return {
    cursor: span.lastSeq,
    statesUpTo: states.upTo,
    progress: {
      now: world.now,
      silenceFloor: world.silenceFloor,
      lastNumber: world.lastNumber,
    },
    live: states.devices.map((entry) => deviceLive(world, entry)),
    devices: [...edits.devices.values()],
    deletedDevices: [...edits.deletedDevices],
    rules: [...edits.rules.values()],
    deletedRules: [...edits.deletedRules],
    cases: [...effects.cases.values()],
    caseEvents: effects.caseEvents,
    quarantined: [
      ...effects.quarantined,
      ...requarantined.flatMap(([, message]) => (message === null ? [] : [message])),
    ],
    released: requarantined.flatMap(([id, message]) => (message === null ? [id] : [])),
    chunks: effects.chunks.filter(({ deviceId }) => world.devices.has(deviceId)),
    commands: [...effects.commands.values()],
    deliveries: [...edits.deliveries.values()],
    ledger: [...effects.ledger.values()],
    verdicts: verdicts(effects, span),
  }
}

function verdicts(effects: Effects, span: { firstSeq: number; lastSeq: number }): Verdicts | null {
  if (span.lastSeq < span.firstSeq) return null
  return { ...span, accepted: acceptedCounts(effects), exceptions: effects.exceptions }
}

/** The accepted readings per day of receipt and kind. */
export function acceptedCounts(effects: Effects): ReadingCount[] {
  return [...effects.ledger.values()]
    .filter((line) => line.accepted > 0)
    .map(({ day, kind, accepted: readings }) => ({ day, kind, readings }))
}

/** What is stored of a device's life with a commit. */
export function deviceLive(world: World, entry: DeviceEntry): DeviceLive {
  const { online, lastSeenAt } = entry.state
  return {
    deviceId: entry.device.id,
    online,
    lastSeenAt,
    latest: latestByName(entry.state),
    state: encodeDeviceState(entry.state),
    alerts: alertRows(world, entry),
  }
}

/** The device's alerts as people see them: the strongest level of each rule. */
export function alertRows(world: World, entry: DeviceEntry): AlertRow[] {
  return activeRules(world, entry).flatMap(({ program }) => {
    const { rule } = program
    const alert = entry.state.rules.alerts[rule.id]
    const strongest = alert === undefined ? null : strongestLevel(alert)
    if (alert === undefined || strongest === null) return []
    return [
      {
        ruleId: rule.id,
        ruleVersion: rule.version,
        deviceId: entry.device.id,
        kind: rule.kind,
        state: strongest.phase,
        level: (rule.levels[strongest.index] as (typeof rule.levels)[number]).level,
        since: strongest.since,
        value: alert.value,
        caseId: world.openCases.get(openCaseKey(rule.id, entry.device.id))?.id ?? null,
      },
    ]
  })
}

function strongestLevel(
  alert: AlertState,
): { phase: 'pending' | 'firing'; index: number; since: number } | null {
  for (const phase of ['firing', 'pending'] as const) {
    const index = alert.levels.findLastIndex((level) => level.phase === phase)
    const level = alert.levels[index]
    if (level !== undefined) return { phase, index, since: level.since }
  }
  return null
}
