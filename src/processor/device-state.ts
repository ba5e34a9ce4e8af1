import type { Recent } from '../engine/recent.ts'
import { type DeviceState, latestByName } from '../engine/world.ts'
import { ByteReader, ByteWriter } from '../model/bytes.ts'
import type { Fields } from '../model/reading.ts'
import { packSeen, SEEN_WIDTH, unpackSeen } from '../model/seen.ts'
import type { Instant } from '../model/time.ts'
import { FieldTable, Values } from '../model/values.ts'
import { packSeries, type Series, unpackSeries } from '../rules/series.ts'
import type { RuleMemory } from '../rules/state.ts'

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
  const { recent, rules, latest, ...rest } = state
  // Mostly the reading evaluated last is the newest one: then it is written once.
  const { series, reading, ...memory } = rules
  const same = latest !== null && reading === latest.values
  const small = {
    ...rest,
    latest: latestByName(state),
    sealed: recent.sealed,
    rules: same || reading === null ? memory : { ...memory, reading: reading.fields },
    same,
  }
  writer.byte(VERSION)
  writer.text(JSON.stringify(small))
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

/** As in JSON: what was measured is by name. */
interface StoredState extends Omit<DeviceState, 'latest' | 'recent' | 'rules'> {
  readonly latest: { readonly ts: Instant; readonly fields: Fields } | null
  readonly rules: Omit<RuleMemory, 'reading' | 'series'> & { readonly reading?: Fields }
}

/** All of it in JSON, as it was before there were versions. */
interface FirstState extends StoredState {
  readonly recent: Recent
  readonly rules: StoredState['rules'] & { readonly series: RuleMemory['series'] }
}

/** `kind`: the name of the device's kind; `table`: its fields, null where the kind is not there. */
export function decodeDeviceState(
  bytes: Uint8Array,
  kind: string,
  table: FieldTable | null,
): DeviceState {
  const whole = (stored: StoredState, recent: Recent, series: RuleMemory['series'], same = false) =>
    withValues(stored, { recent, series, same }, table ?? tableOf(kind, stored))
  if (bytes[0] === BRACE) {
    const first = JSON.parse(decoder.decode(bytes)) as FirstState
    return whole(first, first.recent, first.rules.series)
  }
  const reader = new ByteReader(bytes)
  const version = reader.byte()
  if (version !== 1 && version !== VERSION) throw new Error(`device state of version ${version}`)
  const { sealed, same, ...stored } = JSON.parse(reader.text()) as StoredState & {
    sealed: number
    same: boolean
  }
  if (version === 1) {
    const { series } = stored.rules as FirstState['rules']
    return whole(stored, { rows: unpackSeen(reader), sealed }, series, same)
  }
  const recent = { rows: unpackSeen(reader, reader.varint()), sealed }
  const series: Record<string, Series> = {}
  for (let left = reader.varint(); left > 0; left--) series[reader.text()] = unpackSeries(reader)
  return whole(stored, recent, series, same)
}

/** `same`: the reading evaluated last is the newest one. */
function withValues(
  stored: StoredState,
  more: { recent: Recent; series: RuleMemory['series']; same: boolean },
  table: FieldTable,
): DeviceState {
  const { online, lastSeenAt, implicitAt, rules } = stored
  const latest = stored.latest && {
    ts: stored.latest.ts,
    values: Values.of(table, stored.latest.fields),
  }
  const own = rules.reading === undefined ? null : Values.of(table, rules.reading)
  const reading = more.same && latest !== null ? latest.values : own
  const { recent, series } = more
  return { online, lastSeenAt, latest, implicitAt, recent, rules: { ...rules, reading, series } }
}

/** The kind is gone: what its device measured last is still shown. */
function tableOf(kind: string, { latest, rules }: StoredState): FieldTable {
  return FieldTable.seenIn(kind, [latest?.fields ?? {}, rules.reading ?? {}])
}
