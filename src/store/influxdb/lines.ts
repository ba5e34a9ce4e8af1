import { allFields, type DeviceKind } from '../../model/device-kind.ts'
import type { Reading } from '../../model/reading.ts'

/**
 * Readings as line protocol, as docs/influxdb.md lays them out. Plain string building: this is
 * done for every reading. Whatever a name or a value is, a line is one point and no number in it
 * is anything but a finite float.
 */
export interface LineEncoder {
  /** True where the kind is one of the catalogue's: others have no line. */
  knows(kind: string): boolean
  /** The point of a reading, in milliseconds, without an end of line. */
  line(reading: Reading, district: string): string
}

/** The district of what no district holds. */
export const NO_DISTRICT = 'none'

export function createLineEncoder(kinds: readonly DeviceKind[]): LineEncoder {
  const layouts = new Map(kinds.map((kind) => [kind.name, layoutOf(kind)]))
  return {
    knows: (kind) => layouts.has(kind),
    line(reading, district) {
      const layout = layouts.get(reading.kind)
      if (layout === undefined) throw new Error(`no measurement for kind ${reading.kind}`)
      return encode(layout, reading, district)
    },
  }
}

interface Layout {
  readonly start: string
  readonly fields: readonly (readonly [name: string, key: string])[]
}

function layoutOf(kind: DeviceKind): Layout {
  const fields = Object.keys(allFields(kind)).map((name) => [name, `,${escapeTag(name)}=`] as const)
  return { start: `${escapeTag(kind.name)},device=`, fields }
}

function encode(layout: Layout, reading: Reading, district: string): string {
  // `receivedAt` is first: a point needs a field, and this one is always there.
  let line = `${layout.start}${escapeTag(reading.deviceId)},district=${escapeTag(district)} receivedAt=${reading.receivedAt}`
  if (reading.seq !== null) line += `,seq=${reading.seq}`
  const values = reading.fields
  for (const [name, key] of layout.fields) {
    const value = values[name]
    if (typeof value === 'number') {
      if (Number.isFinite(value)) line += key + value
    } else if (value !== undefined) {
      line += key + (value ? '1' : '0')
    }
  }
  return `${line} ${reading.observedAt}`
}

/**
 * The value that a tag has in InfluxDB for this text. Line protocol cannot write a line break, and
 * not a backslash before the end, which would swallow the comma: they are replaced, never dropped.
 */
export function tagValue(text: string): string {
  if (PLAIN.test(text)) return text
  const line = text.replaceAll(CONTROL, ' ').replace(/\\+$/, (run) => '＼'.repeat(run.length))
  return line === '' ? NO_DISTRICT : line
}

/** Escapes a tag value, tag key, field key or measurement of line protocol. */
export function escapeTag(text: string): string {
  return PLAIN.test(text) ? text : tagValue(text).replaceAll(/[,= ]/g, '\\$&')
}

/** What nearly every name is: nothing to escape. */
const PLAIN = /^[A-Za-z0-9_.-]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/g
