import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedReadings } from '../../../src/model/packed-readings.ts'
import type { Reading } from '../../../src/model/reading.ts'

/** Two kinds; of each field its kind says whether it is a switch, and a reading may lack any. */
const common = {
  deviceId: fc.constantFrom('a', 'b', '井盖-1'),
  observedAt: fc.nat({ max: 4e12 }),
  receivedAt: fc.nat({ max: 4e12 }),
  seq: fc.option(fc.maxSafeNat()),
}
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const cover = fc.record({
  ...common,
  kind: fc.constant('cover'),
  fields: fc.record({ tiltDeg: number, open: fc.boolean(), waterCm: number }, { requiredKeys: [] }),
})
const dust = fc.record({
  ...common,
  kind: fc.constant('dust'),
  fields: fc.record({ pm10: number, tsp: number }, { requiredKeys: [] }),
})
const readings: fc.Arbitrary<Reading[]> = fc.array(fc.oneof(cover, dust), { maxLength: 300 })

function byKind(all: readonly Reading[]): Reading[] {
  const kinds = [...new Set(all.map(({ kind }) => kind))]
  return kinds.flatMap((kind) => all.filter((one) => one.kind === kind))
}

test('readings come back as they were, kind by kind, in their order', () => {
  fc.assert(
    fc.property(readings, (all) => {
      const packed = PackedReadings.of(all)
      expect([...packed]).toEqual(byKind(all))
      expect(packed).toHaveLength(all.length)
      expect(packed.deviceIds()).toEqual(new Set(all.map(({ deviceId }) => deviceId)))
    }),
  )
})

test('several lists are one: the first of them, then the next', () => {
  fc.assert(
    fc.property(fc.array(readings, { maxLength: 4 }), (lists) => {
      const joined = PackedReadings.joined(lists.map((one) => PackedReadings.of(one)))
      expect([...joined]).toEqual(lists.flatMap(byKind))
      expect(joined).toHaveLength(lists.flat().length)
    }),
  )
})

test('a list that is packed is not packed again', () => {
  const packed = new PackedReadings()
  expect(PackedReadings.of(packed)).toBe(packed)
})

test('a sample has one out of so many, and of each kind the first', () => {
  const made = (kind: string, observedAt: number): Reading => ({
    ...{ deviceId: 'a', kind, observedAt, receivedAt: 0, seq: null, fields: {} },
  })
  const all = [...Array(7).keys()].flatMap((i) => [made('cover', i), made('dust', 10 * i)])
  const times = PackedReadings.of(all)
    .sample(3)
    .map(({ observedAt }) => observedAt)
  expect(times).toEqual([0, 3, 6, 0, 30, 60])
})
