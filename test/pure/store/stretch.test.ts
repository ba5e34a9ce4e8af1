import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteWriter } from '../../../src/model/bytes.ts'
import { decodeStretch, encodeStretch } from '../../../src/store/sqlite/stretch.ts'

/** Readings as few bytes: they come back as the same doubles, whatever a sensor may send. */

const T = Date.UTC(2026, 10, 29)
const NONE = Number.NaN
const writer = new ByteWriter()

function bytesOf(rows: readonly (readonly number[])[]): Uint8Array {
  return encodeStretch(Float64Array.from(rows.flat()), rows[0]?.length ?? 0, writer)
}

function through(rows: readonly (readonly number[])[], width = rows[0]?.length ?? 0): number[] {
  return [...decodeStretch(bytesOf(rows), width)]
}

test('readings come back as they were', () => {
  const rows = [
    [T, T + 180, 41, 12.3, 1, NONE],
    [T + 5_000, T + 5_170, 42, 12.3, 0, -0.001],
    [T + 5_001, T + 5_000, NONE, 1e300, NONE, NONE],
  ]
  expect(through(rows)).toEqual(rows.flat())
})

test('a stretch of before a field was added has rows with room for it', () => {
  expect(through([[T, T, 1, 5]], 6)).toEqual([T, T, 1, 5, NONE, NONE])
})

test('an hour of a dust monitor, eight fields every minute, takes 18 bytes a reading', () => {
  const rows = Array.from({ length: 60 }, (_, i) => {
    const value = (n: number) => Math.round(300 + 40 * Math.sin(i * n)) / 10
    const fields = Array.from({ length: 8 }, (_, n) => value(n + 1))
    return [T + i * 60_000, T + i * 60_000 + 150 + (i % 7), 100 + i, ...fields]
  })
  const perReading = bytesOf(rows).length / rows.length
  expect(perReading).toBeGreaterThan(14)
  expect(perReading).toBeLessThan(18.5)
})

test('whatever the numbers, they come back as the same doubles', () => {
  const value = fc.oneof(
    fc.integer({ min: -10_000, max: 10_000 }).map((n) => n / 10),
    fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000),
    fc.double({ noNaN: true }),
    fc.constantFrom(
      0,
      1,
      NONE,
      2 ** 51,
      2 ** 53,
      -(2 ** 51) - 1,
      0.1 + 0.2,
      123_456_789.123_456_79,
    ),
  )
  const column = fc.oneof(
    value.map((one) => fc.constant(one)),
    fc.constant(value),
  )
  const stretch = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.array(column, { maxLength: 4 }))
  const rows = stretch.chain(([count, columns]) =>
    fc.array(
      fc.tuple(
        fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
        fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
        fc.oneof(fc.constant(NONE), fc.nat()),
        ...columns,
      ),
      { minLength: count, maxLength: count },
    ),
  )
  fc.assert(
    fc.property(rows, (all) => {
      // Minus zero is no value of a sensor's of its own.
      expect(through(all).map((one) => one + 0)).toEqual(all.flat().map((one) => one + 0))
    }),
    { numRuns: 500 },
  )
})
