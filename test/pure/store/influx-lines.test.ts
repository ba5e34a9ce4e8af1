import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLineEncoder, escapeTag, tagValue } from '../../../src/store/influxdb/lines.ts'
import { PROBE } from '../../support/kind.ts'

/** Readings as line protocol: whatever is in them, one line is one point and says the same. */

const encoder = createLineEncoder([PROBE])

/** Reads a line as InfluxDB's scanner does: a separator counts where no backslash is before it. */
function parse(line: string) {
  expect(line).not.toMatch(/[\n\r]/)
  const [head, fields, time, ...rest] = line.split(/(?<!\\) /)
  expect(rest).toEqual([])
  const [measurement, ...tags] = (head as string).split(/(?<!\\),/)
  const pairs = (list: string[]) =>
    list.map((pair) => {
      const [key, value, ...more] = pair.split(/(?<!\\)=/)
      expect(more).toEqual([])
      return [unescaped(key as string), unescaped(value as string)] as const
    })
  return {
    measurement: unescaped(measurement as string),
    tags: pairs(tags),
    fields: pairs((fields as string).split(/(?<!\\),/)),
    time: Number(time),
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/\\([,= ])/g, '$1')
}

const names = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', ',', '=', ' ', '\n', '\r', '"', "'", '#', 'a', '区', '＼'),
  }),
)
const values = fc.record(
  {
    level: fc.double(),
    flow: fc.constantFrom(0, -0, 1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY, -12.5),
    open: fc.boolean(),
    batteryPct: fc.integer(),
    unheardOf: fc.double(),
  },
  { requiredKeys: [] },
)

test('a line holds what the reading holds, and nothing else', () => {
  fc.assert(
    fc.property(
      names,
      names,
      values,
      fc.option(fc.nat()),
      fc.nat(),
      (id, district, fields, seq, at) => {
        const reading = {
          deviceId: id,
          kind: 'probe',
          observedAt: at,
          receivedAt: at + 7,
          seq,
          fields,
          unknownFields: [],
        }
        const point = parse(encoder.line(reading, district))
        expect(point.measurement).toBe('probe')
        expect(point.tags).toEqual([
          ['device', tagValue(id)],
          ['district', tagValue(district)],
        ])
        expect(point.time).toBe(at)
        const expected = Object.entries({ receivedAt: at + 7, seq, ...fields })
          .filter(([name, value]) => value !== null && name !== 'unheardOf')
          .map(([name, value]) => [name, Number(value)] as const)
          .filter(([, value]) => Number.isFinite(value))
          // Line protocol has one zero.
          .map(([name, value]) => [name, value === 0 ? 0 : value])
        const found = point.fields.map(([name, value]) => [name, Number(value)])
        expect(new Map(found as [string, number][])).toEqual(
          new Map(expected as [string, number][]),
        )
      },
    ),
    { numRuns: 500 },
  )
})

test('a tag keeps its text; what line protocol cannot write is replaced', () => {
  expect(tagValue('District 1, "north" = a\\b 区')).toBe('District 1, "north" = a\\b 区')
  expect(tagValue('ends in \\\\')).toBe('ends in ＼＼')
  expect(tagValue('a\nb')).toBe('a b')
  expect(tagValue('')).toBe('none')
  expect(escapeTag('a\\,b')).toBe('a\\\\,b')
})

test('a kind without a layout has no line', () => {
  expect(encoder.knows('probe')).toBe(true)
  expect(encoder.knows('unheard-of')).toBe(false)
})
