import { decodeReply, decodeStatus } from '../decode/control.ts'
import type { JournalRecord } from '../model/record.ts'
import { type Effects, markChanged } from './effects.ts'
import { quarantineMessage } from './telemetry.ts'
import { schedule } from './time.ts'
import type { DeviceEntry, World } from './world.ts'

/** Records that are not telemetry: who is there, what a device answered, where we were away. */

const text = new TextDecoder()

/** The device's own word, or its will's. Anything but the two words is kept in the quarantine. */
export function applyStatus(
  world: World,
  entry: DeviceEntry | null,
  record: JournalRecord,
  effects: Effects,
): void {
  const status = decodeStatus(record.payload)
  if (status === null) {
    const found = text.decode(record.payload).slice(0, 160)
    effects.quarantined.push(quarantineMessage(world, record, 'STATUS_UNKNOWN', found))
  } else if (entry !== null) setOnline(entry, status === 'online', record, effects)
}

/** The broker saw the connection come or go: this is what `online` rests on. */
export function applyPresence(
  entry: DeviceEntry | null,
  record: JournalRecord,
  effects: Effects,
): void {
  if (entry === null) return
  setOnline(entry, text.decode(record.payload) === 'connected', record, effects)
}

function setOnline(
  entry: DeviceEntry,
  online: boolean,
  record: JournalRecord,
  effects: Effects,
): void {
  entry.state.online = online
  if (online) entry.state.lastSeenAt = Math.max(entry.state.lastSeenAt ?? 0, record.receivedAt)
  markChanged(effects, entry)
  effects.presence.add(entry)
}

/** The device's answer to a command. An answer to nothing we wait for is ignored: it is late. */
export function applyReply(
  world: World,
  entry: DeviceEntry | null,
  record: JournalRecord,
  effects: Effects,
): void {
  const reply = decodeReply(record.payload)
  if (reply === null) {
    effects.quarantined.push(quarantineMessage(world, record, 'REPLY_INVALID', null))
    return
  }
  const command = world.commands.get(reply.id)
  if (command === undefined || entry === null || command.deviceId !== entry.device.id) return
  world.commands.delete(command.id)
  effects.commands.set(command.id, {
    ...command,
    state: reply.ok ? 'acknowledged' : 'failed',
    endedAt: record.receivedAt,
    detail: reply.detail ?? null,
  })
}

/** Commands that nobody answered in time are expired. */
export function expireCommands(world: World, effects: Effects): void {
  for (const command of world.commands.values()) {
    if (command.expiresAt > world.now) continue
    world.commands.delete(command.id)
    effects.commands.set(command.id, { ...command, state: 'expired', endedAt: command.expiresAt })
  }
}

/**
 * We were not listening until now: no silence is counted before this moment. After a start
 * nobody is connected either; the broker will say who comes back.
 */
export function applyMark(world: World, record: JournalRecord, effects: Effects): void {
  world.silenceFloor = Math.max(world.silenceFloor, record.receivedAt)
  const started = text.decode(record.payload) === 'started'
  for (const entry of world.devices.values()) {
    if (started && entry.state.online) {
      entry.state.online = false
      markChanged(effects, entry)
    }
    schedule(world, entry)
  }
}
