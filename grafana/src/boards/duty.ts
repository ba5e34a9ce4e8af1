import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Severity } from '../../../src/model/case-terms.ts'
import { DUTY } from '../i18n/index.ts'
import { boardOf } from '../lib/board.ts'
import type { Context } from '../lib/context.ts'
import { is, sumNow, sumOverTime, where } from '../lib/influxql.ts'
import { LIMITS, NOW, SNAPSHOT_INTERVAL, UNSEEN_S } from '../lib/limits.ts'
import { casesMap } from '../lib/map.ts'
import { severitySeries } from '../lib/overrides.ts'
import { SEVERITY_COLOURS } from '../lib/palette.ts'
import { alertsPanel, figures, stepsFromOne, stepsUp, trendPanel } from '../lib/panels.ts'
import { casesTable } from '../lib/tables.ts'

/** The wall in the duty room: everything that asks for somebody now, on one screen. */

/** Panel ids that alert rules name; never given to another panel. */
export const DUTY_PANELS = {
  critical: 1,
  major: 2,
  minor: 3,
  unseen: 4,
  overdue: 5,
  offline: 6,
  lag: 7,
  map: 8,
  alerts: 9,
  cases: 10,
  trend: 11,
} as const

const BY_COUNT = ['district', 'kind', 'severity']

export function dutyBoard(context: Context): Dashboard {
  const id = DUTY_PANELS
  return boardOf(context, {
    name: 'duty',
    words: DUTY.board,
    from: 'now-6h',
    panels: [
      ...stateRow(context),
      casesMap(context, { id: id.map, at: [0, 4, 16, 11], words: DUTY.map }),
      alertsPanel(context, { id: id.alerts, at: [16, 4, 8, 11], words: DUTY.alerts }),
      casesTable(context, { id: id.cases, at: [0, 15, 16, 10], words: DUTY.cases }, []),
      trendPanel(context, {
        id: id.trend,
        at: [16, 15, 8, 10],
        words: DUTY.trend,
        source: 'ops',
        queries: [
          {
            sql: sumOverTime('case_count', 'open', BY_COUNT, ['severity']),
            alias: '$tag_severity',
          },
        ],
        interval: SNAPSHOT_INTERVAL,
        style: 'stacked-area',
        min: 0,
        decimals: 0,
        looks: severitySeries(context),
      }),
    ],
  })
}

function stateRow(context: Context) {
  const id = DUTY_PANELS
  const open = (severity: Severity) =>
    sumNow('case_count', ['open'], BY_COUNT, [], is('severity', severity))
  const worst = { steps: stepsFromOne(SEVERITY_COLOURS.critical) }
  const major = { steps: stepsFromOne(SEVERITY_COLOURS.major) }
  const minor = { steps: stepsFromOne(SEVERITY_COLOURS.minor) }
  const offline = { unit: 'percent', decimals: 1, steps: stepsUp(LIMITS.offlinePct) }
  const lag = { unit: 's', decimals: 1, steps: stepsUp(LIMITS.lagS) }
  return figures(context, { source: 'ops', now: NOW }, [
    [id.critical, [0, 0, 4, 4], DUTY.critical, open('critical'), worst],
    [id.unseen, [4, 0, 4, 4], DUTY.unseen, unseenCritical(), { ...worst, noValue: '0' }],
    [id.major, [8, 0, 3, 4], DUTY.major, open('major'), major],
    [id.minor, [11, 0, 3, 4], DUTY.minor, open('minor'), minor],
    [id.overdue, [14, 0, 4, 4], DUTY.overdue, sumNow('case_count', ['overdue'], BY_COUNT), major],
    [id.offline, [18, 0, 3, 4], DUTY.offline, offlinePct(), offline],
    [id.lag, [21, 0, 3, 4], DUTY.lag, newestLag(), lag],
  ])
}

function newestLag(): string {
  return `SELECT last("lag_processor_s") AS "lag" FROM "service" WHERE ${where()}`
}

/** Counted from the cases themselves: the counts know who is unseen, not for how long. */
function unseenCritical(): string {
  const inner = `SELECT last("open") AS "open", last("unseen_s") AS "unseen_s" FROM "case_open" WHERE ${where(is('severity', 'critical'))} GROUP BY "case_id"`
  return `SELECT count("open") AS "unseen" FROM (${inner}) WHERE "open" > 0 AND "unseen_s" > ${UNSEEN_S} AND $timeFilter`
}

function offlinePct(): string {
  const inner = `SELECT last("total") AS "total", last("online") AS "online" FROM "devices" WHERE ${where()} GROUP BY "district","kind"`
  return `SELECT 100 * (sum("total") - sum("online")) / sum("total") AS "offline" FROM (${inner}) WHERE $timeFilter`
}
