import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../../src/decode/decode.ts'
import { ABSENT, FlatReader, NUMBER, SWITCH, TEXT } from '../../../src/decode/flat-reader.ts'
import { PROBE } from '../../support/kind.ts'
import { T0 } from '../../support/records.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What the reader makes of a text; null where it leaves it to JSON.parse. */
function read(text: string): Record<string, unknown> | null {
  const names = ['ts', 'a', 'on']
  const reader = new FlatReader(names)
  if (!reader.read(bytes(text))) return null
  const values: Record<string, unknown> = {}
  for (const [i, name] of names.entries()) {
    const value = reader.values[i] as number
    if (reader.given[i] === NUMBER) values[name] = value
    if (reader.given[i] === SWITCH) values[name] = value === 1
    if (reader.given[i] === TEXT) values[name] = reader.text
    expect([ABSENT, NUMBER, SWITCH, TEXT]).toContain(reader.given[i])
  }
  return values
}

describe('the flat reader', () => {
  test.each([
    '{"ts":1700000000123,"a":1.5,"on":true}',
    ' {\n"on" : false ,\t"a": -0.25 , "ts":"2026-11-22T08:15:00+08:00" } \r\n',
    '{"a":0}',
    '{"a":-0}',
    '{"a":0.1}',
    '{"a":9007199254740991}',
    '{"a":123456.789012345}',
    '{"a":0.0000000000000000000001}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(read(text)).toEqual(JSON.parse(text))
  })

  test.each([
    '',
    '{}',
    '[{"a":1}]',
    '{"a":1',
    '{"a":1}x',
    '{"a":1,}',
    '{"a" 1}',
    '{"a":}',
    '{"a":+1}',
    '{"a":01}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":-}',
    '{"a":1e3}',
    '{"a":NaN}',
    '{"a":null}',
    '{"a":"1"}',
    '{"a":tru}',
    '{"a":truely}',
    '{"a":1,"a":2}',
    '{"a":1,"other":2}',
    '{"\\u0061":1}',
    '{"ts":"2026\\u002d"}',
    '{"ts":"\u00e9"}',
    '{"ts":"2026}',
    '\ufeff{"a":1}',
    '{"a":9007199254740993}',
    '{"a":0.00000000000000000000001}',
  ])('leaves %s to JSON.parse', (text) => {
    expect(read(text)).toBeNull()
  })

  const LONELY = '{"a":1}'
  test.each([
    [`xx${LONELY}xx`, 2, 9, true],
    [`${LONELY} \n,`, 0, 9, true],
    // Whatever lies behind a message is not a part of it, whether it goes on as JSON or not.
    [`${LONELY}  x`, 0, 8, true],
    ['{"a":12}', 0, 7, false],
    ['{"a":1}', 0, 6, false],
    ['{"a":1 }', 0, 6, false],
    ['{"a":1,"on":true}', 0, 6, false],
    ['{"a":1', 0, 6, false],
    ['  ', 0, 1, false],
    ['{"a":1}', 7, 7, false],
  ])('of %j takes what lies from %i to %i, as a view: %s', (text, from, to, taken) => {
    expect(new FlatReader(['a', 'on']).read(bytes(text).subarray(from, to))).toBe(taken)
  })

  test('numbers are the same double as from JSON.parse, to the last bit', () => {
    const upTo = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) })
    const decimal = fc
      .tuple(fc.boolean(), fc.oneof(...[20, 52, 54, 60].map(upTo)), fc.nat({ max: 25 }))
      .map(([minus, digits, scale]) => {
        const text = digits.toString().padStart(scale + 1, '0')
        const [whole, rest] = [text.slice(0, text.length - scale), text.slice(text.length - scale)]
        return `${minus ? '-' : ''}${whole}${rest === '' ? '' : '.'}${rest}`
      })
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(decimal, fc.double({ noNaN: true }).map(String)), (number) => {
        const values = read(`{"a":${number}}`)
        if (values === null) return
        taken++
        expect(Object.is(values['a'], JSON.parse(number))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(500)
  })
})

/**
 * A reading alone may be read flat, one in an array never is: what comes of both must be the same,
 * whatever was sent.
 */
describe('a reading alone and the same in an array', () => {
  const decode = createDecoder(PROBE)
  const both = (text: string) => {
    const alone = decode(bytes(text), T0)
    const inArray = decode(bytes(`[${text}]`), T0)
    expect(alone).toEqual(inArray)
    return alone
  }
  const names = ['ts', 'seq', ...Object.keys(PROBE.fields), 'batteryPct', 'rssiDbm', 'other']
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: -200, max: 600, noNaN: true }).map(String) },
    { weight: 4, arbitrary: fc.integer({ min: -10, max: 120 }).map(String) },
    { weight: 3, arbitrary: fc.constantFrom('true', 'false') },
    { weight: 2, arbitrary: fc.integer({ min: -400_000, max: 400_000 }).map((d) => `${T0 + d}`) },
    { weight: 1, arbitrary: fc.constant(`"${new Date(T0).toISOString()}"`) },
    { weight: 1, arbitrary: fc.constantFrom('null', '"x"', '{}', '1e2', '-0', '1e400') },
  )
  const space = fc.constantFrom('', '', ' ', '\n\t')
  const object = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names, 'level'), value, space), {
      minLength: 1,
      maxLength: 5,
      // Now and then a name comes twice.
      comparator: (a, b) => a[0] === b[0] && a[0] !== 'flow',
    })
    .map(
      (all) => `{${all.map(([name, given, gap]) => `${gap}"${name}"${gap}:${given}`).join(',')}}`,
    )

  test('come to the same reading or the same rejection', () => {
    let [accepted, rejected] = [0, 0]
    fc.assert(
      fc.property(object, (text) => {
        if (both(text).readings.length === 1) accepted++
        else rejected++
      }),
      { numRuns: 10_000 },
    )
    // The property must have seen both sorts, or it has shown nothing.
    expect(Math.min(accepted, rejected)).toBeGreaterThan(300)
  })

  test('a decoder that has seen other orders of names understands each of them', () => {
    const [first, second] = Object.keys(PROBE.fields) as [string, string]
    for (const text of [`{"${first}":1,"seq":1}`, `{"seq":1,"${first}":1}`, `{"${second}":1}`]) {
      for (let i = 0; i < 3; i++) both(text)
    }
  })
})
