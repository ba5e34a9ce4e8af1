import { expect, test } from 'vitest'
import { GiveWay } from '../../../src/store/sqlite/give-way.ts'

/** A clock that is looked at twice where a pause was made, once where none was. */
function clock() {
  let now = 0
  const looks: number[] = []
  const giveWay = new GiveWay(() => {
    looks.push(now)
    return now
  })
  return {
    giveWay,
    pausesAt(ms: number): boolean {
      now = ms
      looks.length = 0
      giveWay.pause()
      return looks.length === 2
    },
  }
}

test('who has computed for 0.3 ms pauses, and then not for another 0.3 ms', () => {
  const { pausesAt } = clock()
  const rounds = Array.from({ length: 12 }, (_, i) => i / 10)
  expect(rounds.filter(pausesAt)).toEqual([0, 0.3, 0.6, 0.9])
})

test('who is behind does not pause', () => {
  const { giveWay, pausesAt } = clock()
  expect(pausesAt(0)).toBe(true)
  giveWay.hurried = true
  expect(pausesAt(100)).toBe(false)
  giveWay.hurried = false
  expect(pausesAt(100)).toBe(true)
})
