import { type DecodedMessage, type DecodedReading, rejection } from '../decode/decode.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { LedgerCounts } from '../model/ledger.ts'
import { localId } from '../model/partition.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import type { Rejection } from '../model/reading.ts'
import { type JournalRecord, type Message, messageOf } from '../model/record.ts'
import type { SealedChunk } from '../model/seen.ts'
import type { Instant } from '../model/time.ts'
import { parseTopic } from '../model/topics.ts'
import { WHOLE } from '../model/verdicts.ts'
import { evaluateReading } from '../rules/evaluate.ts'
import { type Effects, ledgerOf, markChanged } from './effects.ts'
import { type Identity, isDuplicate, remember } from './recent.ts'
import { respond } from './respond.ts'
import { schedule } from './time.ts'
import { activeRules, type DeviceEntry, type World } from './world.ts'

/**
 * A telemetry message becomes accepted readings, duplicates and a quarantined message. Every
 * reading in it is exactly one of the three: that is the ledger's balance.
 */
export interface Telemetry {
  readonly record: JournalRecord
  readonly message: Message
  readonly entry: DeviceEntry | null
  /** As the topic names it, `unknown` where it names none. */
  readonly kind: string
  readonly decoded: DecodedMessage
}

export function applyTelemetry(
  world: World,
  telemetry: Telemetry,
  history: readonly SealedChunk[],
  effects: Effects,
): void {
  const { message, decoded, record } = telemetry
  const line = ledgerOf(effects, message.receivedAt, telemetry.kind)
  // The gateway counted one message; the ledger counts readings.
  line.expanded += decoded.readings.length + decoded.rejections.length - 1
  takeReadings(world, telemetry, history, line, effects)
  if (decoded.rejections.length === 0) return
  line.quarantined += decoded.rejections.length
  const quarantined = quarantine(quarantineId(world, record), message, decoded.rejections)
  effects.quarantined.push(quarantined)
  refuse(record, decoded.rejections, effects)
}

function refuse(record: JournalRecord, rejections: readonly Rejection[], effects: Effects): void {
  for (const { index } of rejections) effects.exceptions.refused.push([record.seq, index ?? WHOLE])
}

/** Decodes what was bad once more; what is good now is taken, the rest stays in the quarantine. */
export function applyReplay(
  world: World,
  telemetry: Telemetry,
  found: { history: readonly SealedChunk[]; quarantined: QuarantinedMessage | null },
  effects: Effects,
): void {
  const { message, record } = telemetry
  const before = effects.requarantined.get(message.quarantineId ?? '') ?? found.quarantined
  if (before === null || effects.requarantined.get(before.id) === null) {
    // Replayed twice: the first replay took it.
    effects.exceptions.refused.push([record.seq, WHOLE])
    return
  }
  // Its device is gone: the quarantine keeps what it knows of each reading.
  if (telemetry.entry?.device.kind !== telemetry.kind) {
    effects.exceptions.refused.push([record.seq, WHOLE])
    return
  }
  const decoded = stillBad(telemetry, before, effects)
  const line = ledgerOf(effects, message.receivedAt, telemetry.kind)
  const after = decoded.readings.length + decoded.rejections.length
  line.expanded += after - before.rejections.length
  line.quarantined += decoded.rejections.length - before.rejections.length
  takeReadings(world, { ...telemetry, decoded }, found.history, line, effects)
  markChanged(effects, telemetry.entry)
  refuse(record, decoded.rejections, effects)
  effects.requarantined.set(
    before.id,
    decoded.rejections.length === 0 ? null : quarantine(before.id, message, decoded.rejections),
  )
}

/** Without the readings that another replay, ordered before this one was done, has taken. */
function stillBad(
  { record, decoded }: Telemetry,
  before: QuarantinedMessage,
  effects: Effects,
): DecodedMessage {
  const bad = new Set(before.rejections.map((one) => one.index))
  if (bad.has(null)) return decoded
  const readings = decoded.readings.filter((one) => bad.has(one.index))
  for (const { index } of decoded.readings) {
    if (!bad.has(index)) effects.exceptions.refused.push([record.seq, index])
  }
  return { readings, rejections: decoded.rejections }
}

function takeReadings(
  world: World,
  { record, message, entry, decoded }: Telemetry,
  history: readonly SealedChunk[],
  line: LedgerCounts,
  effects: Effects,
): void {
  if (entry === null) return
  const { state } = entry
  effects.touched.add(entry)
  heard(entry, record)
  // An array is in no promised order; rules want time to go forward.
  const inOrder = decoded.readings.length > 1 ? byTime(decoded.readings) : decoded.readings
  for (const one of inOrder) {
    const observedAt = one.ts ?? implicitTime(entry, message.receivedAt)
    // What is newer than all before cannot be a redelivery.
    const newest = one.ts !== null && state.latest !== null && one.ts > state.latest.ts
    if (!newest && isDuplicate(state.recent, history, identityOf(one, observedAt))) {
      line.duplicate++
      effects.exceptions.refused.push([record.seq, one.index])
      continue
    }
    if (one.ts === null && observedAt !== message.receivedAt) {
      effects.exceptions.moved.push([record.seq, one.index, observedAt])
    }
    const taken = { record, message, one, observedAt }
    accept(entry, taken, effects)
    line.accepted++
    const chunk = take(world, entry, taken, effects)
    if (chunk !== null) effects.chunks.push({ deviceId: entry.device.id, chunk })
  }
  schedule(world, entry)
}

function heard({ state }: DeviceEntry, record: JournalRecord): void {
  state.lastSeenAt = Math.max(state.lastSeenAt ?? 0, record.receivedAt)
}

function identityOf(one: DecodedReading, at: Instant): Identity {
  return { at, hash: one.contentHash, seq: one.seq, implicit: one.ts === null }
}

/** Books a reading that is taken. */
function accept(
  entry: DeviceEntry,
  { message, one, observedAt }: Taken & { readonly message: Message },
  effects: Effects,
): void {
  effects.accepted.add({
    deviceId: entry.device.id,
    observedAt,
    receivedAt: message.receivedAt,
    seq: one.seq,
    values: one.values,
  })
  effects.counters.unknownFields += one.unknownFields.length
  const { latest } = entry.state
  if (latest !== null && observedAt < latest.ts) effects.counters.late++
}

/** A reading that was accepted, and the record that it came with. */
export interface Taken {
  readonly record: JournalRecord
  readonly one: DecodedReading
  readonly observedAt: Instant
}

/** What an accepted reading does to its device; returns the chunk of seen readings it filled. */
function take(
  world: World,
  entry: DeviceEntry,
  { record, one, observedAt }: Taken,
  effects: Effects,
): SealedChunk | null {
  const { state } = entry
  if (one.ts === null) state.implicitAt = observedAt
  const chunk = remember(state.recent, identityOf(one, observedAt))
  // Late: stored, but never "latest". The rules judge lateness by our clock as well: one reading
  // from a clock that was ahead must not make them deaf to the right ones that follow.
  const { latest } = state
  if (latest === null || observedAt >= latest.ts) {
    const sameMoment = latest !== null && latest.ts === observedAt
    const values = sameMoment ? latest.values.with(one.values) : one.values
    state.latest = { ts: observedAt, values }
  }
  if (!entry.device.enabled) return chunk
  const changes = evaluateReading(state.rules, activeRules(world, entry), {
    deviceId: entry.device.id,
    observedAt,
    // A replayed message is as old as it is: received now, it may raise only if it is fresh.
    receivedAt: record.receivedAt,
    values: one.values,
  })
  respond(world, entry, changes, effects)
  return chunk
}

/**
 * Takes the accepted readings of a telemetry record again, because the device's stored state is
 * from before it. The books know of them already, so only the device's state changes. What they
 * raised or cleared was stored with it; should they raise something now (the city's settings
 * have changed since), that is an effect as any other.
 */
export function takeAgain(
  world: World,
  entry: DeviceEntry,
  record: JournalRecord,
  readings: readonly Omit<Taken, 'record'>[],
  effects: Effects,
): void {
  heard(entry, record)
  for (const one of readings) take(world, entry, { record, ...one }, effects)
}

/** In order of time, those without a time last, as they came. */
export function byTime(readings: readonly DecodedReading[]): DecodedReading[] {
  return [...readings].sort((a, b) => (a.ts ?? Number.MAX_VALUE) - (b.ts ?? Number.MAX_VALUE))
}

/** The time of receipt stands in for a missing `ts`, a millisecond apart where two would meet. */
function implicitTime(entry: DeviceEntry, receivedAt: Instant): Instant {
  return Math.max(receivedAt, (entry.state.implicitAt ?? 0) + 1)
}

/** A message that is no telemetry and could not be understood: kept, outside the ledger. */
export function quarantineMessage(
  world: World,
  record: JournalRecord,
  code: ErrorCode,
  found: string | null,
): QuarantinedMessage {
  const where = found === null ? {} : { found }
  return quarantine(quarantineId(world, record), messageOf(record), [rejection(code, where)])
}

function quarantineId({ partition }: World, record: JournalRecord): string {
  return localId('q', record.seq, partition)
}

function quarantine(
  id: string,
  message: Message,
  rejections: readonly Rejection[],
): QuarantinedMessage {
  const first = rejections[0] as Rejection
  const topic = parseTopic(message.topic)
  return {
    id,
    receivedAt: message.receivedAt,
    topic: message.topic,
    kind: topic?.kind ?? 'unknown',
    deviceId: topic?.deviceId ?? '',
    payload: message.payload,
    code: first.code as ErrorCode,
    field: first.field,
    rejections,
  }
}
