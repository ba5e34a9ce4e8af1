import { describe, expect, test } from 'vitest'
import type { Case, CaseEvent } from '../../src/cases/case.ts'
import { HOUR } from '../../src/model/time.ts'
import type { AlertRow, StateStore } from '../../src/store/state-port.ts'
import type { CaseMomentMark, StateReader } from '../../src/store/state-reader-port.ts'
import { aCase } from '../support/case.ts'
import { testRule } from '../support/kind.ts'
import { T0 } from '../support/records.ts'
import {
  COMMAND,
  change,
  DEVICE,
  delivery,
  event,
  FULL,
  live,
  PAGE,
  quarantined,
} from '../support/state-change.ts'
import { testDevice } from '../support/world.ts'

/** A reading end, and what is committed for it to read. */
export interface ReaderPlace {
  open(): Promise<Pick<StateStore, 'commit'>>
  reader(): Promise<StateReader>
}

/** What src/store/state-reader-port.ts promises, for any adapter: `place` gives a new, empty one. */
export function stateReaderContract(name: string, place: () => ReaderPlace): void {
  async function both() {
    const at = place()
    return { store: await at.open(), reader: await at.reader() }
  }

  describe(`state reader: ${name}`, () => {
    test('readers see a commit when it is done', async () => {
      const { store, reader } = await both()
      expect(await reader.device('dev-1')).toBeNull()
      await store.commit(FULL)
      expect(await reader.device('dev-1')).toEqual({
        ...DEVICE,
        online: true,
        lastSeenAt: T0,
        latest: { ts: T0, fields: { level: 60, open: true } },
      })
      expect(await reader.device('dev-2')).toMatchObject({ online: false, latest: null })
      expect(await reader.case('case-1')).toEqual({
        case: aCase({ signal: { ...aCase().signal, value: 66 } }),
        history: [event('open'), event('comment')],
      })
      expect((await reader.alerts({}, PAGE)).items).toEqual(live().alerts)
      expect(await reader.rule('probe-level')).toEqual(testRule())
      expect(await reader.command('c-1')).toEqual(COMMAND)
      const message = await reader.quarantined('q-1')
      expect(message && { ...message, payload: [...message.payload] }).toEqual({
        ...quarantined('q-1'),
        payload: [1, 2, 255],
      })
      expect(await reader.credentials()).toContainEqual({
        id: 'dev-1',
        kind: 'probe',
        secretHash: 'hash',
        enabled: true,
      })
    })

    test('a list is read page by page, each thing once, in a promised order', async () => {
      const { store, reader } = await both()
      const ids = Array.from({ length: 25 }, (_, i) => `dev-${String(i).padStart(2, '0')}`)
      const cases = ids.map((deviceId, i) =>
        aCase({ id: `case-${deviceId}`, deviceId, openedAt: T0 + (i % 5) }),
      )
      await store.commit({
        ...change(1),
        devices: ids.map((id) => testDevice('probe', id)),
        cases,
        quarantined: ids.map((id, i) => ({ ...quarantined(`q-${id}`), receivedAt: T0 + (i % 3) })),
        deliveries: ids.map((id, i) => delivery(id, { receivedAt: T0 + (i % 3) })),
      })
      const devices = await pages((page) => reader.devices({}, page))
      expect(devices.map(({ id }) => id)).toEqual(ids)
      const listed = await pages((page) => reader.cases({ now: T0 }, page))
      const newest = (a: Case, b: Case) => b.openedAt - a.openedAt || (a.id < b.id ? -1 : 1)
      expect(listed.map(({ id }) => id)).toEqual(cases.toSorted(newest).map(({ id }) => id))
      const told = await pages((page) => reader.deliveries({ caseId: 'case-1' }, page))
      expect(new Set(told.map(({ id }) => id)).size).toBe(25)
      expect(told.map((one) => one.receivedAt)).toEqual(
        told.map((one) => one.receivedAt).toSorted((a, b) => b - a),
      )
      const kept = await pages((page) => reader.quarantine({}, page))
      expect(new Set(kept.map(({ id }) => id)).size).toBe(25)
      expect(kept.map((one) => one.receivedAt)).toEqual(
        kept.map((one) => one.receivedAt).toSorted((a, b) => b - a),
      )
    })

    test('lists take filters', async () => {
      const { store, reader } = await both()
      await store.commit(FULL)
      const devices = async (filter: Parameters<StateReader['devices']>[0]) =>
        (await reader.devices(filter, PAGE)).items.map(({ id }) => id)
      expect(await devices({ online: true })).toEqual(['dev-1'])
      expect(await devices({ online: false })).toEqual(['dev-2'])
      expect(await devices({ q: 'EV-2' })).toEqual(['dev-2'])
      expect(await devices({ kind: 'dust' })).toEqual([])
      const cases = async (filter: Partial<Parameters<StateReader['cases']>[0]>) =>
        (await reader.cases({ now: T0, ...filter }, PAGE)).items.length
      expect(await cases({ status: ['open', 'closed'] })).toBe(1)
      expect(await cases({ status: ['closed'] })).toBe(0)
      expect(await cases({ severity: 'minor' })).toBe(0)
      expect(await cases({ overdue: true })).toBe(0)
      expect(await cases({ overdue: true, now: T0 + 3 * HOUR })).toBe(1)
      expect(await cases({ overdue: false, now: T0 + 3 * HOUR })).toBe(0)
      expect(await cases({ from: T0, to: T0 + 1 })).toBe(1)
      expect(await cases({ to: T0 })).toBe(0)
    })

    test('devices are counted by district and kind, silent and online', async () => {
      const { store, reader } = await both()
      expect(await reader.deviceCounts()).toEqual([])
      const silent = { ...(live().alerts[0] as AlertRow), ruleId: 'probe-silent' }
      const of = (deviceId: string, online: boolean, ...alerts: AlertRow[]) =>
        live({ deviceId, online, alerts: alerts.map((one) => ({ ...one, deviceId })) })
      await store.commit({
        ...change(1),
        devices: [
          ...['a', 'b', 'c', 'd'].map((id) => testDevice('probe', id, { districtId: 'd1' })),
          testDevice('probe', 'e'),
          testDevice('lamp', 'f', { districtId: 'd1' }),
        ],
        live: [
          of('a', true, silent),
          of('b', true, { ...silent, state: 'pending' }),
          of('c', false, { ...silent, ruleId: 'probe-level' }),
          of('e', false, silent),
          // The rule of another kind is not the silence of this one.
          of('f', true, { ...silent, kind: 'lamp' }),
        ],
      })
      const counts = await reader.deviceCounts()
      const byPlace = counts.toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1))
      expect(byPlace).toEqual([
        { districtId: 'd1', kind: 'lamp', total: 1, online: 1, silent: 0 },
        { districtId: 'd1', kind: 'probe', total: 4, online: 2, silent: 1 },
        { districtId: null, kind: 'probe', total: 1, online: 0, silent: 1 },
      ])
    })

    test('open cases are given with those that ended after a moment', async () => {
      const { store, reader } = await both()
      const ended = (id: string, closedAt: number, status: Case['status'] = 'closed') =>
        aCase({ id, deviceId: id, status, closedAt })
      const open = aCase({ id: 'open', openedAt: T0 - 9 * HOUR })
      await store.commit({
        ...change(1),
        cases: [open, ended('late', T0 + 1), ended('cut', T0 + 2, 'cancelled'), ended('old', T0)],
      })
      const given = async (after: number) =>
        (await reader.casesSince(after)).map(({ id }) => id).sort()
      expect(await given(T0)).toEqual(['cut', 'late', 'open'])
      expect(await given(T0 + 2)).toEqual(['open'])
      expect((await reader.casesSince(T0 + 2))[0]).toEqual(open)
    })

    test('openings and ends of cases come in order of time after a mark, each once', async () => {
      const { store, reader } = await both()
      const cases = Array.from({ length: 12 }, (_, i) => {
        const closedAt = i % 3 === 0 ? null : T0 + (i % 4) * 10
        const status = closedAt === null ? ('open' as const) : ('closed' as const)
        return aCase({ id: `c-${i}`, deviceId: `d-${i}`, openedAt: T0 + (i % 2), closedAt, status })
      })
      await store.commit({
        ...change(1),
        cases,
        caseEvents: cases.flatMap(({ id }) =>
          ['open', 'comment'].map((type) => ({
            caseId: id,
            event: event(type as CaseEvent['type']),
          })),
        ),
      })
      const name = (at: number, id: string, ended: boolean) => `${at - T0} ${id} ${ended}`
      const expected = cases
        .flatMap((it) => [
          { at: it.openedAt, id: it.id, ended: false },
          ...(it.closedAt === null ? [] : [{ at: it.closedAt, id: it.id, ended: true }]),
        ])
        .sort(
          (a, b) => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || (b.ended ? -1 : 1),
        )
        .map(({ at, id, ended }) => name(at, id, ended))
      for (const limit of [1, 3, 100]) {
        const read: string[] = []
        let mark: CaseMomentMark = { at: 0, caseId: '', ended: false }
        for (;;) {
          const moments = await reader.caseMoments(mark, limit)
          expect(moments.length).toBeLessThanOrEqual(limit)
          const last = moments.at(-1)
          if (last === undefined) break
          read.push(...moments.map(({ at, case: it, ended }) => name(at, it.id, ended)))
          mark = { at: last.at, caseId: last.case.id, ended: last.ended }
        }
        expect(read, `${limit}`).toEqual(expected)
      }
      const [first] = await reader.caseMoments({ at: T0 + 1, caseId: '', ended: false }, 1)
      expect(first).toMatchObject({ at: T0 + 1, case: { openedAt: T0 + 1 }, ended: false })
      expect(first?.opening).toEqual(event('open'))
    })
  })
}

async function pages<T>(
  read: (page: { limit: number; after: string | null }) => Promise<{
    readonly items: readonly T[]
    readonly next: string | null
  }>,
): Promise<T[]> {
  const all: T[] = []
  let after: string | null = null
  do {
    const { items, next } = await read({ limit: 7, after })
    expect(items.length).toBeLessThanOrEqual(7)
    all.push(...items)
    after = next
  } while (after !== null)
  return all
}
