import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedReadings } from '../../../src/model/packed-readings.ts'
import type { Reading } from '../../../src/model/reading.ts'
import {
  mergeRows,
  packRows,
  type RowPack,
  startsBySeries,
  stretchRows,
} from '../../../src/store/sqlite/telemetry-rows.ts'

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

test('rows are written by series and time; of one moment in the order in which they came', () => {
  const rows = fc.array(fc.tuple(fc.nat(4), fc.nat(5)), { maxLength: 60 })
  fc.assert(
    fc.property(rows, (all) => {
      // Device, time, and the place in which it came.
      const numbers = Float64Array.from(all.flatMap(([device, ts], i) => [device, ts, i]))
      const expected = all
        .map(([device, ts], i) => ({ device, ts, at: 3 * i }))
        .sort((a, b) => a.device - b.device || a.ts - b.ts || a.at - b.at)
        .map(({ at }) => at)
      expect(startsBySeries(numbers, 3).flatMap(([, starts]) => starts)).toEqual(expected)
    }),
  )
})

test('rows of one moment are one: the later value holds, the first receipt and seq', () => {
  const none = Number.NaN
  const rows = Float64Array.from(
    [
      [7, 10, 11, 1, 5, none],
      [7, 10, 12, 2, none, 6],
      [7, 10, 13, 3, 8, none],
      [7, 20, 21, 4, none, none],
    ].flat(),
  )
  const taken = stretchRows({ kind: 'cover', width: 6, rows }, [0, 6, 12, 18])
  expect([...taken]).toEqual([10, 11, 1, 8, 6, 20, 21, 4, none, none])
})

test('merged rows are in the order of time; those of the second list come later', () => {
  const times = fc.uniqueArray(fc.nat(30), { maxLength: 20 })
  fc.assert(
    fc.property(times, times, (first, second) => {
      const rowsOf = (all: readonly number[], value: number) =>
        Float64Array.from(all.toSorted((a, b) => a - b).flatMap((ts) => [ts, value, 0, value]))
      const merged = mergeRows(rowsOf(first, 1), rowsOf(second, 2), 4)
      const expected = [...new Set([...first, ...second])]
        .toSorted((a, b) => a - b)
        .flatMap((ts) => [ts, first.includes(ts) ? 1 : 2, 0, second.includes(ts) ? 2 : 1])
      expect([...merged]).toEqual(expected)
    }),
  )
})
