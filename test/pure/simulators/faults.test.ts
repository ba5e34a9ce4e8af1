import { describe, expect, test } from 'vitest'
import { FaultLine } from '../../../simulators/fault-line.ts'
import { type FaultSettings, parseFaults } from '../../../simulators/faults.ts'
import { createRandom } from '../../../simulators/random.ts'

const always = (duration = 0) => ({ probability: 1, duration })
const lineOf = (settings: FaultSettings) =>
  new FaultLine<string>(settings, createRandom(1, 'faults'))

describe('faults on the command line', () => {
  test('all of them, with and without a duration', () => {
    const text = 'drop=0.01,duplicate=0.02,delay=0.05:30s,skew=0.01:20m,burst=0.01,reboot=0.001'
    expect(parseFaults(text)).toEqual({
      ok: true,
      value: {
        drop: { probability: 0.01, duration: 0 },
        duplicate: { probability: 0.02, duration: 0 },
        delay: { probability: 0.05, duration: 30_000 },
        skew: { probability: 0.01, duration: 1_200_000 },
        burst: { probability: 0.01, duration: 120_000 },
        reboot: { probability: 0.001, duration: 30_000 },
      },
    })
  })

  test.each([
    ['wet=0.1', 'there are drop, duplicate, delay, skew, burst, reboot'],
    ['drop=1.5', 'a probability from 0 to 1'],
    ['drop', 'a probability from 0 to 1'],
    ['drop=', 'a probability from 0 to 1'],
    ['delay=0.1:soon', '"soon" is no duration'],
    ['drop=0.1:30s', 'drop takes no duration'],
    ['drop=0.1,drop=0.2', 'given twice'],
    ['drop=0.1=2', 'two "="'],
  ])('%s is refused', (text, words) => {
    const parsed = parseFaults(text)
    expect(parsed.ok).toBe(false)
    expect(!parsed.ok && parsed.error).toContain(words)
  })
})

describe('the fault line', () => {
  test('without faults a message leaves at once', () => {
    const line = lineOf({})
    expect(line.push('a', 1_000)).toBe(true)
    expect(line.release(1_000)).toEqual(['a'])
    expect(line.isEmpty).toBe(true)
    expect(line.skew).toBe(0)
    expect(line.powerFailure()).toBeNull()
  })

  test('drop loses the message and says so', () => {
    const line = lineOf({ drop: always() })
    expect(line.push('a', 0)).toBe(false)
    expect(line.release(1e9)).toEqual([])
  })

  test('duplicate sends the same twice', () => {
    const line = lineOf({ duplicate: always() })
    line.push('a', 0)
    expect(line.release(0)).toEqual(['a', 'a'])
  })

  test('delay lets others overtake', () => {
    const line = lineOf({ delay: always(30_000) })
    line.push('a', 0)
    expect(line.release(29_999)).toEqual([])
    expect(line.release(30_000)).toEqual(['a'])
  })

  test('burst keeps everything of its time and sends it at once, in order', () => {
    const line = lineOf({ burst: always(60_000) })
    line.push('a', 0)
    line.push('b', 20_000)
    expect(line.release(59_999)).toEqual([])
    line.push('c', 59_999)
    expect(line.release(60_000)).toEqual(['a', 'b', 'c'])
  })

  test('faults compose: each copy is delayed', () => {
    const line = lineOf({ duplicate: always(), delay: always(5_000) })
    line.push('a', 0)
    expect(line.release(5_000)).toEqual(['a', 'a'])
  })

  test('skew is the same for good, ahead for some devices and behind for others', () => {
    const skews = Array.from({ length: 50 }, (_, i) => {
      return new FaultLine({ skew: always(1_200_000) }, createRandom(i)).skew
    })
    expect(new Set(skews)).toEqual(new Set([1_200_000, -1_200_000]))
  })

  test('a power failure takes what is held', () => {
    const line = lineOf({ delay: always(5_000), reboot: always(30_000) })
    line.push('a', 0)
    expect(line.powerFailure()).toBe(30_000)
    expect(line.clear()).toBe(1)
    expect(line.release(1e9)).toEqual([])
  })

  test('probabilities hold, and a seed gives the same faults again', () => {
    const lost = () => {
      const line = lineOf({ drop: { probability: 0.2, duration: 0 } })
      return Array.from({ length: 5_000 }, (_, i) => line.push(`${i}`, i))
    }
    const first = lost()
    expect(first.filter((kept) => !kept).length / 5_000).toBeCloseTo(0.2, 1)
    expect(lost()).toEqual(first)
  })
})
