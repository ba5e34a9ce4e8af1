import type { Effects } from '../engine/effects.ts'
import { latestByName, openCaseKey, type World } from '../engine/world.ts'
import type { Committed } from './processor.ts'
import type { AlertEvent, LiveEvent, ReadingEvent } from './protocol.ts'

/**
 * What watchers hear of a commit. Cases, alerts and devices that came or went are told all;
 * readings are a sample, since no eye follows thousands a second.
 */
const SAMPLED_READINGS = 20
/** Devices whose presence is told in one commit at the most; a list is reloaded for more. */
const TOLD_DEVICES = 200

export function liveEvents(world: World, { effects, edits }: Committed): LiveEvent[] {
  return [
    ...[...effects.cases.values()].map((data): LiveEvent => ({ type: 'case', data })),
    ...alertEvents(world, effects).map((data): LiveEvent => ({ type: 'alert', data })),
    ...deviceEvents(effects),
    ...[...edits.deletedDevices].map((id): LiveEvent => ({ type: 'device-removed', data: { id } })),
    ...[...edits.deliveries.values()].map((data): LiveEvent => ({ type: 'delivery', data })),
    ...sampledReadings(effects).map((data): LiveEvent => ({ type: 'reading', data })),
  ]
}

function alertEvents(world: World, effects: Effects): AlertEvent[] {
  return effects.alertChanges.map((change) => ({
    ruleId: change.ruleId,
    ruleVersion: change.ruleVersion,
    deviceId: change.deviceId,
    kind: world.devices.get(change.deviceId)?.device.kind ?? '',
    state:
      change.becomes === 'firing' || change.becomes === 'pending' ? change.becomes : 'resolved',
    level: change.level,
    since: change.at,
    value: change.value,
    caseId: world.openCases.get(openCaseKey(change.ruleId, change.deviceId))?.id ?? null,
  }))
}

function deviceEvents(effects: Effects): LiveEvent[] {
  const seen = effects.accepted.deviceIds()
  // Devices that only measured are told by their readings; the rest came, went or changed.
  return [...effects.touched]
    .filter((entry) => effects.presence.has(entry) || !seen.has(entry.device.id))
    .slice(0, TOLD_DEVICES)
    .map((entry) => {
      const { online, lastSeenAt } = entry.state
      const latest = latestByName(entry.state)
      return { type: 'device', data: { ...entry.device, online, lastSeenAt, latest } }
    })
}

function sampledReadings(effects: Effects): ReadingEvent[] {
  const { accepted } = effects
  const every = Math.max(1, Math.ceil(accepted.length / SAMPLED_READINGS))
  return accepted.sample(every).map(({ deviceId, kind, observedAt, fields }) => ({
    deviceId,
    kind,
    ts: observedAt,
    fields,
  }))
}
