import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TelemetryFeed } from '../../src/processor/telemetry-feed.ts'
import type { TelemetryWriter } from '../../src/processor/telemetry-writer.ts'
import type { TelemetryStore } from '../../src/store/telemetry-port.ts'

/** The feed's patience: what it does beside a store that is slow, away, or remote. */

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A writer whose batches are `size` records of one reading each; `plan` tells what happens. */
function feedOf(plan: {
  size?: number
  lingerMs?: number
  write?: () => Promise<void>
  prune?: () => void
}) {
  const log: string[] = []
  let cursor = 0
  const size = plan.size ?? 1
  const writer = {
    full: false,
    get cursor() {
      return cursor
    },
    async writeNext() {
      await plan.write?.()
      cursor += size
      return size
    },
  }
  const store = {
    async prune(before: number) {
      plan.prune?.()
      log.push(`prune ${before}`)
      return log.filter((line) => line.startsWith('prune')).length >= 2
    },
  } as unknown as TelemetryStore
  const feed = new TelemetryFeed({
    writer: writer as unknown as TelemetryWriter,
    store,
    lingerMs: () => plan.lingerMs ?? 0,
    onStored: (upTo) => log.push(`stored ${upTo}`),
    onTrouble: (message) => log.push(`trouble ${message}`),
  })
  return { feed, log, writer }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

describe('the telemetry feed', () => {
  test('stores batch after batch until it has reached the processor', async () => {
    const { feed, log } = feedOf({ size: 2 })
    feed.follow(4)
    await settle()
    expect(log).toEqual(['stored 2', 'stored 4'])
    feed.follow(5)
    await settle()
    expect(log).toHaveLength(3)
  })

  test('a store that never answers holds up nobody: to follow returns at once', async () => {
    const { feed, log } = feedOf({ write: () => new Promise(() => {}) })
    feed.follow(1)
    await settle()
    feed.follow(2)
    expect(log).toEqual([])
  })

  test('after a failure it pauses, longer each time, and goes on by itself', async () => {
    let away = true
    const moments: number[] = []
    const { feed, log } = feedOf({
      async write() {
        moments.push(performance.now())
        if (away) throw new Error('away')
      },
    })
    feed.follow(1)
    await vi.advanceTimersByTimeAsync(300_000)
    const pauses = moments.slice(1).map((at, i) => at - (moments[i] as number))
    expect(pauses.length).toBeGreaterThan(8)
    expect(pauses[0]).toBeGreaterThanOrEqual(250)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_001)
    expect(pauses.at(-1)).toBeGreaterThan(10_000)
    expect(new Set(log)).toEqual(new Set(['trouble away']))

    away = false
    await vi.advanceTimersByTimeAsync(31_000)
    expect(log.at(-1)).toBe('stored 1')
  })

  test('a failure with nothing to store is told to be over, too', async () => {
    let away = true
    const { feed, log } = feedOf({
      prune() {
        if (away) throw new Error('away')
      },
    })
    feed.prune(7)
    await settle()
    expect(log).toEqual(['trouble away'])
    away = false
    await vi.advanceTimersByTimeAsync(31_000)
    expect(log).toEqual(['trouble away', 'prune 7', 'stored 0', 'prune 7'])
  })

  test('news of work does not shorten the pause', async () => {
    let tries = 0
    const { feed } = feedOf({
      async write() {
        tries++
        throw new Error('away')
      },
    })
    feed.follow(1)
    await settle()
    for (let i = 2; i < 50; i++) feed.follow(i)
    await settle()
    expect(tries).toBe(1)
  })

  test('a small batch for a remote store waits for company, a stop does not', async () => {
    const { feed, log } = feedOf({ lingerMs: 200 })
    feed.follow(1)
    await settle()
    feed.follow(2)
    await vi.advanceTimersByTimeAsync(150)
    expect(log).toEqual(['stored 1'])
    await vi.advanceTimersByTimeAsync(60)
    expect(log).toEqual(['stored 1', 'stored 2'])
    feed.follow(3)
    await settle()
    expect(log).toHaveLength(2)
    await feed.close(5_000)
    expect(log).toEqual(['stored 1', 'stored 2', 'stored 3'])
  })

  test('who has all it can hold waits for no more company: the rules wait for it', async () => {
    const { feed, log, writer } = feedOf({ lingerMs: 1_000 })
    feed.follow(1)
    await settle()
    writer.full = true
    feed.follow(2)
    await settle()
    expect(log).toEqual(['stored 1', 'stored 2'])
  })

  test('a batch with more behind it waits for nothing', async () => {
    const { feed, log } = feedOf({ lingerMs: 200 })
    feed.follow(3)
    await settle()
    expect(log).toEqual(['stored 1', 'stored 2', 'stored 3'])
  })

  test('room is there when the writer holds less, or when the store fails', async () => {
    const answers: PromiseWithResolvers<void>[] = []
    const write = () => {
      const answer = Promise.withResolvers<void>()
      answers.push(answer)
      return answer.promise
    }
    const { feed, log, writer } = feedOf({ write })
    const room = () => feed.room().then(() => log.push('room'))
    room()
    await settle()
    expect(log.splice(0)).toEqual(['room'])

    feed.follow(3)
    writer.full = true
    room()
    await settle()
    expect(log).toEqual([])
    writer.full = false
    answers[0]?.resolve()
    await settle()
    expect(log.splice(0)).toEqual(['stored 1', 'room'])

    writer.full = true
    room()
    answers[1]?.reject(new Error('away'))
    await settle()
    expect(log.splice(0)).toEqual(['trouble away', 'room'])
    room()
    await settle()
    expect(log).toEqual(['room'])
  })

  test('a stop waits for a store that does not answer no longer than it was told', async () => {
    const { feed, log } = feedOf({ write: () => new Promise(() => {}) })
    feed.follow(1)
    await settle()
    const closed = feed.close(5_000).then(() => log.push('closed'))
    await vi.advanceTimersByTimeAsync(4_999)
    expect(log).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(log).toEqual(['closed'])
  })

  test('prunes step by step, when there is nothing to store', async () => {
    const { feed, log } = feedOf({})
    feed.prune(7)
    feed.follow(1)
    await settle()
    expect(log).toEqual(['stored 1', 'prune 7', 'prune 7'])
  })
})
