import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWorld, nextCaseNumber } from '../../../src/engine/world.ts'
import { cellOf, localId, nextNumber, ONE_CELL } from '../../../src/model/partition.ts'
import { DAY } from '../../../src/model/time.ts'
import { T0 } from '../../support/records.ts'
import { TEST_CITY } from '../../support/world.ts'

const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
const numbers = fc.integer({ min: 1, max: 64 })

test('a device belongs to one cell, whoever asks', () => {
  fc.assert(
    fc.property(ids, numbers, (id, cells) => {
      const cell = cellOf(id, cells)
      expect(cell).toBe(cellOf(`${id.slice(0, 1)}${id.slice(1)}`, cells))
      expect(Number.isInteger(cell) && cell >= 0 && cell < cells).toBe(true)
    }),
  )
})

const PINNED = { 3: [1, 1, 2, 1, 1, 0, 2], 16: [0, 13, 7, 7, 13, 3, 6] }

test('the cells of these devices never change: their data lies there', () => {
  const devices = ['wl-001', 'dust-42', 'mc-0007', 'tree_9', 'A', 'x.y-z', 'oil-fume-12345']
  expect(devices.map((id) => cellOf(id, 3))).toEqual(PINNED[3])
  expect(devices.map((id) => cellOf(id, 16))).toEqual(PINNED[16])
})

test('names that count up, as they do in a city, are spread evenly', () => {
  for (const cells of [2, 3, 4, 7, 16, 64]) {
    for (const name of [
      (n: number) => `wl-${n}`,
      (n: number) => `dust-${String(n).padStart(6, '0')}`,
      (n: number) => `42.${n * 64}`,
    ]) {
      const counts = Array<number>(cells).fill(0)
      const devices = 1_000 * cells
      for (let n = 0; n < devices; n++) {
        const cell = cellOf(name(n), cells)
        counts[cell] = (counts[cell] ?? 0) + 1
      }
      // 1000 each; six standard deviations of a fair die.
      for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(190)
    }
  }
})

test('numbers and names that cells give do not meet, and of one cell they are as ever', () => {
  fc.assert(
    fc.property(numbers, fc.nat(200), (of, each) => {
      const given = new Set<number | string>()
      for (let cell = 0; cell < of; cell++) {
        let last = 0
        for (let i = 1; i <= each; i++) {
          last = nextNumber(last, { cell, of })
          given.add(last)
          given.add(localId('q', i, { cell, of }))
        }
      }
      expect(given.size).toBe(2 * of * each)
    }),
  )
  expect([nextNumber(0, ONE_CELL), nextNumber(1, ONE_CELL)]).toEqual([1, 2])
  expect(localId('q', 7, ONE_CELL)).toBe('q-7')
})

test('case numbers of all cells are different, and begin anew with the day', () => {
  const of = 3
  const worlds = [0, 1, 2].map((cell) => createWorld(TEST_CITY, [], { cell, of }))
  const numbersAt = (at: number) => worlds.map((world) => nextCaseNumber(world, at).slice(-5))
  expect(numbersAt(T0)).toEqual(['00001', '00002', '00003'])
  expect(numbersAt(T0 + 1)).toEqual(['00004', '00005', '00006'])
  expect(numbersAt(T0 + DAY)).toEqual(['00001', '00002', '00003'])
  const alone = createWorld(TEST_CITY, [])
  const own = [0, 1, DAY].map((after) => nextCaseNumber(alone, T0 + after).slice(-5))
  expect(own).toEqual(['00001', '00002', '00001'])
})
