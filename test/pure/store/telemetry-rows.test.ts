import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedReadings } from '../../../src/model/packed-readings.ts'
import type { Reading } from '../../../src/model/reading.ts'
import { packRows, type RowPack, startsByDevice } from '../../../src/store/sqlite/telemetry-rows.ts'

const LAYOUTS = new Map([
  ['cover', { kind: 'cover', fields: ['tiltDeg', 'open'] }],
  ['dust', { kind: 'dust', fields: ['pm10'] }],
])

function reading(more: Partial<Reading>): Reading {
  return {
    deviceId: 'd-1',
    kind: 'cover',
    observedAt: 10,
    receivedAt: 20,
    seq: null,
    fields: {},
    ...more,
  }
}

/** Devices are called by their numbers here. */
function rowsOf(readings: readonly Reading[]): RowPack[] {
  return packRows(PackedReadings.of(readings), LAYOUTS, Number)
}

test('a reading becomes a row of its kind; what it lacks is NaN, a switch is 0 or 1', () => {
  const packs = rowsOf([
    reading({ deviceId: '1', fields: { tiltDeg: 1.5, open: true }, seq: 7 }),
    reading({ deviceId: '2', kind: 'dust', fields: { pm10: 0 } }),
    reading({ deviceId: '3', fields: { open: false } }),
  ])
  expect(packs.map(({ kind, rows }) => [kind, ...rows])).toEqual([
    ['cover', 1, 10, 20, 7, 1.5, 1, 3, 10, 20, Number.NaN, Number.NaN, 0],
    ['dust', 2, 10, 20, Number.NaN, 0],
  ])
})

test('rows of several commits are one run, whichever field each of them saw first', () => {
  const commits = [{ tiltDeg: 1 }, { open: true, tiltDeg: 2 }, { open: false }]
  const lists = commits.map((fields, i) =>
    PackedReadings.of([reading({ deviceId: String(i), fields })]),
  )
  const packs = packRows(PackedReadings.joined(lists), LAYOUTS, Number)
  expect(packs.map(({ rows }) => [...rows])).toEqual([
    [0, 1, Number.NaN, 1, 2, 1, 2, Number.NaN, 0].flatMap((value, i) =>
      i % 3 === 0 ? [value, 10, 20, Number.NaN] : [value],
    ),
  ])
})

test('a kind without a table is told', () => {
  expect(() => rowsOf([reading({ kind: 'gone' })])).toThrow('gone')
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
