import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRecent, type Identity, isDuplicate, remember } from '../../../src/engine/recent.ts'
import type { SealedChunk } from '../../../src/model/seen.ts'
import { MINUTE } from '../../../src/model/time.ts'

const explicit = fc.record({
  at: fc.nat(40),
  hash: fc.nat(3),
  seq: fc.option(fc.nat(3)),
  implicit: fc.constant(false),
})

/** Takes identities one after the other, as the engine does; gives which were new. */
function take(all: readonly Identity[]) {
  const recent = createRecent()
  const chunks: SealedChunk[] = []
  const fresh = all.map((one) => {
    const history = chunks.filter((chunk) => chunk.from <= one.at && one.at <= chunk.to)
    if (isDuplicate(recent, history, one)) return false
    const sealed = remember(recent, one)
    if (sealed !== null) chunks.push(sealed)
    return true
  })
  return { fresh, recent, chunks }
}

const same = (a: Identity, b: Identity) =>
  a.at === b.at && (a.hash === b.hash || (a.seq !== null && a.seq === b.seq))

test('a reading is new exactly where none of those taken before is the same', () => {
  fc.assert(
    fc.property(fc.array(explicit, { maxLength: 200, size: 'max' }), (all) => {
      const taken: Identity[] = []
      const expected = all.map((one) => {
        if (taken.some((before) => same(before, one))) return false
        taken.push(one)
        return true
      })
      expect(take(all).fresh).toEqual(expected)
    }),
    { numRuns: 100 },
  )
})

test('a thousand readings later the first is still recognised, from its sealed chunk', () => {
  const all = Array.from({ length: 1000 }, (_, i) => ({
    at: i,
    hash: i,
    seq: null,
    implicit: false,
  }))
  const { fresh, recent, chunks } = take([...all, ...all])
  expect(fresh.filter(Boolean)).toHaveLength(1000)
  expect(recent.sealed).toBe(chunks.length)
  expect(chunks.length).toBeGreaterThan(15)
  expect(recent.rows.length).toBeLessThan(65 * 4)
})

describe('without a time', () => {
  const one = (at: number, more: Partial<Identity> = {}): Identity => ({
    at,
    hash: 1,
    seq: 7,
    implicit: true,
    ...more,
  })

  test.each<[string, Identity, boolean]>([
    ['the same again at once', one(1), false],
    ['the same again ten minutes later', one(10 * MINUTE), false],
    ['the same again after more', one(10 * MINUTE + 1), true],
    ['other content', one(1, { hash: 2 }), true],
    ['another number', one(1, { seq: 8 }), true],
    ['a number is needed to tell', one(1, { seq: null }), true],
    ['a time makes it another', one(1, { implicit: false }), true],
  ])('%s', (_name, second, isNew) => {
    expect(take([one(0), second]).fresh).toEqual([true, isNew])
  })
})
