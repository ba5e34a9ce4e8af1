import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DueQueue } from '../../../src/engine/due-queue.ts'

const entries = fc.array(fc.record({ at: fc.nat(20), name: fc.constantFrom('a', 'b', 'c', 'd') }), {
  maxLength: 60,
})

function takeAll(queue: DueQueue, until: number) {
  const taken: { at: number; name: string }[] = []
  for (let one = queue.takeDue(until); one !== null; one = queue.takeDue(until)) taken.push(one)
  return taken
}

const inOrder = (all: readonly { at: number; name: string }[]) =>
  all.toSorted((x, y) => x.at - y.at || (x.name < y.name ? -1 : Number(x.name > y.name)))

test('what is due comes out as if sorted by time, then name; the rest stays', () => {
  fc.assert(
    fc.property(entries, fc.nat(20), (all, until) => {
      const queue = new DueQueue()
      for (const { at, name } of all) queue.push(at, name)
      const sorted = inOrder(all)
      expect(takeAll(queue, until)).toEqual(sorted.filter(({ at }) => at <= until))
      expect(queue.size).toBe(sorted.filter(({ at }) => at > until).length)
      expect(takeAll(queue, 20)).toEqual(sorted.filter(({ at }) => at > until))
    }),
    { numRuns: 500 },
  )
})

test('pushing and taking in turns keeps the order', () => {
  const turns = fc.array(fc.oneof(fc.nat(20), fc.constant(null)), { maxLength: 100 })
  fc.assert(
    fc.property(turns, (all) => {
      const queue = new DueQueue()
      const model: number[] = []
      for (const at of all) {
        if (at !== null) {
          queue.push(at, 'x')
          model.push(at)
          continue
        }
        model.sort((a, b) => a - b)
        expect(queue.takeDue(20)?.at ?? null).toBe(model.shift() ?? null)
      }
    }),
  )
})
