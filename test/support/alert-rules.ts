import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Rule, RulesFile } from '../../grafana/src/provisioning/shapes.ts'
import type { Series } from '../../src/store/influxdb/connection.ts'

/**
 * The alert rules as Grafana reads them (the committed file, not the generator), and enough of its
 * evaluation to say which label sets fire: query, last value, threshold or math.
 */
const FILE = new URL('../../grafana/provisioning/alerting/rules.yaml', import.meta.url)

export function alertRules(): readonly Rule[] {
  const file = parse(readFileSync(FILE, 'utf8')) as RulesFile
  return file.groups.flatMap((group) => group.rules)
}

/** One query of a rule, with the time range in words of InfluxQL. */
export interface AlertQuery {
  readonly rule: string
  readonly refId: string
  readonly dataSource: string
  readonly query: string
}

/** The queries of a rule as the data source sends them at the moment `now`. */
export function queriesOf(rule: Rule, now: number): readonly AlertQuery[] {
  return rule.data.flatMap(({ refId, datasourceUid, relativeTimeRange, model }) => {
    if (!('query' in model) || relativeTimeRange === undefined) return []
    const from = now - relativeTimeRange.from * 1000
    const query = model.query.replaceAll('$timeFilter', `time >= ${from}ms AND time <= ${now}ms`)
    if (query.includes('$')) throw new Error(`${rule.uid}: a macro is left in ${query}`)
    return [{ rule: rule.uid, refId, dataSource: datasourceUid, query }]
  })
}

/** Values by label set, written `{"case_id":"…"}`. */
type Values = ReadonlyMap<string, number>

/** What Grafana makes of an answer; throws where it would refuse it. */
export function toValues(series: readonly Series[]): Values {
  const values = new Map<string, number>()
  for (const { tags = {}, columns, values: rows } of series) {
    if (columns.length !== 2) throw new Error(`more than one value: ${columns.join(', ')}`)
    const last = rows.map((row) => row[1]).findLast((value) => value !== null)
    if (last === undefined) continue
    if (typeof last !== 'number') throw new Error(`not a number: ${last}`)
    const labels = JSON.stringify(tags)
    if (values.has(labels)) throw new Error(`has duplicate results: ${labels}`)
    values.set(labels, last)
  }
  return values
}

/** `no data`, or the label sets that fire. */
export async function evaluate(
  rule: Rule,
  now: number,
  ask: (query: AlertQuery) => Promise<readonly Series[]>,
): Promise<'no data' | Record<string, string>[]> {
  const results = new Map<string, Values>()
  for (const query of queriesOf(rule, now)) {
    results.set(query.refId, toValues(await ask(query)))
  }
  for (const { refId, model } of rule.data) {
    if (!('expression' in model)) continue
    results.set(refId, express(model, results))
  }
  const condition = results.get(rule.condition) as Values
  if (condition.size === 0) return 'no data'
  return [...condition].flatMap(([labels, value]) => (value === 0 ? [] : [JSON.parse(labels)]))
}

type Expression = Extract<Rule['data'][number]['model'], { expression: string }>

function express(model: Expression, results: ReadonlyMap<string, Values>): Values {
  const of = (refId: string) => results.get(refId) ?? new Map<string, number>()
  if (model.type === 'reduce') return of(model.expression)
  if (model.type === 'threshold') {
    const { type, params } = model.conditions[0].evaluator
    const holds = (value: number) => (type === 'gt' ? value > params[0] : value < params[0])
    return new Map([...of(model.expression)].map(([key, value]) => [key, Number(holds(value))]))
  }
  const refs = [...new Set(model.expression.match(/\$\w+/g) ?? [])].map((ref) => ref.slice(1))
  const compute = new Function(
    ...refs.map((ref) => `$${ref}`),
    `return Number(${model.expression})`,
  )
  // Values meet where their labels are the same; what has no partner is dropped.
  const keys = [...of(refs[0] ?? '').keys()].filter((key) => refs.every((ref) => of(ref).has(key)))
  return new Map(keys.map((key) => [key, compute(...refs.map((ref) => of(ref).get(key)))]))
}
