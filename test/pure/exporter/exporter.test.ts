import { describe, expect, test } from 'vitest'
import type { Case, CaseEvent } from '../../../src/cases/case.ts'
import { Exporter, type ExporterParts } from '../../../src/exporter/exporter.ts'
import type { ExporterMessage } from '../../../src/exporter/protocol.ts'
import { HOUR, type Instant, MINUTE } from '../../../src/model/time.ts'
import type { OpsPoint, OpsStore, Refused } from '../../../src/store/ops-port.ts'
import type { CaseMoment } from '../../../src/store/state-reader-port.ts'
import { aCase } from '../../support/case.ts'
import { healthSample, severityEvent } from '../../support/exporter.ts'
import { until } from '../../support/places.ts'
import { T0 } from '../../support/records.ts'
import { TEST_CITY } from '../../support/world.ts'

/** A store that remembers, and can be away. */
class FakeStore implements OpsStore {
  writes: OpsPoint[][] = []
  events: OpsPoint[][] = []
  asked = 0
  newest: Instant | null = null
  away: string | null = null
  casesAway: string | null = null
  refused: Refused = null
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve()

  async write(points: readonly OpsPoint[]): Promise<Refused> {
    await this.gate
    if (this.away !== null) throw new Error(this.away)
    this.writes.push([...points])
    return this.refused
  }

  async writeCaseEvents(points: readonly OpsPoint[]): Promise<Refused> {
    if (this.casesAway !== null) throw new Error(this.casesAway)
    this.events.push([...points])
    return null
  }

  async newestCaseEvent(): Promise<Instant | null> {
    this.asked++
    if (this.casesAway !== null) throw new Error(this.casesAway)
    return this.newest
  }

  async close(): Promise<void> {}
}

/** A state in memory. */
class FakeState implements Pick<ExporterParts, 'state'> {
  readonly cases = new Map<string, Case>()
  readonly histories = new Map<string, CaseEvent[]>()
  looked = 0

  put(it: Case, ...events: CaseEvent[]): void {
    this.cases.set(it.id, it)
    this.histories.set(it.id, [...(this.histories.get(it.id) ?? []), ...events])
  }

  open(more: Partial<Case> = {}): Case {
    const it = aCase(more)
    this.put(it, severityEvent(it, 'open'))
    return it
  }

  readonly state: ExporterParts['state'] = {
    case: async (id) => {
      this.looked++
      const it = this.cases.get(id)
      return it === undefined ? null : { case: it, history: this.histories.get(id) ?? [] }
    },
    casesSince: async (endedAfter) =>
      [...this.cases.values()].filter((it) => it.closedAt === null || it.closedAt > endedAfter),
    caseMoments: async (after, limit) => {
      const order = (a: CaseMoment, b: CaseMoment) =>
        a.at - b.at || (a.case.id < b.case.id ? -1 : 1)
      const moments = [...this.cases.values()].flatMap((it): CaseMoment[] => {
        const opening = this.histories.get(it.id)?.[0] ?? null
        const opened = { at: it.openedAt, ended: false, case: it, opening }
        return it.closedAt === null
          ? [opened]
          : [opened, { at: it.closedAt, ended: true, case: it, opening }]
      })
      const beyond = (one: CaseMoment) =>
        one.at > after.at ||
        (one.at === after.at &&
          (one.case.id > after.caseId ||
            (one.case.id === after.caseId && one.ended && !after.ended)))
      return moments.sort(order).filter(beyond).slice(0, limit)
    },
    deviceCounts: async () => [{ districtId: 'd1', kind: 'probe', total: 3, online: 2, silent: 1 }],
  }
}

function setUp() {
  const store = new FakeStore()
  const fake = new FakeState()
  const told: ExporterMessage[] = []
  const start = () =>
    new Exporter({
      state: fake.state,
      store,
      city: TEST_CITY,
      kinds: ['probe'],
      tell: (message) => told.push(message),
    })
  let exporter = start()
  return {
    store,
    fake,
    told,
    exporter: () => exporter,
    restart() {
      exporter = start()
    },
    /** One turn, to its end; gives what it wrote of a measurement. */
    async turn(now: Instant) {
      const before = told.length
      exporter.take(healthSample(now))
      await until(() => told.length > before)
      // The turn has ended when the next may begin.
      await new Promise((resolve) => setImmediate(resolve))
      const points = store.writes.at(-1) ?? []
      return (measurement: string) => points.filter((one) => one.measurement === measurement)
    },
  }
}

const open = (points: readonly OpsPoint[]) =>
  points.map(({ tags, fields }) => [tags['case_id'], tags['severity'], fields['open']])

describe('snapshots', () => {
  test('the city and the service, the heartbeat last', async () => {
    const { fake, store, told, turn } = setUp()
    fake.open({ districtId: 'd1' })
    const of = await turn(T0 + 5)
    expect(open(of('case_open'))).toEqual([['case-1', 'major', 1]])
    expect(of('case_count')).toHaveLength(2 * 1 * 3)
    expect(of('devices')).toHaveLength(1)
    expect(store.writes[0]?.at(-1)).toMatchObject({ measurement: 'service', at: T0 + 5 })
    expect(told).toEqual([{ type: 'exported', at: T0 + 5, points: 9, caseEvents: 1 }])
  })

  test('an ended case is 0 for 15 minutes, also after a restart, then nothing', async () => {
    const { fake, restart, turn } = setUp()
    const it = fake.open()
    fake.put({ ...it, status: 'closed', closedAt: T0 + MINUTE })
    const at = async (now: Instant) => open((await turn(now))('case_open'))
    expect(await at(T0 + 2 * MINUTE)).toEqual([['case-1', 'major', 0]])
    restart()
    expect(await at(T0 + 16 * MINUTE - 1)).toEqual([['case-1', 'major', 0]])
    expect(await at(T0 + 16 * MINUTE)).toEqual([])
  })

  test('an escalation closes the series of before, also after a restart', async () => {
    const { fake, restart, turn } = setUp()
    const it = fake.open({ severity: 'minor' })
    const at = async (now: Instant) => open((await turn(now))('case_open'))
    expect(await at(T0)).toEqual([['case-1', 'minor', 1]])
    const worse = { ...it, severity: 'critical' as const }
    fake.put(worse, severityEvent(worse, 'severity', T0 + 1))
    const both = [
      ['case-1', 'critical', 1],
      ['case-1', 'minor', 0],
    ]
    expect(await at(T0 + 2)).toEqual(both)
    restart()
    expect(await at(T0 + 3)).toEqual(both)
  })

  test('a history is looked up once, and again when severity or seen have changed', async () => {
    const { fake, turn } = setUp()
    const it = fake.open()
    await turn(T0)
    await turn(T0 + 1)
    expect(fake.looked).toBe(1)
    fake.put({ ...it, seenAt: T0 + 2 })
    await turn(T0 + 3)
    await turn(T0 + 4)
    expect(fake.looked).toBe(2)
    fake.cases.clear()
    await turn(T0 + 5)
    fake.put(it)
    await turn(T0 + 6)
    expect(fake.looked).toBe(3)
  })
})

describe('a store that is away', () => {
  test('is told, and the next turn writes what is true then', async () => {
    const { fake, store, told, turn } = setUp()
    fake.open()
    store.away = 'no answer'
    store.casesAway = 'no answer either'
    await turn(T0)
    await until(() => told.length === 2)
    expect(told).toEqual([
      { type: 'trouble', message: 'bucket "ops": no answer' },
      { type: 'trouble', message: 'bucket "cases": no answer either' },
    ])
    store.away = null
    store.casesAway = null
    await turn(T0 + 1)
    expect(told.at(-1)).toMatchObject({ type: 'exported', caseEvents: 1 })
    expect(store.writes).toHaveLength(1)
  })

  test('a missing bucket does not keep the other empty', async () => {
    const { fake, store, told, turn } = setUp()
    fake.open()
    store.away = 'no bucket'
    await turn(T0)
    await until(() => store.events.length === 1)
    store.away = null
    store.casesAway = 'no bucket'
    fake.open({ id: 'case-2', openedAt: T0 + 1 })
    await turn(T0 + 2)
    expect(store.writes).toHaveLength(1)
    expect(told.filter(({ type }) => type === 'trouble')).toHaveLength(2)
  })

  test('points that it would never take are told and not sent for ever', async () => {
    const { store, told, turn } = setUp()
    store.refused = 'field type conflict'
    await turn(T0)
    await until(() => told.length === 2)
    expect(told[0]).toEqual({
      type: 'trouble',
      message: 'bucket "ops": refused: field type conflict',
    })
    expect(told[1]).toMatchObject({ type: 'exported' })
  })
})

describe('one turn at a time', () => {
  test('of samples that come meanwhile only the last counts', async () => {
    const { store, told, exporter } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    store.gate = promise
    for (const now of [T0, T0 + 1, T0 + 2, T0 + 3]) exporter().take(healthSample(now))
    await new Promise((done) => setImmediate(done))
    expect(store.writes).toEqual([])
    resolve()
    await until(() => told.length === 2)
    expect(told.map((one) => one.type === 'exported' && one.at)).toEqual([T0, T0 + 3])
  })

  test('a closing waits for the turn and begins nothing new, and tells no trouble', async () => {
    const { store, told, exporter } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    store.gate = promise
    store.away = 'cut off'
    exporter().take(healthSample(T0))
    exporter().take(healthSample(T0 + 1))
    const closed = exporter().close()
    resolve()
    await closed
    exporter().take(healthSample(T0 + 2))
    await new Promise((done) => setImmediate(done))
    expect(store.writes).toEqual([])
    expect(store.asked).toBe(0)
    expect(told).toEqual([])
  })
})

describe('case events', () => {
  const names = (store: FakeStore) => store.events.map((page) => page.map(({ at }) => at - T0))

  test('are written once each, in order of time, from the beginning of an empty bucket', async () => {
    const { fake, store, turn } = setUp()
    fake.open({ id: 'b', openedAt: T0 + 2 })
    const a = fake.open({ id: 'a', openedAt: T0 + 1 })
    fake.put({ ...a, status: 'closed', closedAt: T0 + 3 })
    await turn(T0 + 9)
    await turn(T0 + 10)
    expect(names(store)).toEqual([[1, 2, 3]])
    fake.open({ id: 'c', openedAt: T0 + 11 })
    await turn(T0 + 12)
    expect(names(store)).toEqual([[1, 2, 3], [11]])
    expect(store.asked).toBe(1)
  })

  test('go on after a restart an hour before the newest, so that a late commit is found', async () => {
    const { fake, store, restart, turn } = setUp()
    for (const hours of [0, 9, 9.5, 10]) {
      fake.open({ id: `case-${hours}`, openedAt: T0 + hours * HOUR })
    }
    store.newest = T0 + 10 * HOUR
    await turn(T0 + 11 * HOUR)
    expect(names(store)).toEqual([[9 * HOUR, 9.5 * HOUR, 10 * HOUR]])
    fake.open({ id: 'late', openedAt: T0 + 9.9 * HOUR })
    restart()
    await turn(T0 + 11 * HOUR)
    expect(names(store)[1]).toContain(9.9 * HOUR)
  })

  test('a newest of another clock is not believed', async () => {
    const { fake, store, turn } = setUp()
    fake.open()
    store.newest = T0 + 100 * HOUR
    await turn(T0 + 1)
    expect(names(store)).toEqual([[0]])
  })

  test('one that is committed late is written', async () => {
    const { fake, store, turn } = setUp()
    fake.open({ id: 'a', openedAt: T0 + HOUR })
    await turn(T0 + HOUR)
    fake.open({ id: 'b', openedAt: T0 + HOUR - 10 * MINUTE })
    await turn(T0 + HOUR + 1)
    expect(names(store)).toEqual([[HOUR], [HOUR - 10 * MINUTE]])
  })

  test('a page that failed is written at the next turn; no page before it again', async () => {
    const { fake, store, turn } = setUp()
    for (let i = 0; i < 4500; i++) fake.open({ id: `case-${i}`, openedAt: T0 + i * MINUTE })
    const write = store.writeCaseEvents.bind(store)
    let calls = 0
    store.writeCaseEvents = async (points) => {
      if (++calls === 2) throw new Error('away')
      return write(points)
    }
    const now = T0 + 5000 * MINUTE
    await turn(now)
    expect(store.events.map((page) => page.length)).toEqual([2000])
    await turn(now + 1)
    expect(store.events.flat().map(({ at }) => at)).toEqual(
      Array.from({ length: 4500 }, (_, i) => T0 + i * MINUTE),
    )
  })

  test('a long history does not keep the snapshots waiting', async () => {
    const { fake, store, turn } = setUp()
    const all = Array.from({ length: 101_000 }, (_, i): CaseMoment => {
      const it = aCase({ id: `case-${i}`, openedAt: T0 + i * MINUTE })
      return { at: it.openedAt, ended: false, case: it, opening: null }
    })
    const { state } = fake
    const reads: number[] = []
    Object.assign(state, {
      caseMoments: async (after: { at: number; caseId: string }, limit: number) => {
        const from = Math.max(0, Math.ceil((after.at - T0) / MINUTE) + (after.caseId ? 1 : 0))
        reads.push(from)
        return all.slice(from, from + limit)
      },
    })
    const now = T0 + all.length * MINUTE
    await turn(now)
    expect(store.events.flat()).toHaveLength(100_000)
    await turn(now + 1)
    await turn(now + 2)
    expect(store.events.flat().map(({ at }) => at)).toEqual(all.map(({ at }) => at))
    // What was written long ago is not read again.
    expect(reads.slice(50).every((from) => from >= 99_939)).toBe(true)
  })
})
