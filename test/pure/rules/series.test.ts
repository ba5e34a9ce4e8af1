import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WindowStatistic } from '../../../src/model/rule.ts'
import {
  addSample,
  BUCKETS,
  changeOver,
  createSeries,
  windowStatistic,
} from '../../../src/rules/series.ts'

/** A window of 240 buckets of a second each, so that a sample a second has a bucket of its own. */
const OVER = BUCKETS * 1000
const SHAPE = { over: OVER, maxGap: 20_000, firstGap: 5_000 }
const NUMBERS_A_BUCKET = 7

type Sample = readonly [at: number, value: number]

/** The definition, without buckets: samples in (at - over, at] and the time they speak for. */
const model = {
  inWindow: (samples: readonly Sample[], at: number) =>
    samples.filter(([time]) => time > at - OVER && time <= at),

  coverage(samples: readonly Sample[], at: number): number {
    let total = 0
    samples.forEach(([time], i) => {
      const before = samples[i - 1]?.[0]
      const gap = before === undefined ? SHAPE.firstGap : Math.min(time - before, SHAPE.maxGap)
      if (time > at - OVER) total += Math.min(gap, time - (at - OVER))
    })
    return total
  },

  statistic(samples: readonly Sample[], of: WindowStatistic, at: number): number | null {
    const values = model.inWindow(samples, at).map(([, value]) => value)
    if (values.length === 0) return null
    const sorted = values.toSorted((a, b) => a - b)
    const middle = (sorted.length - 1) / 2
    switch (of) {
      case 'mean':
        return values.reduce((a, b) => a + b, 0) / values.length
      case 'median':
        return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
      case 'min':
        return Math.min(...values)
      case 'max':
        return Math.max(...values)
    }
  },

  change(samples: readonly Sample[], at: number, minSpan: number): number | null {
    const last = samples.at(-1)
    const first = samples[0]
    if (last === undefined || first === undefined) return null
    const base = samples.filter(([time]) => time <= at - OVER).at(-1)
    if (base !== undefined) return last[1] - base[1]
    return at - first[0] < minSpan ? null : last[1] - first[1]
  },
}

/** Samples in whole seconds, at most one a second: many in a window, or a few windows of them. */
const samplesArbitrary = fc
  .constantFrom(3, 60)
  .chain((longestGap) =>
    fc.array(
      fc.tuple(fc.integer({ min: 1, max: longestGap }), fc.integer({ min: -100, max: 100 })),
      { minLength: 1, maxLength: 80, size: 'max' },
    ),
  )
  .map((steps) => {
    let at = 1_000_000
    return steps.map(([gap, value]): Sample => [(at += gap * 1000), value])
  })

function seriesOf(samples: readonly Sample[]) {
  const series = createSeries()
  for (const [at, value] of samples) addSample(series, at, value, SHAPE)
  return series
}

describe('a window equals its definition while every sample has a bucket of its own', () => {
  test.each<WindowStatistic>(['mean', 'median', 'min', 'max'])('%s', (statistic) => {
    fc.assert(
      fc.property(samplesArbitrary, fc.nat(OVER), (samples, later) => {
        const at = (samples.at(-1)?.[0] ?? 0) + later
        const value = windowStatistic(seriesOf(samples), statistic, { at, over: OVER, minValid: 0 })
        const expected = model.statistic(samples, statistic, at)
        if (expected === null) expect(value).toBeNull()
        else expect(value).toBeCloseTo(expected, 9)
      }),
    )
  })

  test('it is unknown exactly while its samples speak for less than is asked', () => {
    fc.assert(
      fc.property(
        samplesArbitrary,
        fc.nat(60_000),
        fc.integer({ min: 1, max: OVER }),
        (samples, later, minValid) => {
          const at = (samples.at(-1)?.[0] ?? 0) + later
          const value = windowStatistic(seriesOf(samples), 'max', { at, over: OVER, minValid })
          expect(value === null).toBe(model.coverage(samples, at) < minValid)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('change', () => {
    fc.assert(
      fc.property(samplesArbitrary, fc.nat(OVER), (samples, minSpan) => {
        const at = samples.at(-1)?.[0] ?? 0
        const change = changeOver(seriesOf(samples), { at, over: OVER, minSpan })
        expect(change).toBe(model.change(samples, at, minSpan))
      }),
      { numRuns: 300 },
    )
  })
})

describe('faster than its buckets', () => {
  const fast = fc.array(fc.tuple(fc.nat(700), fc.integer({ min: -100, max: 100 })), {
    minLength: 1,
    maxLength: 200,
  })

  test('mean, min and max still equal the definition where no bucket leaves the window', () => {
    fc.assert(
      fc.property(fast, (steps) => {
        let at = 1_000_000
        const samples = steps.map(([gap, value]): Sample => [(at += gap), value])
        const series = seriesOf(samples)
        for (const statistic of ['mean', 'min', 'max'] as const) {
          const value = windowStatistic(series, statistic, { at, over: OVER, minValid: 0 })
          expect(value).toBeCloseTo(model.statistic(samples, statistic, at) as number, 9)
        }
      }),
    )
  })

  test('a million samples cost no more memory than a window of buckets', () => {
    const series = createSeries()
    let most = 0
    for (let i = 0; i < 1_000_000; i++) {
      addSample(series, i * 7, i % 100, SHAPE)
      most = Math.max(most, series.rows.length)
    }
    expect(most).toBeGreaterThan(BUCKETS * NUMBERS_A_BUCKET)
    expect(most).toBeLessThanOrEqual((BUCKETS + 2) * NUMBERS_A_BUCKET)
  })
})

test('a sample older than the newest is not taken', () => {
  const series = seriesOf([
    [10_000, 1],
    [20_000, 2],
  ])
  const before = structuredClone(series)
  addSample(series, 19_999, 99, SHAPE)
  expect(series).toEqual(before)
})

test('an empty series knows nothing', () => {
  expect(windowStatistic(createSeries(), 'mean', { at: 0, over: 1, minValid: 0 })).toBeNull()
  expect(changeOver(createSeries(), { at: 0, over: 1, minSpan: 0 })).toBeNull()
})
