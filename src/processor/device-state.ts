import type { DeviceState } from '../engine/world.ts'
import { ByteReader, ByteWriter } from '../model/bytes.ts'
import { packSeen, SEEN_WIDTH, unpackSeen } from '../model/seen.ts'
import { packSeries, type Series, unpackSeries } from '../rules/series.ts'

/**
 * A device's state as it is stored with every commit that touches it, so as few bytes as can be
 * had cheaply:
 *
 *   u8 version | text: JSON of what is small
 *   varint number of readings seen | the readings seen
 *   varint number of windows | for each: text: its name | the window
 *
 * Version 1 had the windows in its JSON and the readings seen up to the end. JSON alone is what
 * was before.
 */
const VERSION = 2
const BRACE = 0x7b

const decoder = new TextDecoder()
/** Filled anew for every device. */
const writer = new ByteWriter()

export function encodeDeviceState(state: DeviceState): Uint8Array {
  const { recent, rules, ...rest } = state
  // Mostly the reading evaluated last is the newest one: then it is written once.
  const { series, reading, ...memory } = rules
  const same = state.latest !== null && reading === state.latest.fields
  const small = same || reading === undefined ? memory : { ...memory, reading }
  writer.byte(VERSION)
  writer.text(JSON.stringify({ ...rest, sealed: recent.sealed, rules: small, same }))
  writer.varint(recent.rows.length / SEEN_WIDTH)
  packSeen(recent.rows, writer)
  const windows = Object.entries(series)
  writer.varint(windows.length)
  for (const [name, window] of windows) {
    writer.text(name)
    packSeries(window, writer)
  }
  return writer.take()
}

export function decodeDeviceState(bytes: Uint8Array): DeviceState {
  if (bytes[0] === BRACE) return JSON.parse(decoder.decode(bytes)) as DeviceState
  const reader = new ByteReader(bytes)
  const version = reader.byte()
  if (version !== 1 && version !== VERSION) throw new Error(`device state of version ${version}`)
  const { sealed, same, ...rest } = JSON.parse(reader.text()) as Omit<DeviceState, 'recent'> & {
    sealed: number
    same: boolean
  }
  if (same) rest.rules.reading = (rest.latest as NonNullable<DeviceState['latest']>).fields
  if (version === 1) return { ...rest, recent: { rows: unpackSeen(reader), sealed } }
  const recent = { rows: unpackSeen(reader, reader.varint()), sealed }
  const series: Record<string, Series> = {}
  for (let left = reader.varint(); left > 0; left--) series[reader.text()] = unpackSeries(reader)
  return { ...rest, recent, rules: { ...rest.rules, series } }
}
