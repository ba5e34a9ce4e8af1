import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reading } from '../../../src/model/reading.ts'
import { RowPacker, rowWidth, startsByDevice } from '../../../src/store/sqlite/telemetry-rows.ts'

const LAYOUTS = [
  { kind: 'cover', fields: ['tiltDeg', 'open'] },
  { kind: 'dust', fields: ['pm10'] },
]

function reading(more: Partial<Reading>): Reading {
  return {
    deviceId: 'd-1',
    kind: 'cover',
    observedAt: 10,
    receivedAt: 20,
    seq: null,
    fields: {},
    unknownFields: [],
    ...more,
  }
}

test('a reading becomes a row of its kind; what it lacks is NaN, a switch is 0 or 1', () => {
  const packer = new RowPacker(LAYOUTS)
  packer.add(reading({ fields: { tiltDeg: 1.5, open: true }, seq: 7 }), 1)
  packer.add(reading({ kind: 'dust', fields: { pm10: 0 } }), 2)
  packer.add(reading({ fields: { open: false } }), 3)
  expect(packer.packs().map(({ kind, rows }) => [kind, ...rows])).toEqual([
    ['cover', 1, 10, 20, 7, 1.5, 1, 3, 10, 20, Number.NaN, Number.NaN, 0],
    ['dust', 2, 10, 20, Number.NaN, 0],
  ])
})

test('any number of rows is kept, and a kind without a table is told', () => {
  const packer = new RowPacker(LAYOUTS)
  for (let i = 0; i < 1000; i++) packer.add(reading({ observedAt: i }), i)
  const [pack] = packer.packs()
  const width = rowWidth({ kind: 'cover', fields: ['tiltDeg', 'open'] })
  expect(pack?.rows).toHaveLength(1000 * width)
  expect(pack?.rows.subarray(999 * width, 999 * width + 2)).toEqual(Float64Array.of(999, 999))
  expect(() => packer.add(reading({ kind: 'gone' }), 1)).toThrow('gone')
})

test('rows are written by device and time; of one moment in the order in which they came', () => {
  const rows = fc.array(fc.tuple(fc.nat(4), fc.nat(5)), { maxLength: 60 })
  fc.assert(
    fc.property(rows, (all) => {
      // Device, time, and the place in which it came.
      const numbers = Float64Array.from(all.flatMap(([device, ts], i) => [device, ts, i]))
      const expected = all
        .map(([device, ts], i) => ({ device, ts, at: 3 * i }))
        .sort((a, b) => a.device - b.device || a.ts - b.ts || a.at - b.at)
        .map(({ at }) => at)
      expect(startsByDevice(numbers, 3).flatMap(([, starts]) => starts)).toEqual(expected)
    }),
  )
})
