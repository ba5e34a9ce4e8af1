import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Text } from '../../../src/model/text.ts'
import { LINES, PIPELINE } from '../i18n/index.ts'
import { boardOf } from '../lib/board.ts'
import { type Context, say } from '../lib/context.ts'
import { sumOverTime, where } from '../lib/influxql.ts'
import { LIMITS, NOW, SNAPSHOT_INTERVAL } from '../lib/limits.ts'
import { type Look, look } from '../lib/overrides.ts'
import { figures, type Panel, statPanel, stepsUp, trendPanel } from '../lib/panels.ts'

/** Whether messages flow: from the broker through journal and rules into the store. */

/** Panel ids that alert rules name; never given to another panel. */
export const PIPELINE_PANELS = {
  up: 1,
  lag: 2,
  lags: 3,
  quarantine: 4,
  fill: 5,
  refused: 6,
  rate: 7,
  ack: 8,
  rates: 9,
  backlog: 10,
  connections: 11,
  memory: 12,
} as const
const id = PIPELINE_PANELS

/** A line or a figure: the field of `service`, what it is called, how it looks. */
type Line = readonly [field: string, name: Text, look?: Look]

export function pipelineBoard(context: Context): Dashboard {
  return boardOf(context, {
    name: 'pipeline',
    words: PIPELINE.board,
    from: 'now-6h',
    panels: [...stateRow(context), ...flow(context), ...load(context)],
  })
}

function now(fields: readonly string[]): string {
  const newest = fields.map((field) => `last("${field}") AS "${field}"`).join(', ')
  return `SELECT ${newest} FROM "service" WHERE ${where()}`
}

function overTime(fields: readonly string[], statistic: 'mean' | 'max'): string {
  const values = fields.map((field) => `${statistic}("${field}") AS "${field}"`).join(', ')
  return `SELECT ${values} FROM "service" WHERE ${where()} GROUP BY time($__interval) fill(none)`
}

/** Counters since the start as a rate; a restart begins at 0 and makes no negative one. */
function perSecond(fields: readonly string[]): string {
  const rates = fields
    .map((field) => `non_negative_derivative(max("${field}"), 1s) AS "${field}"`)
    .join(', ')
  return `SELECT ${rates} FROM "service" WHERE ${where()} GROUP BY time($__interval) fill(none)`
}

function stateRow(context: Context) {
  const state = { source: 'ops', now: NOW } as const
  const ack = { unit: 's', steps: stepsUp(LIMITS.ackP99S) }
  const quarantine = { unit: 'percentunit', decimals: 2, steps: stepsUp(LIMITS.quarantineRatio) }
  const fill = { unit: 'percentunit', decimals: 1, steps: stepsUp(LIMITS.journalFill) }
  return [
    ...figures(context, state, [
      [id.up, [0, 0, 4, 4], PIPELINE.up, now(['uptime_s']), { unit: 'dtdhms' }],
      [id.rate, [4, 0, 4, 4], PIPELINE.rate, now(['rate_received']), { unit: 'mps', decimals: 1 }],
      [id.ack, [8, 0, 4, 4], PIPELINE.ack, now(['ack_p99_s']), ack],
      [id.quarantine, [12, 0, 4, 4], PIPELINE.quarantine, now(['quarantine_ratio']), quarantine],
      [id.fill, [20, 0, 4, 4], PIPELINE.fill, now(['journal_fill']), fill],
    ]),
    statPanel(context, {
      ...state,
      id: id.lag,
      at: [16, 0, 4, 4],
      words: PIPELINE.lag,
      queries: [{ sql: now(['lag_processor_s', 'lag_telemetry_s']), alias: '$col' }],
      named: true,
      unit: 's',
      decimals: 1,
      steps: stepsUp(LIMITS.lagS),
      looks: [
        look('lag_processor_s', { name: say(context, LINES.processor) }),
        look('lag_telemetry_s', { name: say(context, LINES.telemetry) }),
      ],
    }),
  ]
}

/** How much flows, and what does not. */
function flow(context: Context) {
  const rates: Line[] = [
    ['messages_received', LINES.received],
    ['readings_accepted', LINES.accepted],
    ['readings_duplicate', LINES.duplicate],
  ]
  const refused: Line[] = [
    ['messages_shed', LINES.shed],
    ['readings_quarantined', LINES.quarantined],
    ['readings_refused', LINES.storeRefused],
  ]
  const lags: Line[] = [
    ['lag_processor_s', LINES.processor],
    ['lag_telemetry_s', LINES.telemetry],
    ['ack_p99_s', LINES.ackLine],
  ]
  const backlog: Line[] = [
    ['backlog_processor', LINES.processor],
    ['backlog_telemetry', LINES.telemetry],
  ]
  return [
    lines(context, 'rates', [0, 4, 12, 8], rates, perSecond(fields(rates)), 'mps'),
    lines(context, 'refused', [12, 4, 12, 8], refused, perSecond(fields(refused)), 'mps'),
    lines(context, 'lags', [0, 12, 12, 8], lags, overTime(fields(lags), 'max'), 's'),
    lines(context, 'backlog', [12, 12, 12, 8], backlog, overTime(fields(backlog), 'max'), 'short'),
  ]
}

/** What it costs. */
function load(context: Context) {
  const memory: Line[] = [
    ['memory_bytes', LINES.rss],
    ['journal_bytes', LINES.journal],
  ]
  return [
    trendPanel(context, {
      ...graph('connections', [0, 20, 12, 8], 'short'),
      decimals: 0,
      queries: [
        { sql: overTime(['connections'], 'max'), alias: '$col' },
        {
          ref: 'B',
          sql: sumOverTime('devices', 'online', ['district', 'kind'], []),
          alias: '$col',
        },
      ],
      looks: [
        look('connections', { name: say(context, LINES.connected) }),
        look('online', { name: say(context, LINES.devicesOnline) }),
      ],
    }),
    lines(context, 'memory', [12, 20, 12, 8], memory, overTime(fields(memory), 'max'), 'bytes'),
  ]
}

function graph(name: keyof typeof PIPELINE_PANELS, at: Panel['at'], unit: string) {
  return {
    id: id[name],
    at,
    words: PIPELINE[name],
    source: 'ops',
    unit,
    interval: SNAPSHOT_INTERVAL,
    min: 0,
  } as const
}

function lines(
  context: Context,
  name: keyof typeof PIPELINE_PANELS,
  at: Panel['at'],
  of: readonly Line[],
  sql: string,
  unit: string,
) {
  return trendPanel(context, {
    ...graph(name, at, unit),
    queries: [{ sql, alias: '$col' }],
    looks: of.map(([field, text, more = {}]) => look(field, { name: say(context, text), ...more })),
  })
}

function fields(of: readonly Line[]): string[] {
  return of.map(([field]) => field)
}
