import { describe, expect, test } from 'vitest'
import type { Case } from '../../src/cases/case.ts'
import { HOUR } from '../../src/model/time.ts'
import type { StateChange, StateStore } from '../../src/store/state-port.ts'
import type { StateReader } from '../../src/store/state-reader-port.ts'
import { aCase } from '../support/case.ts'
import { LADDER, testRule } from '../support/kind.ts'
import { T0 } from '../support/records.ts'
import {
  COMMAND,
  change,
  DEVICE,
  delivery,
  event,
  FULL,
  live,
  OTHER,
  PAGE,
  quarantined,
  STATE,
  VERDICTS,
} from '../support/state-change.ts'
import { testDevice } from '../support/world.ts'
import { stateReaderContract } from './state-reader.ts'

/** One state at one place, as an adapter gives it to the contract. */
export interface StatePlace {
  open(): Promise<StateStore>
  reader(): Promise<StateReader>
}

/** What src/store/state-port.ts promises, for any adapter: `place` gives a new, empty one. */
export function stateStoreContract(name: string, place: () => StatePlace): void {
  stateReaderContract(name, place)

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
        statesUpTo: 0,
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
        statesUpTo: 5,
        progress: FULL.progress,
        rules: FULL.rules,
        deletedRules: [],
        devices: [
          { device: DEVICE, state: STATE, takenUpTo: 7 },
          { device: OTHER, state: null, takenUpTo: 0 },
        ],
        openCases: [aCase()],
        pendingCommands: [COMMAND],
      })
    })

    test('a state knows which commit it came with, however many follow', async () => {
      const { store } = await both()
      await store.commit(FULL)
      await store.commit({ ...change(8), live: [live({ deviceId: 'dev-2', alerts: [] })] })
      await store.commit(change(9))
      const taken = (await store.load()).devices.map((one) => one.takenUpTo)
      expect(taken).toEqual([7, 8])
      await store.commit({ ...change(10), live: [live()] })
      expect((await store.load()).devices[0]?.takenUpTo).toBe(10)
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
