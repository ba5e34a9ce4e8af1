import { describe, expect, test } from 'vitest'
import { CommitWriter } from '../../../src/journal/commit-writer.ts'
import { FRAME_HEAD } from '../../../src/journal/frame.ts'

/** A disk that tells what it was asked, and takes as long as it is told. */
function aDisk() {
  const asked: string[] = []
  const disk = {
    tookMs: 0.5,
    fails: null as Error | null,
    takes: Number.POSITIVE_INFINITY,
    clock: 0,
    worked: 0,
    asked,
  }
  const take = (bytes: number) => {
    disk.clock += disk.tookMs
    return Math.min(bytes, disk.takes)
  }
  const writer = new CommitWriter({
    now: () => disk.clock,
    worked: () => disk.worked,
    write: ((
      _fd: number,
      _bytes: Buffer,
      _from: number,
      length: number,
      at: number,
      done: (error: Error | null, written: number) => void,
    ) => {
      asked.push(`pool ${length} at ${at}`)
      const written = take(length)
      done(disk.fails, written)
    }) as never,
    writeSync: ((_fd: number, _bytes: Buffer, _from: number, length: number, at: number) => {
      asked.push(`here ${length} at ${at}`)
      const written = take(length)
      if (disk.fails !== null) throw disk.fails
      return written
    }) as never,
  })
  const put = (bytes = 100) => {
    const answers: (Error | null)[] = []
    writer.put(3, Buffer.alloc(bytes), 4096, (error) => answers.push(error))
    expect(answers).toHaveLength(1)
    return { where: asked.splice(0), error: answers[0] as Error | null }
  }
  return { disk, put }
}

const HERE = ['here 100 at 4096']
const POOL = ['pool 100 at 4096']

describe('who writes a commit', () => {
  test('the pool, before anything is known of the disk; then the thread itself', () => {
    const { put } = aDisk()
    expect([put().where, put().where]).toEqual([POOL, HERE])
  })

  test('the pool, where the disk is slow', () => {
    const { disk, put } = aDisk()
    disk.tookMs = 5
    for (let i = 0; i < 20; i++) expect(put().where).toEqual(POOL)
  })

  test('the pool, for a large commit; it says nothing of the disk', () => {
    const { disk, put } = aDisk()
    put()
    disk.tookMs = 50
    expect(put(100_000).where).toEqual(['pool 100000 at 4096'])
    expect(put().where).toEqual(HERE)
  })

  test('after one stall the pool, until the average is low again', () => {
    const { disk, put } = aDisk()
    put()
    disk.tookMs = 100
    expect(put().where).toEqual(HERE)
    disk.tookMs = 0.5
    let inPool = 0
    while (put().where[0] === POOL[0]) inPool++
    expect(inPool).toBeGreaterThan(5)
    expect(inPool).toBeLessThan(30)
  })
})

test('the pool, while the thread has work enough without waiting for the disk', () => {
  const { disk, put } = aDisk()
  put()
  /** A second of 0.5 ms commits, each with so much work before it. */
  const second = (workMs: number) => {
    const where = Array.from({ length: 1_000 }, () => {
      disk.clock += Math.max(0.5, workMs)
      disk.worked += workMs
      const [first] = put().where
      // To write here is work as well, by the clock that counts it.
      if (first === HERE[0]) disk.worked += disk.tookMs
      return first
    })
    // It takes a moment to be seen.
    return new Set(where.slice(500))
  }
  expect(second(0.3)).toEqual(new Set(HERE))
  expect(second(9)).toEqual(new Set(POOL))
  expect(second(0.1)).toEqual(new Set(HERE))
})

describe.each(['fast', 'slow'])('a commit that fails on a %s disk', (pace) => {
  function failing() {
    const it = aDisk()
    it.disk.tookMs = pace === 'fast' ? 0.5 : 5
    it.put()
    return it
  }

  test('is told, and what got there is erased', () => {
    const { disk, put } = failing()
    disk.fails = new Error('no space left')
    const { where, error } = put()
    expect(error?.message).toBe('no space left')
    expect(where).toEqual([pace === 'fast' ? HERE[0] : POOL[0], `pool ${FRAME_HEAD} at 4096`])
  })

  test('so is one that was taken in part', () => {
    const { disk, put } = failing()
    disk.takes = 60
    const { where, error } = put()
    expect(error?.message).toBe('the disk took a part only')
    expect(where).toHaveLength(2)
  })
})
