import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../simulators/random.ts'

const draw = (count: number, ...path: (string | number)[]) => {
  const random = createRandom(7, ...path)
  return Array.from({ length: count }, () => random.next())
}

describe('seeded random', () => {
  test('the same seed and path give the same numbers', () => {
    expect(draw(50, 'wl-0001', 'physics')).toEqual(draw(50, 'wl-0001', 'physics'))
  })

  test('another path or seed is another stream', () => {
    expect(draw(5, 'wl-0001')).not.toEqual(draw(5, 'wl-0002'))
    expect(createRandom(7, 'a').next()).not.toBe(createRandom(8, 'a').next())
  })

  test('first draws of neighbouring devices are spread evenly', () => {
    const firsts = Array.from({ length: 10_000 }, (_, i) => createRandom(1, `wl-${i}`).next())
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = firsts.filter((x) => x >= tenth / 10 && x < (tenth + 1) / 10).length / 10_000
      expect(share).toBeCloseTo(0.1, 1)
    }
  })

  test('uniform and normal have the moments they promise', () => {
    const random = createRandom(3)
    const uniform = Array.from({ length: 20_000 }, () => random.between(2, 4))
    const normal = Array.from({ length: 20_000 }, () => random.normal())
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(2)
    expect(Math.max(...uniform)).toBeLessThan(4)
    expect(mean(uniform)).toBeCloseTo(3, 1)
    expect(mean(normal)).toBeCloseTo(0, 1)
    expect(mean(normal.map((x) => x * x))).toBeCloseTo(1, 1)
  })

  test('nothing to pick from is a bug', () => {
    expect(() => createRandom(1).pick([])).toThrow(RangeError)
  })
})
