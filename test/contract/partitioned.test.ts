import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Case } from '../../src/cases/case.ts'
import { openStateReader, openTelemetryReader } from '../../src/store/open.ts'
import { openPartitionedTelemetryReader } from '../../src/store/partitioned-telemetry.ts'
import type { AlertRow, StateChange } from '../../src/store/state-port.ts'
import type {
  CaseMoment,
  CaseMomentMark,
  Page,
  Paged,
  StateReader,
} from '../../src/store/state-reader-port.ts'
import type { RefusedReading, TelemetryReader } from '../../src/store/telemetry-port.ts'
import { aCase } from '../support/case.ts'
import { PROBE } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { T0 } from '../support/records.ts'
import { openSplitState, openSplitTelemetry } from '../support/split-store.ts'
import { change, delivery, live, quarantined } from '../support/state-change.ts'
import { testDevice } from '../support/world.ts'
import { stateReaderContract } from './state-reader.ts'
import { telemetryReaderContract } from './telemetry-reader.ts'

/** Several cells read as one: the same promises, and the same pages as of one store of all. */

stateReaderContract('three cells', () => {
  const dataDir = freshFolder()
  return {
    open: async () => openSplitState(dataDir, 3),
    reader: async () => openStateReader({ dataDir, cells: 3 }),
  }
})

telemetryReaderContract('three cells', () => {
  const dataDir = freshFolder()
  const at = { dataDir, kinds: [PROBE], location: { type: 'sqlite' } as const, cells: 3 }
  return {
    open: async () => openSplitTelemetry(dataDir, 3),
    reader: async () => openTelemetryReader(at),
  }
})

/** A city of some devices: few moments and names, so that many things are equal. */
const cities = fc
  .uniqueArray(fc.nat(40), { minLength: 1, maxLength: 25 })
  .chain((numbers) =>
    fc.tuple(
      fc.constant(numbers.map((n) => `dev-${n}`)),
      fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 25, maxLength: 25 }),
    ),
  )
  .map(([ids, dice]): StateChange => {
    const of = (i: number) => dice[i] as [number, number]
    const cases = ids.map((deviceId, i): Case => {
      const [opened, length] = of(i)
      const closedAt = length === 0 ? null : T0 + opened + length
      const status = closedAt === null ? 'open' : 'closed'
      return aCase({ id: `c-${deviceId}`, deviceId, openedAt: T0 + opened, closedAt, status })
    })
    return {
      ...change(1),
      devices: ids.map((id, i) => testDevice('probe', id, { districtId: `d${of(i)[0]}` })),
      live: ids.map((deviceId, i) =>
        live({
          deviceId,
          online: of(i)[1] > 1,
          alerts: ['probe-level', 'probe-silent'].slice(0, of(i)[0]).map((ruleId) => ({
            ...(live().alerts[0] as AlertRow),
            ruleId,
            deviceId,
          })),
        }),
      ),
      cases,
      quarantined: ids.map((deviceId, i) => ({
        ...quarantined(`q-${deviceId}`),
        deviceId,
        receivedAt: T0 + of(i)[0],
      })),
      deliveries: ids.map((id, i) => delivery(id, { receivedAt: T0 + of(i)[1] })),
    }
  })

const LISTS: Record<string, (reader: StateReader, page: Page) => Promise<Paged<unknown>>> = {
  devices: (reader, page) => reader.devices({}, page),
  'devices online': (reader, page) => reader.devices({ online: true }, page),
  alerts: (reader, page) => reader.alerts({}, page),
  'alerts of a rule': (reader, page) => reader.alerts({ ruleId: 'probe-silent' }, page),
  cases: (reader, page) => reader.cases({ now: T0 }, page),
  'open cases': (reader, page) => reader.cases({ status: ['open'], now: T0 }, page),
  quarantine: (reader, page) => reader.quarantine({}, page),
  deliveries: (reader, page) => reader.deliveries({}, page),
}

async function pagesOf(list: (page: Page) => Promise<Paged<unknown>>, limit: number) {
  const pages: unknown[] = []
  for (let after: string | null = null; ; ) {
    const { items, next }: Paged<unknown> = await list({ limit, after })
    pages.push(items)
    if (next === null) return pages
    after = next
  }
}

async function momentsOf(reader: StateReader, limit: number) {
  const all: CaseMoment[][] = []
  let mark: CaseMomentMark = { at: 0, caseId: '', ended: false }
  for (;;) {
    const moments = await reader.caseMoments(mark, limit)
    const last = moments.at(-1)
    if (last === undefined) return all
    all.push(moments)
    mark = { at: last.at, caseId: last.case.id, ended: last.ended }
  }
}

describe('whatever is in them', () => {
  test('the pages of several cells are those of one store of all', async () => {
    await fc.assert(
      fc.asyncProperty(
        cities,
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (city, cells, limit) => {
          const folders = [freshFolder(), freshFolder()] as const
          await openSplitState(folders[0], 1).commit(city)
          await openSplitState(folders[1], cells).commit(city)
          const one = openStateReader({ dataDir: folders[0] })
          const several = openStateReader({ dataDir: folders[1], cells })
          for (const [name, list] of Object.entries(LISTS)) {
            const expected = await pagesOf((page) => list(one, page), limit)
            expect(await pagesOf((page) => list(several, page), limit), name).toEqual(expected)
          }
          expect(await momentsOf(several, limit)).toEqual(await momentsOf(one, limit))
          for (const { id } of city.devices) {
            expect(await several.device(id)).toEqual(await one.device(id))
            expect(await several.case(`c-${id}`)).toEqual(await one.case(`c-${id}`))
            expect(await several.quarantined(`q-${id}`)).toEqual(await one.quarantined(`q-${id}`))
          }
          await one.close()
          await several.close()
        },
      ),
      { numRuns: 15 },
    )
  })

  test('what was refused comes newest first, page by page, each once', async () => {
    const cells = fc.array(fc.array(fc.nat(9), { maxLength: 12 }), { minLength: 2, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(cells, fc.integer({ min: 1, max: 7 }), async (all, limit) => {
        // Each keeps its own, numbered from 1; a clock may have been set back.
        const reader = openPartitionedTelemetryReader(all.map(refusing))
        const pages = (await pagesOf((page) => reader.refused(page), limit)) as RefusedReading[][]
        const ids = pages.flat().map(({ id }) => id)
        const expected = all.flatMap((list, cell) => list.map((_, i) => `${cell}-${i + 1}`))
        expect(ids.toSorted()).toEqual(expected.toSorted())
        for (const [cell, list] of all.entries()) {
          const own = ids.filter((id) => id.startsWith(`${cell}-`))
          expect(own).toEqual(list.map((_, i) => `${cell}-${list.length - i}`))
        }
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true)
      }),
    )
  })

  test('what was refused later comes first, whichever cell it was', async () => {
    const reader = openPartitionedTelemetryReader([refusing([1, 5]), refusing([2, 4, 6])])
    const { items } = await reader.refused({ limit: 9, after: null })
    expect(items.map(({ at }) => at - T0)).toEqual([6, 5, 4, 2, 1])
  })

  test('a cursor of another number of cells is refused', async () => {
    const reader = openPartitionedTelemetryReader([refusing([1]), refusing([2])])
    await expect(reader.refused({ limit: 1, after: '1.2.3' })).rejects.toMatchObject({
      code: 'VALIDATION',
    })
  })
})

/** A cell that refused readings at these moments. */
function refusing(moments: readonly number[]): TelemetryReader {
  const newest = moments
    .map((after, i) => ({ id: String(i + 1), at: T0 + after }) as RefusedReading)
    .toReversed()
  return {
    async refused({ limit, after }: Page) {
      const rest = newest.filter(({ id }) => after === null || Number(id) < Number(after))
      const items = rest.slice(0, limit)
      return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null }
    },
  } as unknown as TelemetryReader
}
