import { describe, expect, test } from 'vitest'
import { HOUR } from '../../src/model/time.ts'
import type { TelemetryReader, TelemetryStore } from '../../src/store/telemetry-port.ts'
import { T0 } from '../support/records.ts'
import { range, reading } from '../support/telemetry.ts'
import { telemetryReaderContract } from './telemetry-reader.ts'

/** One telemetry store at one place, with the probe as its only kind. */
export interface TelemetryPlace {
  open(): Promise<TelemetryStore>
  reader(): Promise<TelemetryReader>
}

/** What src/store/telemetry-port.ts promises, for any adapter: `place` gives a new, empty one. */
export function telemetryStoreContract(name: string, place: () => TelemetryPlace): void {
  telemetryReaderContract(name, place)

  async function both() {
    const at = place()
    const store = await at.open()
    return { at, store, reader: await at.reader() }
  }

  describe(`telemetry store: ${name}`, () => {
    test('a new one is at the beginning', async () => {
      const { store, reader } = await both()
      expect(await store.cursor()).toBe(0)
      expect(await written(store)).toEqual([])
      expect(await range(reader)).toEqual([])
    })

    test('a batch that comes again changes nothing and is counted once', async () => {
      const { at, store, reader } = await both()
      const batch = { readings: [reading(0, { level: 1 }), reading(1, { level: 2 })], upTo: 5 }
      await store.append(batch)
      const rows = await range(reader)
      await store.append(batch)
      await store.append({ readings: [reading(7, { level: 7 })], upTo: 4 })
      expect(await range(reader)).toEqual(rows)
      expect(await store.cursor()).toBe(5)
      expect(await written(store)).toEqual([{ day: '2026-11-22', kind: 'probe', readings: 2 }])
      await store.close()
      const again = await at.open()
      await again.append(batch)
      expect(await again.cursor()).toBe(5)
      expect(await written(again)).toMatchObject([{ readings: 2 }])
    })

    test('a batch of no reading moves the cursor', async () => {
      const { store } = await both()
      await store.append({ readings: [], upTo: 3 })
      expect(await store.cursor()).toBe(3)
    })

    test('a batch that fails leaves nothing, and the next one goes through', async () => {
      const { store, reader } = await both()
      const bad = reading(1, { level: 1 }, { kind: 'unheard-of' })
      const mixed = { readings: [reading(0, { level: 1 }, { deviceId: 'dev-9' }), bad], upTo: 1 }
      await expect(store.append(mixed)).rejects.toThrow()
      expect(await range(reader, { deviceId: 'dev-9' })).toEqual([])
      expect(await store.cursor()).toBe(0)
      await store.append({ readings: mixed.readings.slice(0, 1), upTo: 1 })
      expect(await range(reader, { deviceId: 'dev-9' })).toHaveLength(1)
    })

    test('readings of one moment are one point: fields are merged, the later value holds', async () => {
      const { store, reader } = await both()
      await store.append({
        readings: [reading(0, { level: 1, open: true }), reading(0, { flow: 2 })],
        upTo: 1,
      })
      await store.append({ readings: [reading(0, { level: 3 })], upTo: 2 })
      expect((await range(reader)).map(({ fields }) => fields)).toEqual([
        { level: 3, flow: 2, open: true },
      ])
      // Each was received, so each is counted.
      expect(await written(store)).toMatchObject([{ readings: 3 }])
    })

    test('readings are counted by the day of their receipt', async () => {
      const { store } = await both()
      const late = reading(-HOUR, { level: 1 }, { receivedAt: T0 })
      await store.append({ readings: [late, reading(24 * HOUR, { level: 1 })], upTo: 1 })
      expect(await written(store, '2026-11-21')).toEqual([])
      expect(await written(store)).toMatchObject([{ readings: 1 }])
      expect(await written(store, '2026-11-23')).toMatchObject([{ readings: 1 }])
    })

    test('a tally is of one moment: its counts are those of its cursor', async () => {
      const { store } = await both()
      const sizes = [3, 1, 4, 1, 5]
      const tallies = [await store.tally('2026-11-22')]
      for (const [i, size] of sizes.entries()) {
        const readings = Array.from({ length: size }, (_, n) => reading(100 * i + n, { level: n }))
        const appended = store.append({ readings, upTo: i + 1 })
        // Asked while the batch is on its way, and again when it is stored.
        tallies.push(await store.tally('2026-11-22'))
        await appended
        tallies.push(await store.tally('2026-11-22'))
      }
      for (const { cursor, written, refused } of tallies) {
        const stored = sizes.slice(0, cursor).reduce((sum, size) => sum + size, 0)
        expect(written.reduce((sum, { readings }) => sum + readings, 0)).toBe(stored)
        expect(refused).toEqual([])
      }
      expect(tallies.at(-1)).toMatchObject({ cursor: 5, written: [{ readings: 14 }] })
    })

    test('pruning lets go of what was observed before', async () => {
      const { store, reader } = await both()
      await store.append({ readings: [0, 1, 2].map((i) => reading(i, { level: i })), upTo: 1 })
      await store.prune(T0 + 1)
      expect((await range(reader)).map(({ ts }) => ts - T0)).toEqual([2, 1])
      expect(await store.cursor()).toBe(1)
    })
  })
}

async function written(store: TelemetryStore, day = '2026-11-22') {
  return (await store.tally(day)).written
}
