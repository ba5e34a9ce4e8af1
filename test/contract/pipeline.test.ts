import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utcDay } from '../../src/model/time.ts'
import { ledgerPage } from '../../src/processor/ledger.ts'
import { openTelemetryReader } from '../../src/store/open.ts'
import { journals, openPipeline, sizes, turn } from '../support/pipeline.ts'

/** The parts of the pipeline together, on files, without threads. */

async function rows(at: Parameters<typeof openTelemetryReader>[0]) {
  const reader = openTelemetryReader(at)
  const all = ['dev-a', 'dev-b', 'stranger'].map((deviceId) =>
    reader.range({ kind: 'probe', deviceId, from: 0, to: 1e15, fields: [], limit: 1e6 }),
  )
  const found = await Promise.all(all)
  await reader.close()
  return found
}

describe('the telemetry writer', () => {
  test('catching up by decoding again stores exactly what the direct way stores', async () => {
    let stored = 0
    await fc.assert(
      fc.asyncProperty(journals, sizes, async (records, cuts) => {
        const direct = await openPipeline(records, cuts)
        const writer = await direct.writerOf()
        for (let done = await turn(direct.processor); done; done = await turn(direct.processor)) {
          writer.offer(done)
          await writer.writeUpTo(direct.processor.cursor)
        }
        const expected = await rows(direct.at)

        const late = await openPipeline(records, cuts)
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
        const steady = await openPipeline(records, cuts)
        const flaky = await openPipeline(records, cuts)
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
          writer.offer(done)
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
        const it = await openPipeline(records, cuts)
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
          writer.offer(done)
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
