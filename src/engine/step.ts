import type { DecodedMessage } from '../decode/decode.ts'
import { rejection } from '../decode/decode.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import { type JournalRecord, type Message, messageOf } from '../model/record.ts'
import type { SealedChunk } from '../model/seen.ts'
import { parseTopic } from '../model/topics.ts'
import type { Effects } from './effects.ts'
import { applyMark, applyPresence, applyReply, applyStatus } from './lifecycle.ts'
import { applyReplay, applyTelemetry, type Telemetry } from './telemetry.ts'
import { advance } from './time.ts'
import type { DeviceEntry, World } from './world.ts'

/**
 * The product as one function: a record of the journal comes, the world changes, the effects say
 * how. In two halves, because between them the caller may have to look up what is stored:
 *
 *   prepare(world, record)               decode; what must be looked up?
 *   step(world, prepared, found, effects)  time, decode's outcome, rules, cases
 */
export interface Prepared {
  readonly record: JournalRecord
  readonly entry: DeviceEntry | null
  /** For telemetry and replays: the message and what it decodes to. */
  readonly telemetry: Telemetry | null
  /** Chunks of seen readings to look up, because a reading is not newer than all before. */
  readonly history: { readonly deviceId: string; readonly from: number; readonly to: number } | null
}

/** What the caller looked up. */
export interface LookedUp {
  readonly history: readonly SealedChunk[]
  /** The quarantined message that a replay names, if it is still there. */
  readonly quarantined: QuarantinedMessage | null
}

export const NOTHING_LOOKED_UP: LookedUp = { history: [], quarantined: null }

/** First half: decodes and says what to look up. Changes nothing. */
export function prepare(world: World, record: JournalRecord): Prepared {
  if (record.type === 'mark') return { record, entry: null, telemetry: null, history: null }
  if (record.type !== 'telemetry' && record.type !== 'replay') {
    const entry = world.devices.get(parseTopic(record.topic)?.deviceId ?? '') ?? null
    return { record, entry, telemetry: null, history: null }
  }
  const message = messageOf(record)
  const { entry, kind } = addressee(world, message.topic)
  const decoded = decodeMessage(entry, kind, message)
  return {
    record,
    entry,
    telemetry: { record, message, entry, kind, decoded },
    history: entry === null ? null : historyNeeded(entry, decoded),
  }
}

/** Whose message it is, and the kind that its topic names. */
function addressee(world: World, topic: string): { entry: DeviceEntry | null; kind: string } {
  const known = world.byTopic.get(topic)
  if (known !== undefined) return { entry: known, kind: known.device.kind }
  const parsed = parseTopic(topic)
  const entry = world.devices.get(parsed?.deviceId ?? '') ?? null
  return { entry, kind: parsed?.kind ?? 'unknown' }
}

function decodeMessage(entry: DeviceEntry | null, kind: string, message: Message): DecodedMessage {
  if (entry === null || entry.kind === null || entry.device.kind !== kind) {
    return { readings: [], rejections: [rejection('DEVICE_UNKNOWN')] }
  }
  const decoded = entry.kind.decode(message.payload, message.receivedAt)
  const { indices } = message
  if (indices === null) return decoded
  return {
    readings: decoded.readings.filter((reading) => indices.has(reading.index)),
    rejections: decoded.rejections.filter((r) => r.index === null || indices.has(r.index)),
  }
}

/** Chunks are needed only for readings that are not newer than everything seen before. */
function historyNeeded(entry: DeviceEntry, decoded: DecodedMessage): Prepared['history'] {
  const { latest, recent } = entry.state
  if (latest === null || recent.sealed === 0) return null
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const { ts } of decoded.readings) {
    if (ts === null || ts > latest.ts) continue
    from = Math.min(from, ts)
    to = Math.max(to, ts)
  }
  return from > to ? null : { deviceId: entry.device.id, from, to }
}

/** Second half: lets time come to the record, then takes it. */
export function step(world: World, prepared: Prepared, found: LookedUp, effects: Effects): void {
  const { record, entry, telemetry } = prepared
  effects.counters.records++
  // A mark says that we were away: it must act before the silences that our absence would cause.
  if (record.type === 'mark') applyMark(world, record, effects)
  // What time alone does at this very moment comes after the record: a reading knows better.
  advance(world, record.receivedAt - 1, effects)
  if (record.type === 'telemetry' && telemetry !== null) {
    applyTelemetry(world, telemetry, found.history, effects)
  } else if (record.type === 'replay' && telemetry !== null) {
    applyReplay(world, telemetry, found, effects)
  } else if (record.type === 'status') applyStatus(world, entry, record, effects)
  else if (record.type === 'presence') applyPresence(entry, record, effects)
  else if (record.type === 'reply') applyReply(world, entry, record, effects)
  // What operators do next comes after it.
  world.now = Math.max(world.now, record.receivedAt)
}
