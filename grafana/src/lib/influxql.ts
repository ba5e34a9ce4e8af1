import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/**
 * InfluxQL as the boards ask it. It runs on InfluxDB 1, 2 and 3; Flux would run on 2 only. The SDK
 * has no query of this data source, so here is one.
 */

/** The data sources by what they hold (docs/influxdb.md); the uids that provisioning gives them. */
export const SOURCES = {
  telemetry: 'influx-telemetry',
  longTerm: 'influx-telemetry-5m',
  ops: 'influx-ops',
  cases: 'influx-cases',
} as const
export type Source = keyof typeof SOURCES

export function sourceRef(source: Source): { type: string; uid: string } {
  return { type: 'influxdb', uid: SOURCES[source] }
}

export interface Query {
  readonly sql: string
  /** `A` where a panel has one query. */
  readonly ref?: string
  /** What a series is called: `$tag_kind`, `$col`. Without it the whole name of the series. */
  readonly alias?: string
  /** One row a series instead of one series a tag set. */
  readonly table?: boolean
}

export class InfluxQuery implements Builder<Dataquery> {
  readonly #source: Source
  readonly #query: Query

  constructor(source: Source, query: Query) {
    this.#source = source
    this.#query = query
  }

  build(): Dataquery {
    const { sql, ref = 'A', alias, table = false } = this.#query
    const target = {
      refId: ref,
      datasource: sourceRef(this.#source),
      query: sql,
      rawQuery: true,
      resultFormat: table ? 'table' : 'time_series',
      ...(alias === undefined ? {} : { alias }),
    }
    // The SDK marks queries by a method that never gets into the JSON.
    return target as unknown as Dataquery
  }
}

/** `"a","b"` */
export function names(...keys: string[]): string {
  return keys.map((key) => `"${key}"`).join(',')
}

/** Conditions joined, with the time range of the panel last. */
export function where(...conditions: (string | null)[]): string {
  return [...conditions.filter((one) => one !== null), '$timeFilter'].join(' AND ')
}

/** `"district" =~ /^${district:regex}$/`: one, several or all values of a board's variable. */
export function matches(tag: string): string {
  return `"${tag}" =~ /^\${${tag}:regex}$/`
}

export function is(tag: string, value: string): string {
  return `"${tag}" = '${value}'`
}

/**
 * The sum of the newest values of all series: how things stand now. Series are told apart by
 * `tags`; the panel's time range must be short, so that nothing old counts as now.
 */
export function sumNow(
  measurement: string,
  fields: readonly string[],
  tags: readonly string[],
  by: readonly string[] = [],
  ...conditions: (string | null)[]
): string {
  const newest = fields.map((field) => `last("${field}") AS "${field}"`).join(', ')
  const sums = fields.map((field) => `sum("${field}") AS "${field}"`).join(', ')
  const inner = `SELECT ${newest} FROM "${measurement}" WHERE ${where(...conditions)} GROUP BY ${names(...tags)}`
  const group = by.length === 0 ? '' : ` GROUP BY ${names(...by)}`
  return `SELECT ${sums} FROM (${inner}) WHERE $timeFilter${group}`
}

/** The same over time: newest value of every series in an interval, summed. */
export function sumOverTime(
  measurement: string,
  field: string,
  tags: readonly string[],
  by: readonly string[],
  ...conditions: (string | null)[]
): string {
  const every = 'GROUP BY time($__interval)'
  const inner = `SELECT last("${field}") AS "${field}" FROM "${measurement}" WHERE ${where(...conditions)} ${every}, ${names(...tags)}`
  const group = by.length === 0 ? '' : `, ${names(...by)}`
  return `SELECT sum("${field}") AS "${field}" FROM (${inner}) WHERE $timeFilter ${every}${group} fill(none)`
}
