import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectInflux } from '../../src/store/influxdb/connection.ts'
import { alertRules, evaluate, queriesOf, toValues } from '../support/alert-rules.ts'
import { describeWith, INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'

/**
 * Every alert rule, on real servers: each query gives one series a label set with one number and no
 * more, and the rule fires for what it is meant for and for nothing else.
 */
const NOW = Date.parse('2026-11-23T04:00:00Z')
const SECOND = 1000
const RULES = alertRules()

interface Case {
  readonly id: string
  readonly severity: string
  readonly open: number
  readonly unseen: number
  readonly district?: string
}

/** A snapshot of the open cases, `ago` seconds before NOW. */
function snapshot(ago: number, cases: readonly Case[]): string[] {
  return cases.map(({ id, severity, open, unseen, district = 'laocheng' }) => {
    const tags = `case_id=${id},number=20261123${id},device=wl-${id},district=${district},kind=waterlogging,severity=${severity}`
    const fields = `open=${open},seen=${unseen > 0 ? 0 : 1},age_s=400,unseen_s=${unseen},due_in_s=900,overdue=0,status=1,rework=0,lat=35.03,lon=118.34`
    return `case_open,${tags} ${fields} ${NOW - ago * SECOND}`
  })
}

function service(ago: number, fields: Readonly<Record<string, number>>): string {
  const all = { up: 1, lag_processor_s: 0, lag_telemetry_s: 0, journal_fill: 0.01, ...fields }
  const counters = { quarantine_ratio: 0, readings_quarantined: 0, readings_refused: 0 }
  const values = Object.entries({ ...counters, ...all }).map(([name, value]) => `${name}=${value}`)
  return `service ${values.join(',')} ${NOW - ago * SECOND}`
}

const devices = (kind: string, total: number, silent: number, ago = 20) =>
  `devices,district=laocheng,kind=${kind} total=${total},online=${total - silent},silent=${silent} ${NOW - ago * SECOND}`
const minor = (district: string, open: number) =>
  `case_count,district=${district},kind=dust,severity=minor open=${open},unseen=0,overdue=0,oldest_s=0 ${NOW - 20 * SECOND}`
const critical = (id: string, open: number, unseen: number): Case => ({
  id,
  severity: 'critical',
  open,
  unseen,
})

interface Story {
  readonly title: string
  readonly lines: readonly string[]
  /** What fires, by rule: the value of a label that tells the label sets apart, or `-`. */
  readonly fires: Readonly<Record<string, readonly string[]>>
}

const STORIES: readonly Story[] = [
  {
    title: 'a quiet city',
    lines: [
      ...snapshot(20, [critical('a1', 0, 0)]),
      service(200, {}),
      service(20, {}),
      minor('laocheng', 9),
      devices('dust', 4, 4),
      devices('waterlogging', 10, 2),
    ],
    fires: {},
  },
  {
    title: 'cases of both severities, one closed, one escalated, one in no district',
    lines: [
      ...snapshot(50, [
        critical('a1', 1, 0),
        critical('a2', 1, 0),
        { ...critical('a3', 1, 0), severity: 'major' },
      ]),
      ...snapshot(20, [
        critical('a1', 1, 0),
        critical('a2', 0, 0),
        critical('a3', 1, 10),
        { ...critical('a3', 0, 0), severity: 'major' },
        { ...critical('a4', 1, 0), severity: 'major', district: 'none' },
        { ...critical('a5', 1, 0), severity: 'minor' },
      ]),
      service(20, {}),
    ],
    fires: { 'case-critical-open': ['a1', 'a3'], 'case-major-open': ['a4'] },
  },
  {
    title: 'critical cases that nobody saw: five minutes, longer, ended unseen',
    lines: [
      ...snapshot(20, [critical('a1', 1, 300), critical('a2', 1, 301), critical('a3', 0, 900)]),
      service(20, {}),
    ],
    fires: { 'case-critical-open': ['a1', 'a2'], 'case-critical-unseen': ['a2'] },
  },
  {
    title: 'many minor cases in one district',
    lines: [minor('laocheng', 10), minor('gaoxin', 3), service(20, {})],
    fires: { 'case-minor-many': ['laocheng'] },
  },
  {
    title: 'a fifth of the devices silent, and more than a fifth',
    lines: [devices('dust', 5, 1), devices('waterlogging', 10, 3), service(20, {})],
    fires: { 'devices-silent': ['waterlogging'] },
  },
  {
    title: 'the service in trouble',
    lines: [
      service(500, { readings_quarantined: 100, readings_refused: 7 }),
      service(20, {
        lag_processor_s: 61,
        lag_telemetry_s: 601,
        journal_fill: 0.81,
        quarantine_ratio: 0.06,
        readings_quarantined: 120,
        readings_refused: 8,
      }),
    ],
    fires: {
      'service-processor-lag': ['-'],
      'service-telemetry-lag': ['-'],
      'service-journal-half': ['-'],
      'service-journal-full': ['-'],
      'service-quarantine': ['-'],
      'service-readings-refused': ['-'],
    },
  },
  {
    title: 'a large share of few readings in quarantine, and a restart that sets counters to 0',
    lines: [
      service(500, { readings_quarantined: 100, readings_refused: 7 }),
      service(20, { quarantine_ratio: 0.5, readings_quarantined: 19, readings_refused: 0 }),
    ],
    fires: {},
  },
]

const TOLD_BY: Readonly<Record<string, string>> = {
  'case-critical-open': 'case_id',
  'case-major-open': 'case_id',
  'case-critical-unseen': 'case_id',
  'case-minor-many': 'district',
  'devices-silent': 'kind',
}

for (const kind of INFLUX_SERVERS) {
  describeWith(kind)(`alert rules on ${kind.name}`, () => {
    let server: InfluxServer

    beforeAll(async () => {
      server = await kind.start()
    })
    afterAll(() => server?.stop())

    async function tell(name: string, lines: readonly string[]): Promise<string> {
      await server.createBucket(name)
      const connection = connectInflux(server.location(name))
      try {
        expect(await connection.write(name, 'ms', lines)).toEqual({ ok: true })
      } finally {
        await connection.close()
      }
      return name
    }

    for (const [index, story] of STORIES.entries()) {
      test(story.title, async () => {
        const db = await tell(`story${index}`, story.lines)
        const fired: Record<string, string[]> = {}
        for (const rule of RULES) {
          const found = await evaluate(rule, NOW, ({ query }) => server.query(db, query))
          if (found === 'no data' || found.length === 0) continue
          const label = TOLD_BY[rule.uid]
          fired[rule.uid] = found.map((labels) => (label ? (labels[label] ?? '?') : '-')).sort()
        }
        expect(fired).toEqual(story.fires)
      })
    }

    test('a service that stopped: nothing but the heartbeat has no data and alerts', async () => {
      const db = await tell('stopped', [service(150, {}), ...snapshot(150, [critical('a1', 1, 0)])])
      const heartbeat = RULES.find(({ uid }) => uid === 'service-heartbeat')
      expect(heartbeat?.noDataState).toBe('Alerting')
      if (heartbeat === undefined) return
      expect(await evaluate(heartbeat, NOW, ({ query }) => server.query(db, query))).toBe('no data')
      const later = NOW + 300 * SECOND
      for (const rule of RULES.filter((one) => one !== heartbeat)) {
        const found = await evaluate(rule, later, ({ query }) => server.query(db, query))
        // A rule over ten minutes still sees what was; it must not fire for it.
        expect([rule.uid, found]).toEqual([rule.uid, found === 'no data' ? 'no data' : []])
        expect(rule.noDataState).toBe('KeepLast')
      }
    })

    test('the last case ended while nobody could write it: there is data, and the case is not in it', async () => {
      const db = await tell('gap', [service(20, {}), ...snapshot(1500, [critical('a1', 1, 900)])])
      const rules = RULES.filter(({ labels }) => labels['source'] === 'case')
      for (const rule of rules) {
        expect(await evaluate(rule, NOW, ({ query }) => server.query(db, query))).toEqual([])
        expect(rule.missing_series_evals_to_resolve).toBe(4)
      }
    })

    test('labels of a case are what notifications and links need', async () => {
      const db = await tell('labels', snapshot(20, [critical('a1', 1, 400)]))
      const rules = RULES.filter(({ labels }) => labels['source'] === 'case')
      expect(rules.length).toBe(3)
      for (const rule of rules) {
        for (const { query } of queriesOf(rule, NOW)) {
          const [labels] = [...toValues(await server.query(db, query)).keys()]
          const names = ['case_id', 'device', 'district', 'kind', 'number']
          // Severity is the rule's own label: Grafana warns where a query brings it too.
          const expected = rule.uid === 'case-major-open' ? undefined : names
          const found = labels === undefined ? undefined : Object.keys(JSON.parse(labels)).sort()
          expect(found).toEqual(expected)
        }
      }
    })
  })
}
