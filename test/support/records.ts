import { createEffects, type Effects } from '../../src/engine/effects.ts'
import { prepare, step } from '../../src/engine/step.ts'
import { createWorld, placeDevice, placeRule, type World } from '../../src/engine/world.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import type { StoredRule } from '../../src/model/rule.ts'
import type { SealedChunk } from '../../src/model/seen.ts'
import type { Instant } from '../../src/model/time.ts'
import { deviceTopic } from '../../src/model/topics.ts'
import { PROBE, PROBE_RULES } from './kind.ts'
import { TEST_CITY, testDevice } from './world.ts'

/** Journal records for tests, and a loop that steps them like the processor does. */

export const T0: Instant = Date.parse('2026-11-22T00:00:00Z')
const utf8 = new TextEncoder()

/** A telemetry record; `content` is sent as JSON, or as it is where it is bytes. */
export function telemetryRecord(
  seq: number,
  receivedAt: Instant,
  deviceId: string,
  content: unknown,
  kind = 'probe',
): JournalRecord {
  const payload = content instanceof Uint8Array ? content : utf8.encode(JSON.stringify(content))
  return {
    seq,
    type: 'telemetry',
    receivedAt,
    topic: deviceTopic(kind, deviceId, 'telemetry'),
    payload,
  }
}

export function record(
  seq: number,
  type: JournalRecord['type'],
  receivedAt: Instant,
  topic: string,
  payload: string,
): JournalRecord {
  return { seq, type, receivedAt, topic, payload: utf8.encode(payload) }
}

/** A world with the probe, its rules and some devices. */
export function probeWorld(
  deviceIds: readonly string[],
  kind: DeviceKind = PROBE,
  rules: readonly StoredRule[] = PROBE_RULES,
): World {
  const world = createWorld(TEST_CITY, [kind])
  for (const rule of rules) placeRule(world, rule)
  for (const id of deviceIds) placeDevice(world, testDevice(kind.name, id))
  return world
}

/** What the state store keeps of seen readings, in memory. */
export type Chunks = { deviceId: string; chunk: SealedChunk }[]

/** Steps records into one set of effects, looking up sealed chunks as the processor does. */
export function run(
  world: World,
  records: readonly JournalRecord[],
  effects: Effects = createEffects(),
  stored: Chunks = [],
): Effects {
  for (const one of records) {
    const prepared = prepare(world, one)
    const { history: span } = prepared
    const history =
      span === null
        ? []
        : [...stored, ...effects.chunks]
            .filter((c) => c.deviceId === span.deviceId)
            .map((c) => c.chunk)
            .filter((c) => c.to >= span.from && c.from <= span.to)
    const id = prepared.telemetry?.message.quarantineId ?? null
    const quarantined = effects.quarantined.find((q) => q.id === id) ?? null
    step(world, prepared, { history, quarantined }, effects)
  }
  return effects
}
