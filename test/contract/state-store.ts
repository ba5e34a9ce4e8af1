import { describe, expect, test } from 'vitest'
import type { Case, CaseEvent } from '../../src/cases/case.ts'
import type { DeviceCommand } from '../../src/model/command.ts'
import { type AlertDelivery, deliveryId } from '../../src/model/delivery.ts'
import type { QuarantinedMessage } from '../../src/model/quarantine.ts'
import { HOUR } from '../../src/model/time.ts'
import type { AlertRow, DeviceLive, StateChange, StateStore } from '../../src/store/state-port.ts'
import type { CaseMomentMark, StateReader } from '../../src/store/state-reader-port.ts'
import { aCase } from '../support/case.ts'
import { LADDER, testRule } from '../support/kind.ts'
import { T0 } from '../support/records.ts'
import { testDevice } from '../support/world.ts'

/** One state at one place, as an adapter gives it to the contract. */
export interface StatePlace {
  open(): Promise<StateStore>
  reader(): Promise<StateReader>
}

/** What src/store/state-port.ts promises, for any adapter: `place` gives a new, empty one. */
export function stateStoreContract(name: string, place: () => StatePlace): void {
  /** A store with a reader beside it. */
  async function both() {
    const at = place()
    const store = await at.open()
    return { at, store, reader: await at.reader() }
  }

  describe(`state store: ${name}`, () => {
    test('a new one is at the beginning', async () => {
      const { store } = await both()
      expect(await store.load()).toEqual({
        cursor: 0,
        progress: { now: 0, silenceFloor: 0, lastNumber: { day: '', seq: 0 } },
        rules: [],
        deletedRules: [],
        devices: [],
        openCases: [],
        pendingCommands: [],
      })
    })

    test('what was committed is loaded after a restart', async () => {
      const { at, store } = await both()
      await store.commit(FULL)
      await store.close()
      const again = await at.open()
      expect(await again.load()).toEqual({
        cursor: 7,
        progress: FULL.progress,
        rules: FULL.rules,
        deletedRules: [],
        devices: [
          { device: DEVICE, state: STATE },
          { device: OTHER, state: null },
        ],
        openCases: [aCase()],
        pendingCommands: [COMMAND],
      })
    })

    test('a commit is all or nothing: a second open case of device and rule refuses the rest', async () => {
      const { store, reader } = await both()
      await store.commit(FULL)
      const before = await everything(store, reader)
      const bad: StateChange = {
        ...change(9),
        progress: { ...FULL.progress, now: T0 + HOUR },
        devices: [testDevice('probe', 'dev-9')],
        deletedDevices: ['dev-2'],
        rules: [testRule({ version: 2 })],
        deletedRules: ['probe-ladder'],
        live: [live({ online: false, alerts: [] })],
        caseEvents: [{ caseId: 'case-1', event: event('comment') }],
        released: ['q-1'],
        quarantined: [quarantined('q-2')],
        chunks: FULL.chunks,
        commands: [{ ...COMMAND, state: 'failed' }],
        deliveries: [delivery('b')],
        ledger: FULL.ledger,
        verdicts: { ...VERDICTS, firstSeq: 8, lastSeq: 9 },
        cases: [aCase({ id: 'case-2' })],
      }
      await expect(store.commit(bad)).rejects.toThrow()
      expect(await everything(store, reader)).toEqual(before)
      // And it goes on working.
      await store.commit({ ...bad, cases: [aCase({ status: 'closed', closedAt: T0 + HOUR })] })
      expect((await store.load()).cursor).toBe(9)
    })

    test('a case that was stored before cases could be seen is one that nobody saw', async () => {
      const { store, reader } = await both()
      const { seenAt: _unknown, ...old } = aCase()
      await store.commit({ ...change(1), cases: [old as Case] })
      expect((await store.load()).openCases).toEqual([aCase({ seenAt: null })])
      expect((await reader.case('case-1'))?.case.seenAt).toBeNull()
      expect((await reader.cases({ now: T0 }, PAGE)).items[0]?.seenAt).toBeNull()
      await store.commit({ ...change(2), cases: [aCase({ seenAt: T0 + 5 })] })
      expect((await reader.case('case-1'))?.case.seenAt).toBe(T0 + 5)
    })

    test('a case may be opened where the one before is ended, in one commit', async () => {
      const { store } = await both()
      await store.commit(FULL)
      const ended = aCase({ status: 'cancelled', closedAt: T0 + HOUR })
      await store.commit({ ...change(8), cases: [ended, aCase({ id: 'case-2' })] })
      expect((await store.load()).openCases.map(({ id }) => id)).toEqual(['case-2'])
    })

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

    test('a deleted device takes its state and alerts along, its cases stay', async () => {
      const { store, reader } = await both()
      await store.commit(FULL)
      await store.commit({ ...change(8), deletedDevices: ['dev-1'] })
      expect((await store.load()).devices.map(({ device }) => device.id)).toEqual(['dev-2'])
      expect((await reader.alerts({}, PAGE)).items).toEqual([])
      expect(await store.seenChunks('dev-1', 0, T0 * 2)).toEqual([])
      expect((await reader.case('case-1'))?.case.id).toBe('case-1')
    })

    test('a deleted rule is remembered as deleted until it is written again', async () => {
      const { store, reader } = await both()
      await store.commit(FULL)
      await store.commit({ ...change(8), deletedRules: ['probe-level'] })
      expect(await store.load()).toMatchObject({ rules: [LADDER], deletedRules: ['probe-level'] })
      expect(await reader.rule('probe-level')).toBeNull()
      await store.commit({ ...change(9), rules: [testRule({ version: 2 })] })
      expect((await store.load()).deletedRules).toEqual([])
    })

    test('ledger lines are added up', async () => {
      const { store } = await both()
      await store.commit(FULL)
      await store.commit({ ...change(8), ledger: FULL.ledger })
      const [line] = FULL.ledger
      expect(await store.ledger('2026-11-22')).toEqual([
        { ...line, expanded: 2, accepted: 4, quarantined: 6, duplicate: 8, shed: 10 },
      ])
      expect(await store.ledger('2026-11-23')).toEqual([])
    })

    test('decisions come in order after a cursor, and are summed until they are stored', async () => {
      const { store } = await both()
      for (let seq = 1; seq <= 5; seq++) {
        const verdicts = { ...VERDICTS, firstSeq: 2 * seq - 1, lastSeq: 2 * seq }
        await store.commit({ ...change(2 * seq), verdicts })
      }
      expect((await store.verdicts(0, 2)).map(({ lastSeq }) => lastSeq)).toEqual([2, 4])
      expect(await store.verdicts(8, 9)).toEqual([{ ...VERDICTS, firstSeq: 9, lastSeq: 10 }])
      expect(await store.unstored(4)).toEqual([{ day: '2026-11-22', kind: 'probe', readings: 6 }])
      expect(await store.unstored(10)).toEqual([])
    })

    test('deliveries are kept once, told by id, and listed newest first, of one case or all', async () => {
      const { at, store, reader } = await both()
      const later = delivery('b', { receivedAt: T0 + 1, caseId: null })
      await store.commit({ ...FULL, deliveries: [delivery('a'), later] })
      const again = delivery('a', { receivedAt: T0 + 9, receiver: 'another' })
      await store.commit({ ...change(8), deliveries: [again] })
      const listed = async (caseId?: string) =>
        (await reader.deliveries({ caseId }, PAGE)).items.map((one) => one)
      expect(await listed()).toEqual([later, delivery('a')])
      expect(await listed('case-1')).toEqual([delivery('a')])
      expect(await listed('case-2')).toEqual([])
      await store.close()
      const ids = [delivery('a').id, later.id, delivery('c').id]
      expect(await (await at.open()).delivered(ids)).toEqual(new Set(ids.slice(0, 2)))
    })

    test('seen readings are found by the span that they touch', async () => {
      const { store } = await both()
      await store.commit(FULL)
      const [chunk] = FULL.chunks.map((one) => one.chunk)
      const found = (from: number, to: number) => store.seenChunks('dev-1', from, to)
      expect(await found(T0 - 5, T0)).toEqual([chunk])
      expect(await found(T0 + 10, T0 + 20)).toEqual([chunk])
      expect(await found(T0 - 5, T0 - 1)).toEqual([])
      expect(await found(T0 + 11, T0 + 20)).toEqual([])
      expect(await store.seenChunks('dev-2', T0, T0)).toEqual([])
    })

    test('pruning lets go of what is past its limits, and of nothing else', async () => {
      const { store } = await both()
      await store.commit(FULL)
      const keep = { verdictsUpTo: 6, seenBefore: T0 + 10, quarantineBefore: T0 }
      await store.prune({ ...keep, deliveriesBefore: T0 })
      expect(await store.verdicts(0, 9)).toHaveLength(1)
      expect(await store.seenChunks('dev-1', T0, T0)).toHaveLength(1)
      expect(await store.quarantined('q-1')).not.toBeNull()
      const ids = FULL.deliveries.map((one) => one.id)
      expect(await store.delivered(ids)).toEqual(new Set(ids))
      const limits = { verdictsUpTo: 7, seenBefore: T0 + 11, quarantineBefore: T0 + 1 }
      await store.prune({ ...limits, deliveriesBefore: T0 + 1 })
      expect(await store.delivered(ids)).toEqual(new Set())
      expect(await store.verdicts(0, 9)).toEqual([])
      expect(await store.seenChunks('dev-1', T0, T0)).toEqual([])
      expect(await store.quarantined('q-1')).toBeNull()
    })
  })
}

const PAGE = { limit: 100, after: null }
/** Bytes of the processor's own, which may be anything. */
const STATE = Uint8Array.of(1, 0, 255)
const DEVICE = testDevice('probe', 'dev-1', { secretHash: 'hash', attributes: { owner: '水' } })
const OTHER = testDevice('probe', 'dev-2')
const COMMAND: DeviceCommand = {
  id: 'c-1',
  deviceId: 'dev-1',
  kind: 'probe',
  name: 'open',
  params: { angle: 3 },
  state: 'sent',
  createdAt: T0,
  expiresAt: T0 + HOUR,
  endedAt: null,
  detail: null,
}
const VERDICTS = {
  firstSeq: 1,
  lastSeq: 7,
  accepted: [{ day: '2026-11-22', kind: 'probe', readings: 2 }],
  exceptions: { refused: [[1, 0]] as [number, number][], moved: [] },
}

function event(type: CaseEvent['type']): CaseEvent {
  return { type, at: T0, actor: 'li', from: null, to: 'open', note: '备注', data: {} }
}

function quarantined(id: string): QuarantinedMessage {
  return {
    id,
    receivedAt: T0,
    topic: 'v1/probe/dev-1/telemetry',
    kind: 'probe',
    deviceId: 'dev-1',
    payload: Uint8Array.of(1, 2, 255),
    code: 'NOT_JSON',
    field: null,
    rejections: [{ code: 'NOT_JSON', field: null, found: 'x', index: null }],
  }
}

function delivery(fingerprint: string, more: Partial<AlertDelivery> = {}): AlertDelivery {
  const about = { fingerprint, status: 'firing', startsAt: T0 } as const
  return {
    id: deliveryId(about),
    receivedAt: T0,
    receiver: 'case-api',
    ...about,
    endsAt: null,
    caseId: 'case-1',
    labels: { alertname: '积水', case_id: 'case-1' },
    annotations: {},
    ...more,
  }
}

function live(more: Partial<DeviceLive> = {}): DeviceLive {
  return {
    deviceId: 'dev-1',
    online: true,
    lastSeenAt: T0,
    latest: { ts: T0, fields: { level: 60, open: true } },
    state: STATE,
    alerts: [
      {
        ruleId: 'probe-level',
        ruleVersion: 1,
        deviceId: 'dev-1',
        kind: 'probe',
        state: 'firing',
        level: 'major',
        since: T0,
        // The value of now: a reader shows it with the case, too.
        value: 66,
        caseId: 'case-1',
      },
    ],
    ...more,
  }
}

/** A commit of nothing but the cursor. */
function change(cursor: number): StateChange {
  return {
    cursor,
    progress: { now: T0, silenceFloor: T0 - 1, lastNumber: { day: '20261122', seq: 4 } },
    live: [],
    devices: [],
    deletedDevices: [],
    rules: [],
    deletedRules: [],
    cases: [],
    caseEvents: [],
    quarantined: [],
    released: [],
    chunks: [],
    commands: [],
    deliveries: [],
    ledger: [],
    verdicts: null,
  }
}

/** A commit with one of everything. */
const FULL: StateChange = {
  ...change(7),
  devices: [DEVICE, OTHER],
  live: [live()],
  rules: [LADDER, testRule()],
  cases: [aCase()],
  caseEvents: [
    { caseId: 'case-1', event: event('open') },
    { caseId: 'case-1', event: event('comment') },
  ],
  quarantined: [quarantined('q-1')],
  chunks: [{ deviceId: 'dev-1', chunk: { from: T0, to: T0 + 10, rows: [T0, 1, -1, 0] } }],
  commands: [COMMAND],
  deliveries: [delivery('a')],
  ledger: [
    {
      day: '2026-11-22',
      kind: 'probe',
      expanded: 1,
      accepted: 2,
      quarantined: 3,
      duplicate: 4,
      shed: 5,
    },
  ],
  verdicts: VERDICTS,
}

/** All that can be read, from both ends. */
async function everything(store: StateStore, reader: StateReader) {
  return {
    load: await store.load(),
    verdicts: await store.verdicts(0, 100),
    ledger: await store.ledger('2026-11-22'),
    seen: await store.seenChunks('dev-1', 0, T0 * 2),
    devices: await reader.devices({}, PAGE),
    alerts: await reader.alerts({}, PAGE),
    cases: await reader.cases({ now: T0 }, PAGE),
    history: await reader.case('case-1'),
    quarantine: await reader.quarantine({}, PAGE),
    command: await reader.command('c-1'),
    deliveries: await reader.deliveries({}, PAGE),
  }
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
