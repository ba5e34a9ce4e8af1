import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MINUTE } from '../../src/model/time.ts'
import type { Aggregate, TelemetryReader, TelemetryStore } from '../../src/store/telemetry-port.ts'
import { T0 } from '../support/records.ts'
import { buckets, range, reading } from '../support/telemetry.ts'

/** A reading end, and what is appended for it to read. */
export interface TelemetryReaderPlace {
  open(): Promise<Pick<TelemetryStore, 'append' | 'close'>>
  reader(): Promise<TelemetryReader>
}

/** What the reader of src/store/telemetry-port.ts promises: `place` gives a new, empty one. */
export function telemetryReaderContract(name: string, place: () => TelemetryReaderPlace): void {
  async function both() {
    const at = place()
    return { store: await at.open(), reader: await at.reader() }
  }

  describe(`telemetry reader: ${name}`, () => {
    test('readings come back, newest first, switches as switches', async () => {
      const { store, reader } = await both()
      const first = reading(0, { level: 1.5, open: false, batteryPct: 0 }, { seq: 9 })
      await store.append({ readings: [reading(1, { open: true }), first], upTo: 1 })
      expect(await range(reader)).toEqual([
        { ts: T0 + 1, receivedAt: T0 + 1, seq: null, fields: { open: true } },
        { ts: T0, receivedAt: T0, seq: 9, fields: { level: 1.5, open: false, batteryPct: 0 } },
      ])
    })

    test('a range has its start, not its end; fields and a limit; one device only', async () => {
      const { store, reader } = await both()
      const readings = [0, 1, 2, 3].map((i) => reading(i, { level: i, flow: -i }))
      const other = reading(1, { level: 99 }, { deviceId: 'dev-2' })
      await store.append({ readings: [...readings, other], upTo: 1 })
      const some = await range(reader, { from: T0 + 1, to: T0 + 3, fields: ['flow'] })
      expect(some.map(({ ts, fields }) => [ts - T0, fields])).toEqual([
        [2, { flow: -2 }],
        [1, { flow: -1 }],
      ])
      expect((await range(reader, { limit: 1 })).map(({ ts }) => ts - T0)).toEqual([3])
      expect(await range(reader, { deviceId: 'nobody' })).toEqual([])
    })

    test('what was refused can be asked of a store that refused nothing', async () => {
      const { store, reader } = await both()
      await store.append({ readings: [reading(0, { level: 1 })], upTo: 1 })
      expect((await reader.refused({ limit: 10, after: null })).items).toEqual([])
    })

    test.each<[Aggregate, number, number]>([
      ['mean', 5, 11],
      ['min', 2, 10],
      ['max', 9, 12],
      ['last', 4, 12],
    ])('%s of a bucket', async (aggregate, first, second) => {
      const { store, reader } = await both()
      const at: [number, number][] = [
        [0, 9],
        [1000, 2],
        [MINUTE - 1, 4],
        [MINUTE, 10],
        [2 * MINUTE - 1, 12],
      ]
      await store.append({
        readings: at.map(([after, level]) => reading(after, { level })),
        upTo: 1,
      })
      expect(await buckets(reader, MINUTE, aggregate)).toEqual([
        { ts: T0, count: 3, fields: { level: first } },
        { ts: T0 + MINUTE, count: 2, fields: { level: second } },
      ])
    })

    test('buckets equal what the rows themselves give', async () => {
      const samples = fc.uniqueArray(fc.tuple(fc.nat(1_000_000), fc.nat(100)), {
        selector: ([after]) => after,
        minLength: 1,
        maxLength: 40,
      })
      const everies = fc.integer({ min: 1, max: 400_000 })
      await fc.assert(
        fc.asyncProperty(samples, everies, async (all, every) => {
          const { store, reader } = await both()
          await store.append({
            readings: all.map(([after, level]) => reading(after, { level })),
            upTo: 1,
          })
          const groups = Map.groupBy(
            all.toSorted(([a], [b]) => a - b),
            ([after]) => Math.floor((T0 + after) / every) * every,
          )
          const expected = [...groups].map(([ts, group]) => ({
            ts,
            count: group.length,
            fields: { level: group.at(-1)?.[1] },
          }))
          expect(await buckets(reader, every, 'last')).toEqual(expected)
          await store.close()
        }),
        { numRuns: 10 },
      )
    })
  })
}
