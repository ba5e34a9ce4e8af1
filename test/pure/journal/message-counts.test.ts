import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageCounts, Totals } from '../../../src/journal/message-counts.ts'
import type { MessageCount } from '../../../src/journal/port.ts'
import { DAY, HOUR, utcDay } from '../../../src/model/time.ts'

/** What the ledger's first column is made of: messages per UTC day and kind. */

const T0 = Date.parse('2026-11-23T22:00:00Z')
const kind = fc.constantFrom('dust', 'cover', 'tree')
/** Messages as they came, in commits, some an hour apart. */
const commits = fc.array(fc.array(fc.tuple(kind, fc.constantFrom(0, 1, HOUR, DAY))), {
  maxLength: 12,
})

/** Adds up lines of the same day and kind, in no order. */
function sums(lines: readonly MessageCount[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { day, kind, messages } of lines) {
    sums[`${day} ${kind}`] = (sums[`${day} ${kind}`] ?? 0) + messages
  }
  return sums
}

test('each commit has the counts of its own messages, each day and kind once', () => {
  fc.assert(
    fc.property(commits, (all) => {
      const counts = new MessageCounts()
      let now = T0
      for (const commit of all) {
        const expected: MessageCount[] = []
        for (const [kind, later] of commit) {
          now += later
          counts.add(now, kind)
          expected.push({ day: utcDay(now), kind, messages: 1 })
        }
        const taken = counts.take()
        expect(sums(taken)).toEqual(sums(expected))
        expect(taken).toHaveLength(Object.keys(sums(expected)).length)
      }
    }),
  )
})

test('totals are the sums of all commits, and know what came since an earlier one', () => {
  fc.assert(
    fc.property(commits, fc.nat(12), (all, place) => {
      const counts = new MessageCounts()
      const [earlier, totals] = [new Totals(), new Totals()]
      const parts: MessageCount[][] = [[], []]
      let now = T0
      for (const [i, commit] of all.entries()) {
        for (const [kind, later] of commit) {
          now += later
          counts.add(now, kind)
        }
        const taken = counts.take()
        totals.set(totals.with(taken))
        if (i < place) earlier.set(earlier.with(taken))
        parts[i < place ? 0 : 1]?.push(...taken)
      }
      expect(sums(totals.list())).toEqual(sums(parts.flat()))
      expect(sums(totals.since(earlier))).toEqual(sums(parts[1] as MessageCount[]))
    }),
  )
})

test('no message is lost where a commit is of today, of yesterday, and of today again', () => {
  const counts = new MessageCounts()
  const totals = new Totals()
  for (const at of [T0 + DAY, T0, T0 + DAY, T0 + DAY]) counts.add(at, 'dust')
  totals.set(totals.with(counts.take()))
  expect(sums(totals.list())).toEqual({ '2026-11-23 dust': 1, '2026-11-24 dust': 3 })
})
