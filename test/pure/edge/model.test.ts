import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inRing } from '../../../src/model/city.ts'
import { deviceIdSchema, isDeviceId } from '../../../src/model/ids.ts'
import {
  DAY,
  HOUR,
  isoUtc,
  localDayCompact,
  localHour,
  parseDuration,
  parseIso,
  utcDay,
} from '../../../src/model/time.ts'
import { CHANNELS, deviceTopic, parseTopic } from '../../../src/model/topics.ts'

const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)

describe('ids and topics', () => {
  test('a topic reads back as it was built', () => {
    fc.assert(
      fc.property(ids, ids, fc.constantFrom(...CHANNELS), (kind, deviceId, channel) => {
        const topic = deviceTopic(kind, deviceId, channel)
        expect(parseTopic(topic)).toEqual({ kind, deviceId, channel })
      }),
    )
  })

  test('whatever reads as a topic is one that we would build', () => {
    const wild = fc.array(fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('v1', 'telemetry')))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          wild.map((levels) => levels.join('/')),
        ),
        (text) => {
          const topic = parseTopic(text)
          if (topic !== null)
            expect(deviceTopic(topic.kind, topic.deviceId, topic.channel)).toBe(text)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['dev-1', true],
    ['A.b_c-9', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['', false],
    ['-dev', false],
    ['.dev', false],
    ['dev/1', false],
    ['dev+', false],
    ['dev#', false],
    ['$dev', false],
    ['dev 1', false],
    ['dev\n', false],
    ['井盖', false],
  ])('device id %j: %s', (id, good) => {
    expect(isDeviceId(id)).toBe(good)
    expect(deviceIdSchema.safeParse(id).success).toBe(good)
  })
})

describe('time', () => {
  const instants = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') })

  test('ISO times read back as they were written', () => {
    fc.assert(
      fc.property(instants, (at) => {
        expect(parseIso(isoUtc(at))).toBe(at)
      }),
    )
  })

  test('an offset moves the text, not the moment', () => {
    const offset = fc.integer({ min: -23 * 60, max: 23 * 60 })
    fc.assert(
      fc.property(instants, offset, (at, minutes) => {
        fc.pre(at + minutes * 60_000 >= 0 && at < Date.parse('9999-01-01T00:00Z'))
        const sign = minutes < 0 ? '-' : '+'
        const two = (n: number) => String(n).padStart(2, '0')
        const size = Math.abs(minutes)
        const local = isoUtc(at + minutes * 60_000).slice(0, -1)
        expect(parseIso(`${local}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`)).toBe(at)
      }),
    )
  })

  test.each([
    ['2026-02-29T00:00:00Z', false],
    ['2028-02-29T00:00:00Z', true],
    ['2026-02-30T00:00:00+08:00', false],
    ['2026-04-31T00:00:00Z', false],
    ['2026-12-31T00:00:00Z', true],
    ['2026-00-10T00:00:00Z', false],
    ['2026-01-00T00:00:00Z', false],
    ['2026-01-10T00:00:00+25:00', false],
    ['2026-01-10T00:60:00Z', false],
  ])('%s is a date: %s', (text, real) => {
    expect(parseIso(text) !== null).toBe(real)
  })

  test.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['24h', DAY],
    ['7d', 7 * DAY],
    ['250ms', 250],
    ['', null],
    ['10', null],
    ['m', null],
    ['-1s', null],
    ['1 s', null],
    ['1w', null],
    ['1e3s', null],
  ])('duration %j', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  test('a day begins at midnight, in UTC and in China', () => {
    const midnight = Date.parse('2026-11-22T00:00:00Z')
    expect([utcDay(midnight - 1), utcDay(midnight)]).toEqual(['2026-11-21', '2026-11-22'])
    const there = midnight - 8 * HOUR
    expect([there - 1, there].map((at) => localDayCompact(at, 480))).toEqual([
      '20261121',
      '20261122',
    ])
    expect([there, there + 90 * 60_000].map((at) => localHour(at, 480))).toEqual([0, 1.5])
    expect(localHour(-1, 0)).toBeCloseTo(24, 5)
  })
})

test.each([
  [[0.5, 0.5], true],
  [[1.5, 0.5], false],
  [[-0.5, 0.5], false],
  [[0.5, 1.5], false],
  // In the notch of the U.
  [[0.5, 0.9], false],
] as const)('point %j lies in the ring: %s', (point, inside) => {
  const u = [
    [0, 0],
    [0, 1],
    [0.4, 1],
    [0.4, 0.7],
    [0.6, 0.7],
    [0.6, 1],
    [1, 1],
    [1, 0],
    [0, 0],
  ] as const
  expect(inRing(point, u)).toBe(inside)
})
