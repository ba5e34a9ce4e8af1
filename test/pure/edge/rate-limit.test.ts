import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RateLimit } from '../../../src/ingest/rate-limit.ts'

const FOREVER = Number.POSITIVE_INFINITY

test('a burst goes through at once, then a message waits for its turn', () => {
  const limit = new RateLimit(10)
  const waits = Array.from({ length: 23 }, () => limit.take('d', 0, 1000))
  expect(waits.slice(0, 20)).toEqual(Array(20).fill(0))
  expect(waits.slice(20)).toEqual([100, 200, 300])
})

test('a message that would wait too long is refused and takes no turn', () => {
  const limit = new RateLimit(10, 1)
  expect(limit.take('d', 0, 0)).toBe(0)
  expect(limit.take('d', 0, 0)).toBe(FOREVER)
  expect(limit.take('d', 0, 99)).toBe(FOREVER)
  expect(limit.take('d', 0, 100)).toBe(100)
  expect(limit.take('d', 200, 0)).toBe(0)
})

test('devices do not share, and a forgotten one begins anew', () => {
  const limit = new RateLimit(1, 1)
  expect([limit.take('a', 0, 0), limit.take('b', 0, 0)]).toEqual([0, 0])
  expect(limit.take('a', 0, 0)).toBe(FOREVER)
  limit.forget('a')
  expect(limit.take('a', 0, 0)).toBe(0)
})

test('in any span no more leave than the burst and what the rate allows', () => {
  const calls = fc.array(fc.tuple(fc.nat(300), fc.constantFrom(0, 50, 1000)), {
    minLength: 1,
    maxLength: 150,
  })
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 50 }), (all, rate) => {
      const limit = new RateLimit(rate)
      const left: number[] = []
      let now = 0
      for (const [gap, maxWait] of all) {
        now += gap
        const wait = limit.take('d', now, maxWait)
        expect(wait === FOREVER || (wait >= 0 && wait <= maxWait)).toBe(true)
        if (wait !== FOREVER) left.push(now + wait)
      }
      left.forEach((from, i) => {
        for (let j = i; j < left.length; j++) {
          const span = (left[j] as number) - from
          expect(j - i + 1).toBeLessThanOrEqual(2 * rate + (span * rate) / 1000 + 1e-6 + 1)
        }
      })
    }),
  )
})
