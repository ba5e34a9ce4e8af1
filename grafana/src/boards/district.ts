import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Severity } from '../../../src/model/case-terms.ts'
import { COMMON, DISTRICT } from '../i18n/index.ts'
import { boardOf, districtVariable } from '../lib/board.ts'
import { type Context, say } from '../lib/context.ts'
import { is, matches, sumNow, sumOverTime, where } from '../lib/influxql.ts'
import { LIMITS, NOW, SNAPSHOT_INTERVAL } from '../lib/limits.ts'
import { kindOfSeries } from '../lib/links.ts'
import { casesMap } from '../lib/map.ts'
import { kindSeries, kindWords, look, severitySeries } from '../lib/overrides.ts'
import { SEVERITY_COLOURS } from '../lib/palette.ts'
import { figures, stepsDown, stepsFromOne, trendPanel } from '../lib/panels.ts'
import { casesTable, tablePanel } from '../lib/tables.ts'

/** One district: its cases and its devices, now and over time. */
const BY_COUNT = ['district', 'kind', 'severity']
const HERE = matches('district')

export function districtBoard(context: Context): Dashboard {
  return boardOf(context, {
    name: 'district',
    words: DISTRICT.board,
    from: 'now-24h',
    variables: [districtVariable(context, false)],
    panels: [
      ...stateRow(context),
      casesMap(context, { id: 7, at: [0, 4, 9, 10], words: DISTRICT.map }, [HERE]),
      casesTable(
        context,
        { id: 8, at: [9, 4, 15, 10], words: DISTRICT.cases },
        [HERE],
        ['district'],
      ),
      devicesTable(context),
      ...trends(context),
    ],
  })
}

function stateRow(context: Context) {
  const of = (field: string, ...conditions: string[]) =>
    sumNow('case_count', [field], BY_COUNT, [], HERE, ...conditions)
  const open = (severity: Severity) => of('open', is('severity', severity))
  const judged = (severity: Severity) => ({ steps: stepsFromOne(SEVERITY_COLOURS[severity]) })
  const hours = { unit: say(context, COMMON.hours), decimals: 1 }
  const online = { unit: 'percent', decimals: 1, steps: stepsDown(LIMITS.offlinePct, 100) }
  return figures(context, { source: 'ops', now: NOW }, [
    [1, [0, 0, 4, 4], DISTRICT.critical, open('critical'), judged('critical')],
    [2, [4, 0, 4, 4], DISTRICT.major, open('major'), judged('major')],
    [3, [8, 0, 4, 4], DISTRICT.minor, open('minor'), judged('minor')],
    [4, [12, 0, 4, 4], DISTRICT.overdue, of('overdue'), judged('major')],
    [5, [16, 0, 4, 4], DISTRICT.oldest, oldest(), hours],
    [6, [20, 0, 4, 4], DISTRICT.online, onlinePct(), online],
  ])
}

function trends(context: Context) {
  return [
    trendPanel(context, {
      id: 10,
      at: [9, 14, 8, 8],
      words: DISTRICT.trend,
      source: 'ops',
      queries: [
        {
          sql: sumOverTime('case_count', 'open', BY_COUNT, ['severity'], HERE),
          alias: '$tag_severity',
        },
      ],
      interval: SNAPSHOT_INTERVAL,
      style: 'stacked-area',
      min: 0,
      decimals: 0,
      looks: severitySeries(context),
    }),
    trendPanel(context, {
      id: 11,
      at: [17, 14, 7, 8],
      words: DISTRICT.silent,
      source: 'ops',
      queries: [
        {
          sql: sumOverTime('devices', 'silent', ['district', 'kind'], ['kind'], HERE),
          alias: '$tag_kind',
        },
      ],
      interval: SNAPSHOT_INTERVAL,
      min: 0,
      decimals: 0,
      looks: kindSeries(context),
      links: [kindOfSeries(context, say(context, COMMON.openKind))],
    }),
  ]
}

function oldest(): string {
  const inner = `SELECT last("oldest_s") AS "oldest_s" FROM "case_count" WHERE ${where(HERE)} GROUP BY "district","kind","severity"`
  return `SELECT max("oldest_s") / 3600 AS "oldest_h" FROM (${inner}) WHERE $timeFilter`
}

function onlinePct(): string {
  const inner = `SELECT last("total") AS "total", last("online") AS "online" FROM "devices" WHERE ${where(HERE)} GROUP BY "district","kind"`
  return `SELECT 100 * sum("online") / sum("total") AS "online" FROM (${inner}) WHERE $timeFilter`
}

function devicesTable(context: Context) {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  const sql = `SELECT last("total") AS "total", last("online") AS "online", last("silent") AS "silent", 100 * last("online") / last("total") AS "share" FROM "devices" WHERE ${where(HERE)} GROUP BY "kind"`
  return tablePanel(context, {
    id: 9,
    at: [0, 14, 9, 8],
    words: DISTRICT.devices,
    source: 'ops',
    queries: [{ sql, table: true }],
    now: NOW,
    columns: ['kind', 'total', 'online', 'silent', 'share'],
    looks: [
      look('kind', { name: name('kind'), mappings: [kindWords(context)] }),
      look('total', { name: name('total'), decimals: 0, width: 80 }),
      look('online', { name: name('online'), decimals: 0, width: 80 }),
      look('silent', {
        name: name('silent'),
        decimals: 0,
        width: 80,
        cell: 'text',
        steps: stepsFromOne(SEVERITY_COLOURS.major),
      }),
      look('share', {
        name: name('onlineShare'),
        unit: 'percent',
        decimals: 0,
        cell: 'gauge',
        range: [0, 100],
        steps: stepsDown(LIMITS.offlinePct, 100),
      }),
    ],
  })
}
