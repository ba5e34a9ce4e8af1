import type { Severity } from '../../../src/model/case-terms.ts'
import type { Text } from '../../../src/model/text.ts'
import { CONSOLE } from '../lib/links.ts'
import type { Rule, RuleQuery } from '../provisioning/shapes.ts'

/**
 * One alert rule in the words of this house, and how it becomes Grafana's: queries, each reduced to
 * its last value, and one condition over those values. Every label set of the queries is an alert
 * of its own.
 */
export interface RuleSpec {
  readonly uid: string
  readonly title: Text
  readonly queries: Readonly<Record<string, InfluxQuery>>
  readonly condition: Above | Formula
  /** How long the condition must hold. */
  readonly for: string
  /** Keeps an alert for so long after the condition ended, where it would flap. */
  readonly keepFiringFor?: string
  /** Nothing came back: as before, or an alert of its own (the heartbeat). */
  readonly withoutData: 'KeepLast' | 'Alerting'
  readonly severity: Severity
  /** What it is about: the notification policy of a case is not that of the service. */
  readonly source: 'case' | 'count' | 'device' | 'service'
  readonly panel: Panel
  readonly summary: Text
  readonly caseLink?: boolean
}

/** A query of bucket `ops` over the last `seconds`; its one column is the value. */
export interface InfluxQuery {
  readonly seconds: number
  readonly query: string
}

export interface Above {
  readonly above: number
  readonly of: string
}

/** Grafana's math over the reduced queries: `$A` is the last value of query A. */
export interface Formula {
  readonly formula: string
}

/** A panel that shows what the rule looks at. */
export interface Panel {
  readonly board: 'city-duty' | 'city-pipeline' | 'city-district' | 'city-cases'
  readonly id: number
}

const DATA_SOURCE = 'influx-ops'
const EXPRESSION = { type: '__expr__', uid: '__expr__' } as const
/** Evaluations after which an alert whose series is gone, while others are there, ends. */
const MISSING_EVALUATIONS = 4

/** The last value of a query, in a summary; nothing where there is none. */
export function lastValue(query: string): string {
  return `{{ with .Values.${query} }}{{ .Value }}{{ end }}`
}

export function toRule(spec: RuleSpec): Rule {
  const names = Object.keys(spec.queries)
  const dashboardUid = `${spec.panel.board}-zh`
  return {
    uid: spec.uid,
    title: `${spec.title['zh-CN']} | ${spec.title.en}`,
    condition: 'Z',
    data: [
      ...Object.entries(spec.queries).map(([name, query]) => influxQuery(`${name}Q`, query)),
      ...names.map((name) => lastOf(name)),
      condition(spec.condition),
    ],
    for: spec.for,
    ...(spec.keepFiringFor === undefined ? {} : { keepFiringFor: spec.keepFiringFor }),
    noDataState: spec.withoutData,
    // An InfluxDB that does not answer tells nothing about the city: only the heartbeat says so.
    execErrState: spec.withoutData,
    missing_series_evals_to_resolve: MISSING_EVALUATIONS,
    dashboardUid,
    panelId: spec.panel.id,
    labels: { team: 'duty', source: spec.source, severity: spec.severity },
    annotations: {
      __dashboardUid__: dashboardUid,
      __panelId__: String(spec.panel.id),
      summary: spec.summary['zh-CN'],
      summary_en: spec.summary.en,
      ...(spec.caseLink ? { case_url: `${CONSOLE}/cases/{{ .Labels.case_id }}` } : {}),
    },
  }
}

function influxQuery(refId: string, { seconds, query }: InfluxQuery): RuleQuery {
  return {
    refId,
    relativeTimeRange: { from: seconds, to: 0 },
    datasourceUid: DATA_SOURCE,
    model: {
      refId,
      datasource: { type: 'influxdb', uid: DATA_SOURCE },
      rawQuery: true,
      resultFormat: 'time_series',
      intervalMs: 1000,
      maxDataPoints: 43_200,
      query,
    },
  }
}

function lastOf(name: string): RuleQuery {
  return {
    refId: name,
    datasourceUid: '__expr__',
    model: {
      refId: name,
      type: 'reduce',
      datasource: EXPRESSION,
      expression: `${name}Q`,
      reducer: 'last',
      settings: { mode: 'dropNN' },
    },
  }
}

function condition(spec: Above | Formula): RuleQuery {
  const base = { refId: 'Z', datasource: EXPRESSION }
  if ('formula' in spec) {
    return {
      refId: 'Z',
      datasourceUid: '__expr__',
      model: { ...base, type: 'math', expression: spec.formula },
    }
  }
  return {
    refId: 'Z',
    datasourceUid: '__expr__',
    model: {
      ...base,
      type: 'threshold',
      expression: spec.of,
      conditions: [{ evaluator: { type: 'gt', params: [spec.above] } }],
    },
  }
}
