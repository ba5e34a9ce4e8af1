import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Journal, JournalReader } from '../../src/journal/port.ts'
import type { NewRecord } from '../../src/model/record.ts'
import { until } from '../support/places.ts'
import { T0 } from '../support/records.ts'

/** One journal at one place, as an adapter gives it to the contract. */
export interface JournalPlace {
  open(): Promise<Journal>
  reader(): JournalReader
  /** Lets every write fail as a full disk would, until the function that it returns is called. */
  breakWrites(): () => void
}

/** What src/journal/port.ts promises, for any adapter: `place` gives a new, empty one. */
export function journalContract(name: string, place: () => JournalPlace): void {
  describe(`journal: ${name}`, () => {
    test('a new journal is empty', async () => {
      const at = place()
      const journal = await at.open()
      expect([journal.lastSeq, journal.openedAt, journal.pendingBytes]).toEqual([0, 0, 0])
      expect(at.reader().read(0, 1000)).toEqual([])
      expect(at.reader().counts(0)).toEqual({ received: [], backlog: [] })
      await journal.close()
    })

    test('what is acknowledged is read back whole, in order, numbered without gaps', async () => {
      const batches = fc.array(fc.array(records, { minLength: 1, maxLength: 8 }), { maxLength: 6 })
      await fc.assert(
        fc.asyncProperty(batches, fc.integer({ min: 1, max: 500 }), async (all, maxBytes) => {
          const at = place()
          const journal = await at.open()
          for (const batch of all) await appendAll(journal, batch)
          const expected = all.flat().map((one, i) => plain({ ...one, seq: i + 1 }))
          expect(journal.lastSeq).toBe(expected.length)
          expect(readAll(at.reader(), maxBytes)).toEqual(expected)
          await journal.close()
        }),
        { numRuns: 10 },
      )
    })

    test('acknowledgements come in the order of append, and only once readable', async () => {
      const at = place()
      const journal = await at.open()
      const reader = at.reader()
      const order: number[] = []
      const readable: boolean[] = []
      const all = Array.from({ length: 300 }, (_, i) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        journal.append(telemetry(i), (error) => {
          expect(error).toBeNull()
          order.push(i)
          readable.push(reader.read(0, 1e9).length > i)
          resolve()
        })
        return promise
      })
      await Promise.all(all)
      expect(order).toEqual(all.map((_, i) => i))
      expect(readable).toEqual(all.map(() => true))
      await journal.close()
    })

    test('after each commit the listeners hear its last number, after the acknowledgements', async () => {
      const at = place()
      const journal = await at.open()
      const heard: number[] = []
      let acknowledged = 0
      journal.onCommit((lastSeq) => {
        expect(acknowledged).toBe(lastSeq)
        heard.push(lastSeq)
      })
      for (let i = 0; i < 5; i++) {
        await appendAll(journal, [telemetry(i), telemetry(i)], () => acknowledged++)
      }
      await until(() => heard.at(-1) === 10)
      expect(heard).toEqual(heard.toSorted((a, b) => a - b))
      await journal.close()
    })

    test('each commit is told when it is settled, a failed one too, and less waits then', async () => {
      const at = place()
      const journal = await at.open()
      const settled: { answered: number; pendingBytes: number }[] = []
      let answered = 0
      journal.onSettled(() => settled.push({ answered, pendingBytes: journal.pendingBytes }))
      await appendAll(journal, [telemetry(1)], () => answered++)
      const mend = at.breakWrites()
      journal.append(telemetry(2), () => answered++)
      await until(() => settled.length === 2)
      mend()
      await appendAll(journal, [telemetry(3)], () => answered++)
      await until(() => settled.length === 3)
      expect(settled).toEqual([1, 2, 3].map((count) => ({ answered: count, pendingBytes: 0 })))
      await journal.close()
    })

    test('bytes wait until they are on disk', async () => {
      const journal = await place().open()
      const done = appendAll(journal, [telemetry(1)])
      expect(journal.pendingBytes).toBeGreaterThan(0)
      await done
      expect(journal.pendingBytes).toBe(0)
      expect(journal.storedBytes).toBeGreaterThan(0)
      await journal.close()
    })

    test('what waits at the close is written before', async () => {
      const at = place()
      const journal = await at.open()
      const done = appendAll(journal, [telemetry(1), telemetry(2)])
      await journal.close()
      await done
      expect(readAll(at.reader())).toHaveLength(2)
      expect(await outcome(journal, telemetry(3))).toBeInstanceOf(Error)
    })

    test('opened again it goes on counting, and knows when its last record came', async () => {
      const at = place()
      const first = await at.open()
      await appendAll(first, [telemetry(1), telemetry(2)])
      await first.close()
      const second = await at.open()
      expect([second.lastSeq, second.openedAt]).toEqual([2, T0 + 2])
      await appendAll(second, [telemetry(3)])
      expect(readAll(at.reader()).map(({ seq }) => seq)).toEqual([1, 2, 3])
      await second.close()
    })

    test('a failed append is told, is never read, and the next one succeeds', async () => {
      const at = place()
      const journal = await at.open()
      // Two commits, so that there is one to let go.
      await appendAll(journal, [telemetry(0)])
      await appendAll(journal, [telemetry(1)])
      const mend = at.breakWrites()
      const failed = [telemetry(2), telemetry(3)].map((one) => outcome(journal, one))
      for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(Error)
      expect(journal.pendingBytes).toBe(0)
      // Letting go may fail too, and must not end the journal.
      journal.trim(1)
      expect(await outcome(journal, telemetry(4))).toBeInstanceOf(Error)
      mend()
      await appendAll(journal, [telemetry(5)])
      expect(readAll(at.reader()).map(({ seq, receivedAt }) => [seq, receivedAt])).toEqual([
        [1, T0],
        [2, T0 + 1],
        [3, T0 + 5],
      ])
      expect(at.reader().counts(0).received).toMatchObject([{ messages: 3 }])
      await journal.close()
    })

    test('letting go takes what was read, never more, and the numbering goes on', async () => {
      const at = place()
      const journal = await at.open()
      // One commit each, and more than one step of letting go.
      for (let i = 1; i <= 200; i++) await appendAll(journal, [telemetry(i)])
      const stored = journal.storedBytes
      journal.trim(70)
      expect(journal.storedBytes).toBeLessThanOrEqual(stored)
      // It may leave some of what was let go, never takes more.
      const left = readAll(at.reader()).map(({ seq }) => seq)
      expect(left[0]).toBeLessThanOrEqual(71)
      expect(left).toEqual(Array.from({ length: left.length }, (_, i) => 201 - left.length + i))
      expect(at.reader().counts(70)).toMatchObject({ backlog: [{ messages: 130 }] })
      expect(at.reader().counts(200)).toMatchObject({ received: [{ messages: 200 }], backlog: [] })
      // Closing does not wait for it, nor does it trip over it.
      journal.trim(200)
      await journal.close()
      const again = await at.open()
      await appendAll(again, [telemetry(201)])
      expect([again.lastSeq, readAll(at.reader()).at(-1)?.seq]).toEqual([201, 201])
      await again.close()
    })

    test('with everything let go, it still knows where the numbering goes on', async () => {
      const at = place()
      const journal = await at.open()
      for (let i = 1; i <= 3; i++) await appendAll(journal, [telemetry(i)])
      journal.trim(3)
      await journal.close()
      const again = await at.open()
      expect(again.lastSeq).toBe(3)
      await again.close()
    })

    test('it counts the telemetry it took, and what lies after a cursor, by day and kind', async () => {
      const at = place()
      const journal = await at.open()
      const day = 24 * 3_600_000
      await appendAll(journal, [telemetry(1), telemetry(2, 'dust'), other('status')])
      const cursor = journal.lastSeq
      const named = { ...telemetry(day), kind: 'probe' }
      await appendAll(journal, [telemetry(3), named, other('mark')])
      const line = (date: string, kind: string, messages: number) => ({ day: date, kind, messages })
      const { received, backlog } = at.reader().counts(cursor)
      expect(new Set(received)).toEqual(
        new Set([
          line('2026-11-22', 'dust', 1),
          line('2026-11-22', 'probe', 2),
          line('2026-11-23', 'probe', 1),
        ]),
      )
      expect(new Set(backlog)).toEqual(
        new Set([line('2026-11-22', 'probe', 1), line('2026-11-23', 'probe', 1)]),
      )
      expect(at.reader().counts(journal.lastSeq).backlog).toEqual([])
      await journal.close()
    })

    test('one reader that looks again and again counts as one that looks for the first time', async () => {
      const at = place()
      const journal = await at.open()
      const looking = at.reader()
      const ends = [0]
      const kinds = ['probe', 'dust']
      for (let i = 1; i <= 60; i++) {
        const kind = kinds[i % 7 === 0 ? 1 : 0] as string
        await appendAll(journal, [telemetry(i, kind), ...(i % 3 === 0 ? [other('status')] : [])])
        ends.push(journal.lastSeq)
        // Now and then the rules are where they were before, as after a commit that failed.
        for (const after of [ends[i >> 1], ends[i % 5 === 0 ? i >> 2 : i >> 1], ends[i]]) {
          expect(looking.counts(after as number)).toEqual(at.reader().counts(after as number))
        }
      }
      await journal.close()
    })
  })
}

const records: fc.Arbitrary<NewRecord> = fc.record({
  type: fc.constantFrom('telemetry', 'status', 'reply', 'presence', 'replay', 'mark'),
  receivedAt: fc.integer({ min: T0, max: T0 + 1e9 }),
  topic: fc.constantFrom('v1/probe/dev-1/telemetry', 'v1/井盖/dev-1/status', ''),
  payload: fc.uint8Array({ maxLength: 100 }),
})

function telemetry(after: number, kind = 'probe'): NewRecord {
  const payload = Uint8Array.of(after & 0xff)
  return {
    type: 'telemetry',
    receivedAt: T0 + after,
    topic: `v1/${kind}/dev-1/telemetry`,
    payload,
  }
}

const other = (type: NewRecord['type']): NewRecord => ({ ...telemetry(0), type })

function outcome(journal: Journal, one: NewRecord): Promise<Error | null> {
  return new Promise((resolve) => journal.append(one, resolve))
}

async function appendAll(journal: Journal, all: readonly NewRecord[], each = () => {}) {
  const append = (one: NewRecord) =>
    new Promise<Error | null>((resolve) => {
      journal.append(one, (error) => {
        each()
        resolve(error)
      })
    })
  const errors = await Promise.all(all.map(append))
  expect(errors).toEqual(all.map(() => null))
}

const plain = <T extends { payload: Uint8Array }>(one: T) => ({ ...one, payload: [...one.payload] })

function readAll(reader: JournalReader, maxBytes = 1000) {
  const all = []
  for (let at = 0; ; ) {
    const some = reader.read(at, maxBytes)
    if (some.length === 0) break
    all.push(...some.map(plain))
    at = all.at(-1)?.seq ?? 0
  }
  reader.close()
  return all
}
