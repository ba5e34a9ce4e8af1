import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  queriesOf as alertQueries,
  alertRules,
  evaluate,
  toValues,
} from '../support/alert-rules.ts'
import { framesOf } from '../support/board-choices.ts'
import { type BoardJson, committedBoards } from '../support/boards.ts'
import { type GrafanaCity, startGrafanaCity } from '../support/grafana-city.ts'
import type { Variables } from '../support/grafana-frames.ts'
import { documentedBuckets, type Measurements } from '../support/influx-docs.ts'
import { describeWith, INFLUX_SERVERS } from '../support/influx-servers.ts'
import { lookAt, type MayBeEmpty } from '../support/look-at-board.ts'
import { DAY, type Doc, iso } from '../support/service.ts'
import { toldAlerts, toldByKind, toldFigures } from '../support/told-by-api.ts'

/**
 * Every query of every board and every alert rule, on real servers, over a city that the
 * simulators have lived in: it is answered, and the answer is what the panel or the rule needs.
 * What that is, is read from the boards and rules themselves.
 */
const SEED_MS = 240_000
const CHINESE = committedBoards('zh-CN')
const ENGLISH = committedBoards('en')
const RULES = alertRules()

/** One device does not have what another has. */
const MAY_BE_EMPTY: readonly MayBeEmpty[] = [
  { board: 'city-device-zh', panels: [2, 5], why: 'it has no open case' },
  { board: 'city-device-zh', panels: [3, 4, 9], why: 'it tells no battery or no signal' },
  { board: 'city-device-zh', panels: [8], why: 'its kind has no switches' },
]

const cities = new Map<string, GrafanaCity>()
const stops: (() => Promise<void>)[] = []

// Both cities at the same time: each waits more than it works.
beforeAll(async () => {
  const present = INFLUX_SERVERS.filter(({ missing }) => missing === null)
  const started = await Promise.allSettled(
    present.map(async (kind) => {
      const server = await kind.start()
      stops.push(() => server.stop())
      const city = await startGrafanaCity(server)
      stops.push(() => city.stop())
      cities.set(kind.name, city)
    }),
  )
  for (const one of started) if (one.status === 'rejected') throw one.reason
}, SEED_MS)
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

test('no query asks for the time of the server', () => {
  const queries = [
    ...CHINESE.flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets)),
    ...RULES.flatMap((rule) => alertQueries(rule, 0)),
  ]
  expect(queries.length).toBeGreaterThan(100)
  expect(queries.filter(({ query }) => /now\(\)/.test(query))).toEqual([])
})

test('a link that sets a variable leads to a board that has it', () => {
  const boards = new Map([...CHINESE, ...ENGLISH].map((board) => [board.uid, board]))
  const links = [...boards.values()].flatMap(({ panels }) =>
    [...JSON.stringify(panels).matchAll(/"\/d\/([\w-]+)\?var-(\w+)=/g)].map(([, uid, name]) => {
      const variables = boards.get(uid as string)?.templating.list ?? []
      return { uid, name, there: variables.some((one) => one.name === name) }
    }),
  )
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter(({ there }) => !there)).toEqual([])
})

for (const kind of INFLUX_SERVERS) {
  describeWith(kind)(`boards and rules on ${kind.name}`, () => {
    const city = () => cities.get(kind.name) as GrafanaCity

    test.each(CHINESE.map((board) => [board.uid, board] as const))('%s', async (_, board) => {
      const twin = ENGLISH[CHINESE.indexOf(board)] as BoardJson
      expect(await lookAt(board, twin, city(), MAY_BE_EMPTY)).toEqual([])
    })

    test('figures of the boards are those of the API', async () => {
      const figures = await toldFigures(city())
      for (const { board, panel, choice, series, expected } of figures) {
        const answers = await framesOf(...panelOf(board, panel), choice, city())
        const found = [...answers.values()].flat()[series]?.fields[1]?.values.at(-1)
        const where = [board, panel, choice, series]
        expect([...where, found]).toEqual([...where, expected])
      }
    })

    test('the table of open cases has the cases of the API', async () => {
      const rows = await rowsOf('city-duty-zh', 10, {})
      const ids = city().state.cases.map(({ id }) => id)
      expect(rows.map((row) => row['case_id']).sort()).toEqual(ids.sort())
    })

    test('closed cases by kind are those of the API', async () => {
      const rows = await rowsOf('city-cases-zh', 9, { district: { all: '.*' } })
      expect(rows).toMatchObject(toldByKind(city()))
    })

    async function rowsOf(uid: string, panel: number, choice: Variables) {
      const [table] = [...(await framesOf(...panelOf(uid, panel), choice, city())).values()].flat()
      const { fields = [] } = table ?? {}
      return (fields[0]?.values ?? []).map((_, i) =>
        Object.fromEntries(fields.map(({ name, values }) => [name, values[i]])),
      )
    }

    test('points are the readings that the ledger calls stored', async () => {
      const { service, now, kinds, ask } = city()
      const pages = [await service.get(`/ledger?day=${dayOf(now)}`)]
      pages.push(await service.get(`/ledger?day=${dayOf(now - DAY)}`))
      for (const { name } of kinds) {
        const lines = pages.flatMap(({ kinds }) => kinds.filter((one: Doc) => one.kind === name))
        const stored = lines.reduce((sum, line) => sum + line.stored, 0)
        const [series] = await ask('influx-telemetry', `SELECT count("receivedAt") FROM "${name}"`)
        expect([name, series?.values[0]?.[1]]).toEqual([name, stored])
        expect(stored).toBeGreaterThan(100)
      }
      expect(pages.every(({ balanced }) => balanced)).toBe(true)
    })

    for (const rule of RULES) {
      test(`rule ${rule.uid}: unique label sets of one number, with the labels it names`, async () => {
        const { now, ask } = city()
        const texts = JSON.stringify([rule.annotations, rule.labels])
        const named = [...texts.matchAll(/\.Labels\.(\w+)/g)].map(([, name]) => name as string)
        for (const { dataSource, query } of alertQueries(rule, now)) {
          const values = toValues(await ask(dataSource, query))
          expect(values.size, query).toBeGreaterThan(0)
          for (const labels of values.keys()) {
            const known = [...Object.keys(JSON.parse(labels)), ...Object.keys(rule.labels)]
            expect(named.filter((name) => !known.includes(name))).toEqual([])
          }
        }
      })
    }

    test('the rules fire for what the API says, and for nothing else', async () => {
      const { now, ask } = city()
      const fired: Record<string, string[]> = {}
      for (const rule of RULES) {
        const found = await evaluate(rule, now, ({ dataSource, query }) => ask(dataSource, query))
        if (found === 'no data') throw new Error(`${rule.uid}: no data`)
        if (found.length > 0) fired[rule.uid] = found.map(subjectOf).sort()
      }
      const told = await toldAlerts(city())
      expect(fired).toEqual(told)
      expect(Object.values(told).map((subjects) => subjects.length)).not.toContain(0)
    })

    test('docs/influxdb.md names what is written, all of it and nothing else', async () => {
      const { kinds, ask } = city()
      const buckets = documentedBuckets(kinds)
      expect([...buckets.keys()].sort()).toEqual(['cases', 'ops', 'telemetry', 'telemetry_5m'])
      for (const [bucket, documented] of buckets) {
        const written = await writtenIn(`influx-${bucket.replace('_', '-')}`, ask)
        expect([bucket, written]).toEqual([bucket, documented])
      }
    })
  })
}

function panelOf(uid: string, id: number) {
  const board = CHINESE.find((one) => one.uid === uid)
  const panel = board?.panels.find((one) => one.id === id)
  if (board === undefined || panel === undefined) throw new Error(`there is no ${uid} ${id}`)
  return [board, panel] as const
}

/** What an alert is about. */
function subjectOf({ case_id, district, kind }: Readonly<Record<string, string>>): string {
  return case_id ?? ([district, kind].filter(Boolean).join(' ') || '-')
}

/** Tags and fields of every measurement, as the server tells them. */
async function writtenIn(source: string, ask: GrafanaCity['ask']): Promise<Measurements> {
  const keysOf = async (what: string) => {
    const series = await ask(source, `SHOW ${what} KEYS`)
    return new Map(series.map(({ name, values }) => [name, values.map(([key]) => String(key))]))
  }
  const [tags, fields] = [await keysOf('TAG'), await keysOf('FIELD')]
  const measurements = [...fields].map(([name, keys]) => [
    name,
    { tags: (tags.get(name) ?? []).sort(), fields: keys.sort() },
  ])
  return Object.fromEntries(measurements)
}

function dayOf(at: number): string {
  return iso(at).slice(0, 10)
}
