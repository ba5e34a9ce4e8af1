import type { Instant } from './time.ts'

/**
 * One entry of the journal: what came, when, as bytes. Everything that changes the state of
 * devices, alerts or cases without an operator goes through the journal, so that a replay of it
 * gives the same again.
 */
export interface JournalRecord {
  /** Position in the journal, from 1, without gaps. */
  readonly seq: number
  readonly type: RecordType
  readonly receivedAt: Instant
  readonly topic: string
  readonly payload: Uint8Array
}

/** A record on its way in: the journal gives it its place. */
export type NewRecord = Omit<JournalRecord, 'seq'>

export const RECORD_TYPES = [
  /** Readings, as the device sent them. */
  'telemetry',
  /** `online` / `offline`, by the device or its will. */
  'status',
  /** The device's answer to a command. */
  'reply',
  /** The broker's word: payload `connected` or `disconnected`. */
  'presence',
  /** A quarantined message to be decoded again: payload is a `Replay` as JSON. */
  'replay',
  /** We were not listening until now: payload `started` or `resumed`. Silence is not counted before. */
  'mark',
] as const
export type RecordType = (typeof RECORD_TYPES)[number]

/** The message that a `replay` record brings back, whole: the quarantine may forget it. */
export interface Replay {
  readonly quarantineId: string
  readonly receivedAt: Instant
  readonly topic: string
  /** Places of the bad readings in the message's array; null: the whole message. */
  readonly indices: readonly number[] | null
  readonly payloadBase64: string
}

/** What a record holds once a replay is unwrapped: a message, and which of its readings. */
export interface Message {
  readonly receivedAt: Instant
  readonly topic: string
  readonly payload: Uint8Array
  readonly indices: ReadonlySet<number> | null
  readonly quarantineId: string | null
}

/** The message of a telemetry or replay record. */
export function messageOf(record: JournalRecord): Message {
  if (record.type !== 'replay') {
    const { receivedAt, topic, payload } = record
    return { receivedAt, topic, payload, indices: null, quarantineId: null }
  }
  // Written by ourselves, so the shape is known.
  const replay = JSON.parse(new TextDecoder().decode(record.payload)) as Replay
  return {
    receivedAt: replay.receivedAt,
    topic: replay.topic,
    payload: Uint8Array.from(atob(replay.payloadBase64), (c) => c.charCodeAt(0)),
    indices: replay.indices === null ? null : new Set(replay.indices),
    quarantineId: replay.quarantineId,
  }
}
