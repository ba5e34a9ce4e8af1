import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { createWorld, placeDevice } from '../../src/engine/world.ts'
import { openJournal, openJournalReader } from '../../src/journal/open.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { utcDay } from '../../src/model/time.ts'
import { ledgerPage } from '../../src/processor/ledger.ts'
import { type Committed, Processor } from '../../src/processor/processor.ts'
import { TelemetryWriter } from '../../src/processor/telemetry-writer.ts'
import { openStateStore, openTelemetryReader, openTelemetryStore } from '../../src/store/open.ts'
import { PROBE, PROBE_RULES } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { record } from '../support/records.ts'
import { journal as streams } from '../support/streams.ts'
import { TEST_CITY, testDevice } from '../support/world.ts'

/** Journal, state and telemetry at work together, on files, without threads. */

const KNOWN = ['dev-a', 'dev-b']
const decoders = new Map([[PROBE.name, createDecoder(PROBE)]])

/** Writes records as commits of the sizes given. */
async function writeJournal(
  folder: string,
  records: readonly JournalRecord[],
  sizes: readonly number[],
) {
  const journal = await openJournal(folder)
  for (let at = 0, i = 0; at < records.length; i++) {
    const batch = records.slice(at, at + (sizes[i % sizes.length] as number))
    // What is appended in one turn of the loop is one commit.
    const outcomes = batch.map(
      (one) => new Promise<Error | null>((resolve) => journal.append(one, resolve)),
    )
    expect(await Promise.all(outcomes)).toEqual(batch.map(() => null))
    at += batch.length
  }
  await journal.close()
}

type Place = Parameters<typeof openTelemetryStore>[0]

async function open(records: readonly JournalRecord[], sizes: readonly number[]) {
  const folder = freshFolder()
  await writeJournal(folder, records, sizes)
  const at: Place = {
    dataDir: folder,
    kinds: [PROBE],
    location: { type: 'sqlite' },
    districtOf: () => null,
  }
  const journal = openJournalReader(folder)
  const state = openStateStore(at)
  const telemetry = openTelemetryStore(at)
  const processor = new Processor({
    // A commit at a time, so that there are many decisions.
    journal: { ...journal, read: (after) => journal.read(after, 1), close() {} },
    state,
    newWorld() {
      const world = createWorld(TEST_CITY, [PROBE])
      for (const id of KNOWN) placeDevice(world, testDevice('probe', id))
      return world
    },
    catalogRules: PROBE_RULES,
    endedCase: async () => null,
  })
  await processor.load()
  const writerOf = async (store = telemetry) =>
    new TelemetryWriter({ store, state, journal, decoders, cursor: await store.cursor() })
  return { at, journal, state, telemetry, processor, writerOf }
}

/** Takes one commit of the journal; null at its end. */
async function turn(processor: Processor): Promise<Committed | null> {
  return (await processor.takeRecords()) ? await processor.commit() : null
}

async function rows(at: Parameters<typeof openTelemetryReader>[0]) {
  const reader = openTelemetryReader(at)
  const all = ['dev-a', 'dev-b', 'stranger'].map((deviceId) =>
    reader.range({ kind: 'probe', deviceId, from: 0, to: 1e15, fields: [], limit: 1e6 }),
  )
  const found = await Promise.all(all)
  await reader.close()
  return found
}

/** Some quarantined messages are replayed at the end, once or twice, good or still bad. */
function withReplays(records: readonly JournalRecord[], which: readonly number[]): JournalRecord[] {
  const all = [...records]
  for (const place of which) {
    const of = records[place % records.length] as JournalRecord
    const replay = {
      quarantineId: `q-${of.seq}`,
      receivedAt: of.receivedAt,
      topic: of.topic,
      indices: null,
      payloadBase64: Buffer.from(of.payload).toString('base64'),
    }
    const now = (all.at(-1) as JournalRecord).receivedAt
    all.push(record(all.length + 1, 'replay', now, '', JSON.stringify(replay)))
  }
  return all
}

const journals = fc
  .tuple(streams({ maxLength: 25 }, [...KNOWN, 'stranger']), fc.array(fc.nat(), { maxLength: 4 }))
  .map(([records, which]) => withReplays(records, which))
const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })

describe('the telemetry writer', () => {
  test('catching up by decoding again stores exactly what the direct way stores', async () => {
    let stored = 0
    await fc.assert(
      fc.asyncProperty(journals, sizes, async (records, cuts) => {
        const direct = await open(records, cuts)
        const writer = await direct.writerOf()
        for (let done = await turn(direct.processor); done; done = await turn(direct.processor)) {
          writer.offer(done.firstSeq, done.lastSeq, done.effects.accepted)
          await writer.writeUpTo(direct.processor.cursor)
        }
        const expected = await rows(direct.at)

        const late = await open(records, cuts)
        while (await turn(late.processor)) {}
        const catchingUp = await late.writerOf()
        await catchingUp.writeUpTo(late.processor.cursor)
        expect(catchingUp.cursor).toBe(records.length)
        expect(await rows(late.at)).toEqual(expected)
        const day = utcDay(records[0]?.receivedAt ?? 0)
        expect(await late.telemetry.tally(day)).toEqual(await direct.telemetry.tally(day))
        stored += expected.flat().length
      }),
      { numRuns: 25 },
    )
    expect(stored).toBeGreaterThan(20)
  })

  test('a store that fails now and then loses nothing and stores nothing twice', async () => {
    const fails = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(journals, sizes, fails, async (records, cuts, plan) => {
        const steady = await open(records, cuts)
        const flaky = await open(records, cuts)
        let calls = 0
        const store = {
          cursor: () => flaky.telemetry.cursor(),
          tally: (day: string) => flaky.telemetry.tally(day),
          prune: (before: number) => flaky.telemetry.prune(before),
          close: () => flaky.telemetry.close(),
          async append(batch: Parameters<typeof flaky.telemetry.append>[0]) {
            const fail = plan[calls++ % plan.length] && calls < 20
            // Lost on the way there, or on the way back.
            const stored = !fail || calls % 2 === 0
            const refused = stored ? await flaky.telemetry.append(batch) : 0
            if (fail) throw new Error('away')
            return refused
          },
        }
        const writer = await flaky.writerOf(store)
        const good = await steady.writerOf()
        for (;;) {
          const done = await turn(flaky.processor)
          if (done === null) break
          writer.offer(done.firstSeq, done.lastSeq, done.effects.accepted)
          await writer.writeUpTo(flaky.processor.cursor).catch(() => {})
          await turn(steady.processor)
        }
        while (writer.cursor < records.length) {
          await writer.writeUpTo(flaky.processor.cursor).catch(() => {})
        }
        await good.writeUpTo(steady.processor.cursor)
        expect(await rows(flaky.at)).toEqual(await rows(steady.at))
        const day = utcDay(records[0]?.receivedAt ?? 0)
        expect(await flaky.telemetry.tally(day)).toEqual(await steady.telemetry.tally(day))
      }),
      { numRuns: 15 },
    )
  })
})

describe('the ledger', () => {
  test('balances wherever the processor and the telemetry writer stand', async () => {
    let pending = 0
    const strides = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(journals, sizes, strides, async (records, cuts, writes) => {
        const it = await open(records, cuts)
        const { journal, state, telemetry, processor } = it
        let writer = await it.writerOf()
        const days = [...new Set(records.map((one) => utcDay(one.receivedAt)))]
        const pageOf = async (day: string) => {
          const tally = await telemetry.tally(day)
          const unstored = await writer.unstored(tally.cursor)
          return ledgerPage(day, { journal, state, processed: processor.cursor, tally, unstored })
        }
        const check = async () => {
          for (const day of days) {
            const page = await pageOf(day)
            expect(page).toMatchObject({ day, balanced: true })
            expect(page.total.pending).toBeGreaterThanOrEqual(0)
            pending += page.total.pending
          }
        }
        await check()
        for (let i = 0; ; i++) {
          const done = await turn(processor)
          if (done === null) break
          writer.offer(done.firstSeq, done.lastSeq, done.effects.accepted)
          // A restart: what was handed over is forgotten and read again.
          if (writes[(i + 1) % writes.length]) writer = await it.writerOf()
          if (writes[i % writes.length]) await writer.writeUpTo(processor.cursor)
          await check()
        }
        await writer.writeUpTo(processor.cursor)
        for (const day of days) {
          const { total } = await pageOf(day)
          expect(total.pending).toBe(0)
        }
      }),
      { numRuns: 25 },
    )
    expect(pending).toBeGreaterThan(20)
  })
})
