import { eachRecent, type Identity, type Recent, recentFrom } from '../engine/recent.ts'
import type { DeviceState } from '../engine/world.ts'

/**
 * A device's state as it is stored with every commit that touches it, so as few bytes as can be
 * had cheaply:
 *
 *   u8 version | u32 length of the JSON | JSON of all but the readings seen | the readings seen
 *
 * Each reading seen:
 *
 *   u8 flags | f64 hash of its content | varint | varint
 *
 * The varints are the differences of its time and of its number to those of the one before; their
 * signs are in the flags. Little endian. JSON alone is what earlier versions have written.
 */
const VERSION = 1
const HEAD = 5
const BRACE = 0x7b
/** Flags, a double, two varints of 53 bits. */
const ENTRY_MAX = 1 + 8 + 8 + 8
const NO_SEQ = -1

const IMPLICIT = 1
const EARLIER = 2
const LOWER = 4

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** Filled anew for every device. */
let scratch = new DataView(new ArrayBuffer(64 * 1024))

export function encodeDeviceState(state: DeviceState): Uint8Array {
  const { recent, rules, ...rest } = state
  // Mostly the reading evaluated last is the newest one: then it is written once.
  const { reading, ...memory } = rules
  const same = state.latest !== null && reading === state.latest.fields
  const json = JSON.stringify({
    ...rest,
    sealed: recent.sealed,
    rules: same ? memory : rules,
    same,
  })
  const count = recent.rows.length
  const needed = HEAD + 3 * json.length + count * ENTRY_MAX
  if (needed > scratch.byteLength) scratch = new DataView(new ArrayBuffer(2 * needed))
  const bytes = new Uint8Array(scratch.buffer)
  const { written } = encoder.encodeInto(json, bytes.subarray(HEAD))
  scratch.setUint8(0, VERSION)
  scratch.setUint32(1, written, true)
  return bytes.slice(0, packRecent(recent, HEAD + written))
}

export function decodeDeviceState(bytes: Uint8Array): DeviceState {
  if (bytes[0] === BRACE) return JSON.parse(decoder.decode(bytes)) as DeviceState
  if (bytes[0] !== VERSION) throw new Error(`device state of version ${bytes[0]}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = HEAD + view.getUint32(1, true)
  const { sealed, same, ...rest } = JSON.parse(decoder.decode(bytes.subarray(HEAD, end))) as Omit<
    DeviceState,
    'recent'
  > & { sealed: number; same: boolean }
  if (same) rest.rules.reading = (rest.latest as NonNullable<DeviceState['latest']>).fields
  return { ...rest, recent: recentFrom(unpackRecent(view, end), sealed) }
}

/** Writes the readings seen from `at` on; returns where they end. */
function packRecent(recent: Recent, from: number): number {
  let at = from
  let lastAt = 0
  let lastSeq = 0
  eachRecent(recent, (one) => {
    const seq = one.seq ?? NO_SEQ
    const later = one.at - lastAt
    const higher = seq - lastSeq
    const flags =
      (one.implicit ? IMPLICIT : 0) | (later < 0 ? EARLIER : 0) | (higher < 0 ? LOWER : 0)
    scratch.setUint8(at, flags)
    scratch.setFloat64(at + 1, one.hash, true)
    at = putVarint(at + 9, Math.abs(later))
    at = putVarint(at, Math.abs(higher))
    lastAt = one.at
    lastSeq = seq
  })
  return at
}

function unpackRecent(view: DataView, from: number): Identity[] {
  const all: Identity[] = []
  const place = { at: from }
  let at = 0
  let seq = 0
  while (place.at < view.byteLength) {
    const flags = view.getUint8(place.at)
    const hash = view.getFloat64(place.at + 1, true)
    place.at += 9
    at += takeVarint(view, place) * ((flags & EARLIER) === 0 ? 1 : -1)
    seq += takeVarint(view, place) * ((flags & LOWER) === 0 ? 1 : -1)
    all.push({ at, hash, seq: seq === NO_SEQ ? null : seq, implicit: (flags & IMPLICIT) !== 0 })
  }
  return all
}

/** Seven bits a byte, lowest first. By division: a time has more bits than operators on bits. */
function putVarint(from: number, value: number): number {
  let at = from
  let rest = value
  while (rest >= 0x80) {
    scratch.setUint8(at++, (rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  scratch.setUint8(at++, rest)
  return at
}

function takeVarint(view: DataView, place: { at: number }): number {
  let value = 0
  for (let scale = 1; ; scale *= 0x80) {
    const byte = view.getUint8(place.at++)
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
  }
}
