import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecoder, MAX_AGE, MAX_AHEAD, MAX_READINGS } from '../../../src/decode/decode.ts'
import { allFields } from '../../../src/model/device-kind.ts'
import { isErrorCode } from '../../../src/model/errors.ts'
import { PROBE } from '../../support/kind.ts'
import { T0 } from '../../support/records.ts'

const decode = createDecoder(PROBE)
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const one = (value: unknown) => decode(bytes(value), T0)
const codes = (value: unknown) => one(value).rejections.map((r) => [r.code, r.field, r.index])

/** Everything that holds of an answer, whatever came in. */
function checkAnswer(payload: Uint8Array): void {
  const { readings, rejections } = decode(payload, T0)
  expect(readings.length + rejections.length).toBeGreaterThan(0)
  const specs = allFields(PROBE)
  for (const reading of readings) {
    expect(Object.keys(reading.values.fields).some((name) => name in PROBE.fields)).toBe(true)
    for (const [name, value] of Object.entries(reading.values.fields)) {
      const spec = specs[name]
      if (spec?.type === 'switch') expect(typeof value).toBe('boolean')
      else {
        expect(value).toBeGreaterThanOrEqual(spec?.min as number)
        expect(value).toBeLessThanOrEqual(spec?.max as number)
      }
    }
    if (reading.ts !== null) {
      expect(Number.isSafeInteger(reading.ts)).toBe(true)
      expect(reading.ts).toBeGreaterThanOrEqual(T0 - MAX_AGE)
      expect(reading.ts).toBeLessThanOrEqual(T0 + MAX_AHEAD)
    }
    if (reading.seq !== null) expect(reading.seq).toBeGreaterThanOrEqual(0)
    expect(Number.isSafeInteger(reading.contentHash)).toBe(true)
  }
  for (const { code, found } of rejections) {
    expect(isErrorCode(code)).toBe(true)
    expect((found ?? '').length).toBeLessThanOrEqual(160)
  }
  const places = [...readings.map((r) => r.index), ...rejections.map((r) => r.index ?? 0)]
  expect(places.toSorted((a, b) => a - b)).toEqual(places.map((_, i) => i))
}

describe('decoding is total', () => {
  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), checkAnswer))
  })

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        checkAnswer(new TextEncoder().encode(json))
      }),
    )
  })

  test('near misses: objects with the right names and any values', () => {
    const value = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.string(),
      fc.constantFrom(null, [], {}, -0, '2026-11-22T00:00:00Z', T0, T0 - MAX_AGE),
    )
    const names = fc.constantFrom('level', 'flow', 'open', 'batteryPct', 'ts', 'seq', '__proto__')
    const near = fc.dictionary(names, value)
    fc.assert(
      fc.property(fc.oneof(near, fc.array(near, { maxLength: 5 })), (message) => {
        checkAnswer(bytes(message))
      }),
      { numRuns: 500 },
    )
  })

  test('a good message with one byte changed', () => {
    const good = bytes([
      { ts: T0, seq: 1, level: 42.5, open: true },
      { level: 3, note: 'é' },
    ])
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (place, byte) => {
        checkAnswer(good.with(place, byte))
      }),
      { numRuns: 500 },
    )
  })

  test('JSON nested a hundred thousand deep', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(decode(new TextEncoder().encode(deep), T0).rejections[0]?.code).toBe('NOT_A_READING')
  })
})

describe('what is refused, and why', () => {
  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'NOT_JSON'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'NOT_UTF8'],
    ['half a message', new TextEncoder().encode('{"level":'), 'NOT_JSON'],
    ['NaN', new TextEncoder().encode('{"level":NaN}'), 'NOT_JSON'],
    ['an array of none', bytes([]), 'EMPTY_ARRAY'],
    ['one too many', bytes(Array(MAX_READINGS + 1).fill({ level: 1 })), 'TOO_MANY_READINGS'],
  ])('%s: the whole message', (_name, payload, code) => {
    const { readings, rejections } = decode(payload, T0)
    expect(readings).toEqual([])
    expect(rejections).toEqual([expect.objectContaining({ code, index: null })])
  })

  test.each<[unknown, string, string | null]>([
    [7, 'NOT_A_READING', null],
    ['text', 'NOT_A_READING', null],
    [null, 'NOT_A_READING', null],
    [{}, 'NO_FIELDS', null],
    [{ batteryPct: 50 }, 'NO_FIELDS', null],
    [{ unknown: 1 }, 'NO_FIELDS', null],
    [{ level: '7' }, 'FIELD_TYPE', 'level'],
    [{ level: null }, 'FIELD_TYPE', 'level'],
    [{ level: [1] }, 'FIELD_TYPE', 'level'],
    [{ open: 1 }, 'FIELD_TYPE', 'open'],
    [{ open: 'true' }, 'FIELD_TYPE', 'open'],
    [{ level: 100.01 }, 'FIELD_RANGE', 'level'],
    [{ level: -0.01 }, 'FIELD_RANGE', 'level'],
    [{ level: 1, batteryPct: 101 }, 'FIELD_RANGE', 'batteryPct'],
    [{ level: 1, seq: -1 }, 'FIELD_RANGE', 'seq'],
    [{ level: 1, seq: 1.5 }, 'FIELD_RANGE', 'seq'],
    [{ level: 1, seq: '1' }, 'FIELD_TYPE', 'seq'],
  ])('%j: %s', (value, code, field) => {
    expect(codes(value)).toEqual([[code, field, 0]])
  })

  test('1e400 is no measurement', () => {
    const { rejections } = decode(new TextEncoder().encode('{"level":1e400}'), T0)
    expect(rejections[0]?.code).toBe('FIELD_RANGE')
  })

  test('a contradiction that the kind knows of', () => {
    const strict = createDecoder({
      ...PROBE,
      implausible: ({ level, flow }) =>
        level === 0 && flow === 50 ? { field: 'flow', found: 'flows while dry' } : null,
    })
    expect(strict(bytes([{ level: 0, flow: 50 }, { level: 0 }]), T0)).toMatchObject({
      readings: [{ index: 1 }],
      rejections: [{ code: 'IMPLAUSIBLE', field: 'flow', found: 'flows while dry', index: 0 }],
    })
  })

  test('limits themselves are good, and so is the largest message', () => {
    expect(codes([{ level: 0 }, { level: 100 }, { flow: -50, rssiDbm: -150 }])).toEqual([])
    expect(one(Array(MAX_READINGS).fill({ level: 1 })).readings).toHaveLength(MAX_READINGS)
  })
})

test('a bad reading does not take the good ones of its message with it; places are kept', () => {
  const { readings, rejections } = one([{ level: 1 }, { level: 'x' }, { open: true }, 5])
  expect(readings.map((r) => r.index)).toEqual([0, 2])
  expect(rejections.map((r) => r.index)).toEqual([1, 3])
})

test('unknown fields are named and ignored', () => {
  const [reading] = one({ level: 1, colour: 'red', toString: 1, ts: T0, seq: 3 }).readings
  expect(reading?.unknownFields).toEqual(['colour', 'toString'])
  expect(reading?.values.fields).toEqual({ level: 1 })
})

describe('timestamps', () => {
  const NOON = Date.parse('2026-11-22T12:00:00Z')
  const at = (ts: unknown) => {
    const { readings, rejections } = decode(bytes({ ts, level: 1 }), NOON)
    return readings[0]?.ts ?? rejections[0]?.code
  }

  test.each<[unknown, number]>([
    [NOON, NOON],
    ['2026-11-22T12:00:00Z', NOON],
    ['2026-11-22T12:00Z', NOON],
    ['2026-11-22t12:00:00z', NOON],
    ['2026-11-22T20:00:00+08:00', NOON],
    ['2026-11-22T20:00:00+0800', NOON],
    ['2026-11-22T11:59:59.5Z', NOON - 500],
    ['2026-11-22T11:59:59.123456789Z', NOON - 877],
    [NOON + MAX_AHEAD, NOON + MAX_AHEAD],
    [NOON - MAX_AGE, NOON - MAX_AGE],
  ])('%j is taken', (ts, expected) => {
    expect(at(ts)).toBe(expected)
  })

  test.each<[unknown, string]>([
    ['2026-11-22T12:00:00', 'TIMESTAMP_FORMAT'],
    ['2026-11-22', 'TIMESTAMP_FORMAT'],
    ['2026-11-22 12:00:00Z', 'TIMESTAMP_FORMAT'],
    ['2026-11-31T12:00:00Z', 'TIMESTAMP_FORMAT'],
    ['2026-13-01T12:00:00Z', 'TIMESTAMP_FORMAT'],
    ['2026-11-22T25:00:00Z', 'TIMESTAMP_FORMAT'],
    ['1795348800000', 'TIMESTAMP_FORMAT'],
    ['yesterday', 'TIMESTAMP_FORMAT'],
    [NOON + 0.5, 'TIMESTAMP_FORMAT'],
    [1e300, 'TIMESTAMP_FORMAT'],
    [null, 'TIMESTAMP_FORMAT'],
    [true, 'TIMESTAMP_FORMAT'],
    [NOON + MAX_AHEAD + 1, 'TIMESTAMP_FUTURE'],
    [NOON - MAX_AGE - 1, 'TIMESTAMP_PAST'],
    [NOON / 1000, 'TIMESTAMP_PAST'],
    [0, 'TIMESTAMP_PAST'],
  ])('%j: %s', (ts, code) => {
    expect(at(ts)).toBe(code)
  })
})

describe('identity of content', () => {
  const content = fc.record(
    {
      seq: fc.nat(2),
      level: fc.constantFrom(0, 1, 2, 12),
      flow: fc.constantFrom(0, 1, 2),
      open: fc.boolean(),
      batteryPct: fc.constantFrom(0, 1),
    },
    { requiredKeys: ['level'] },
  )
  const hash = (value: unknown) => one(value).readings[0]?.contentHash
  const sorted = (value: object) => JSON.stringify(Object.entries(value).toSorted())

  test('equal exactly where fields and seq are equal', () => {
    fc.assert(
      fc.property(content, content, (a, b) => {
        expect(hash(a) === hash(b)).toBe(sorted(a) === sorted(b))
      }),
      { numRuns: 2000 },
    )
  })

  test('the order of fields, the time and unknown fields do not matter', () => {
    fc.assert(
      fc.property(content, fc.integer(), (a, salt) => {
        const turned = Object.fromEntries(Object.entries(a).reverse())
        expect(hash({ ...turned, ts: T0 - (salt & 0xffff), extra: salt })).toBe(hash(a))
      }),
    )
  })
})
