import type { Dashboard, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { CASES, COMMON } from '../i18n/index.ts'
import { boardOf, districtVariable } from '../lib/board.ts'
import { type Context, say } from '../lib/context.ts'
import { is, matches, sumNow, where } from '../lib/influxql.ts'
import { LIMITS, NOW } from '../lib/limits.ts'
import { districtOfSeries } from '../lib/links.ts'
import {
  districtSeries,
  districtWords,
  kindSeries,
  kindWords,
  look,
  unitWords,
} from '../lib/overrides.ts'
import { barsPanel, figures, type Panel, stepsUp, trendPanel } from '../lib/panels.ts'
import { tablePanel } from '../lib/tables.ts'

/** How many cases, how long they took, how many were late or went back: from `case_event`. */
const HERE = matches('district')
const BY_COUNT = ['district', 'kind', 'severity']
const CLOSED = where(is('event', 'closed'), HERE)

/** 1 for each case that went back at least once, else 0: InfluxQL has no comparison in a SELECT. */
const WENT_BACK = 'ceil("rework" / ("rework" + 1))'

/** What is told of closed cases; `rework` is made 0 or 1 before it is averaged. */
function closedBy(tag: string): string {
  const prepared = `SELECT "count", "duration_s", "overdue", ${WENT_BACK} AS "back" FROM "case_event" WHERE ${CLOSED} GROUP BY "${tag}"`
  return `SELECT sum("count") AS "closed", median("duration_s") / 3600 AS "median_h", mean("duration_s") / 3600 AS "mean_h", 100 * mean("overdue") AS "late", 100 * mean("back") AS "back" FROM (${prepared}) WHERE $timeFilter GROUP BY "${tag}"`
}

/** Days of the city: the offset moves the borders from midnight UTC to local midnight. */
function perDay({ city }: Context, event: string): string {
  return `SELECT sum("count") AS "count" FROM "case_event" WHERE ${where(is('event', event), HERE)} GROUP BY time(1d, ${-city.utcOffsetMinutes}m), "kind" fill(0)`
}

export function casesBoard(context: Context): Dashboard {
  return boardOf(context, {
    name: 'cases',
    words: CASES.board,
    from: 'now-30d',
    variables: [districtVariable(context, true)],
    panels: [
      ...stateRow(context),
      dailyPanel(context, 7, [0, 4, 12, 8], 'opened'),
      dailyPanel(context, 8, [12, 4, 12, 8], 'closed'),
      statistics(context, 9, [0, 12, 12, 8], 'kind', kindWords(context)),
      statistics(context, 10, [12, 12, 12, 8], 'district', districtWords(context)),
      statistics(context, 11, [0, 20, 12, 9], 'unit', unitWords(context)),
      barsPanel(context, {
        id: 12,
        at: [12, 20, 12, 9],
        words: CASES.backlogByDistrict,
        source: 'ops',
        now: NOW,
        queries: [
          {
            sql: sumNow('case_count', ['open'], BY_COUNT, ['district'], HERE),
            alias: '$tag_district',
          },
        ],
        decimals: 0,
        looks: districtSeries(context),
        links: [districtOfSeries(context, say(context, COMMON.openDistrict))],
      }),
    ],
  })
}

function stateRow(context: Context) {
  const from = (fields: string, of = `"case_event" WHERE ${CLOSED}`) =>
    `SELECT ${fields} FROM ${of}`
  const count = (event: string) =>
    from('sum("count") AS "count"', `"case_event" WHERE ${where(is('event', event), HERE)}`)
  const back = from(`${WENT_BACK} AS "back"`)
  const hours = { unit: say(context, COMMON.hours), decimals: 1 }
  const share = { unit: 'percent', decimals: 1, steps: stepsUp(LIMITS.latePct) }
  const now = { source: 'ops', now: NOW, noValue: COMMON.noReport } as const
  const median = from('median("duration_s") / 3600 AS "median_h"')
  const late = from('100 * mean("overdue") AS "late"')
  const rework = from('100 * mean("back") AS "back"', `(${back}) WHERE $timeFilter`)
  return figures(context, { source: 'cases' }, [
    [1, [0, 0, 4, 4], CASES.backlog, sumNow('case_count', ['open'], BY_COUNT, [], HERE), now],
    [2, [4, 0, 4, 4], CASES.opened, count('opened')],
    [3, [8, 0, 4, 4], CASES.closed, count('closed')],
    [4, [12, 0, 4, 4], CASES.median, median, hours],
    [5, [16, 0, 4, 4], CASES.late, late, share],
    [6, [20, 0, 4, 4], CASES.rework, rework, share],
  ])
}

function dailyPanel(context: Context, id: number, at: Panel['at'], event: 'opened' | 'closed') {
  return trendPanel(context, {
    id,
    at,
    words: event === 'opened' ? CASES.openedDaily : CASES.closedDaily,
    source: 'cases',
    queries: [{ sql: perDay(context, event), alias: '$tag_kind' }],
    interval: '1d',
    style: 'stacked-bars',
    min: 0,
    decimals: 0,
    looks: kindSeries(context),
  })
}

function statistics(
  context: Context,
  id: number,
  at: Panel['at'],
  tag: 'kind' | 'district' | 'unit',
  mappings: ValueMapping,
) {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  const hours = { unit: name('hours'), decimals: 1 }
  const share = {
    unit: 'percent',
    decimals: 0,
    cell: 'text',
    steps: stepsUp(LIMITS.latePct),
  } as const
  return tablePanel(context, {
    id,
    at,
    words: { kind: CASES.byKind, district: CASES.byDistrict, unit: CASES.byUnit }[tag],
    source: 'cases',
    queries: [{ sql: closedBy(tag), table: true }],
    columns: [tag, 'closed', 'median_h', 'mean_h', 'late', 'back'],
    sortBy: name('closedCount'),
    descending: true,
    looks: [
      look(tag, { name: name(tag), mappings: [mappings] }),
      look('closed', { name: name('closedCount'), decimals: 0, width: 90 }),
      look('median_h', { name: name('median'), ...hours }),
      look('mean_h', { name: name('mean'), ...hours }),
      look('late', { name: name('overdue'), ...share, width: 90 }),
      look('back', { name: name('rework'), ...share, width: 90 }),
    ],
  })
}
