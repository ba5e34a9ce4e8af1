import type { Series } from '../../src/store/influxdb/connection.ts'
import type { Target } from './boards.ts'

/**
 * What Grafana's InfluxQL data source makes of a query: macros and variables put in before it is
 * sent, frames made of the answer. After Grafana 13: pkg/tsdb/influxdb (macros, response parser)
 * and the template service's `regex` format.
 */

type Cell = string | number | boolean | null

/** A column of a table, or the values of one series. */
export interface FrameField {
  /** What overrides match. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly Cell[]
}

export interface Frame {
  readonly refId: string
  readonly fields: readonly FrameField[]
}

/** Values of the variables; a list is a choice of several, `{ all }` the value of "All". */
export type Variables = Readonly<
  Record<string, string | readonly string[] | { readonly all: string }>
>

export interface QueryTime {
  readonly from: number
  readonly to: number
  /** Milliseconds between two points. */
  readonly interval: number
}

export function expand(query: string, variables: Variables, time: QueryTime): string {
  const text = interval(time.interval)
  const expanded = query
    .replaceAll('$timeFilter', `time >= ${time.from}ms and time <= ${time.to}ms`)
    .replaceAll('$__interval_ms', String(time.interval))
    .replaceAll('$__interval', text)
    .replaceAll('$interval', text)
    .replaceAll(/\$\{(\w+)(?::(\w+))?\}/g, (whole, name: string, format?: string) => {
      const value = variables[name]
      if (value === undefined) return whole
      return written(value, format ?? 'influxql')
    })
  if (/\$(?!\/)/.test(expanded)) throw new Error(`a macro is left in ${expanded}`)
  return expanded
}

function written(value: Variables[string], format: string): string {
  // The value of "All" is put in as it is, whatever the format.
  if (typeof value === 'object' && 'all' in value) return value.all
  if (format === 'influxql' && typeof value === 'string') return value
  if (format !== 'regex') throw new Error(`the tests know no format "${format}" of a variable`)
  const escaped = [value].flat().map((one) => one.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'))
  return escaped.length === 1 ? (escaped[0] as string) : `(${escaped.join('|')})`
}

/** Grafana's steps, up to a day: from the first limit that the exact interval is below. */
const STEPS_S = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800]
const LONG_STEPS_S = [21_600, 43_200, 86_400]

/** The interval of a panel that has room for so many points. */
export function intervalOf(range: number, points: number, least: number): number {
  const exact = range / points / 1000
  const step = [...STEPS_S, ...LONG_STEPS_S].find((one) => one >= exact) ?? 86_400
  return Math.max(step * 1000, least)
}

/** `90` → `1m30s` is never asked for: steps are whole in their unit. */
function interval(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000}d`
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** The frames of an answer. */
export function toFrames(target: Target, series: readonly Series[]): Frame[] {
  const { refId, resultFormat } = target
  if (resultFormat === 'table') {
    return series.length === 0 ? [] : [{ refId, fields: tableFields(series) }]
  }
  return series.flatMap((one) =>
    one.columns.flatMap((column, i) => {
      if (column === 'time') return []
      const name = seriesName(target, one, column)
      const values = one.values.map((row) => row[i] ?? null)
      return [{ refId, fields: [timeField([one]), { name, labels: one.tags ?? {}, values }] }]
    }),
  )
}

/** One table of all series: time, tags, columns. */
function tableFields(series: readonly Series[]): FrameField[] {
  const first = series[0] as Series
  const tags = Object.keys(first.tags ?? {}).map((name) => ({
    name,
    labels: {},
    values: series.flatMap((one) => one.values.map(() => one.tags?.[name] ?? null)),
  }))
  const columns = first.columns.flatMap((name, i) =>
    name === 'time'
      ? []
      : [
          {
            name,
            labels: {},
            values: series.flatMap((one) => one.values.map((r) => r[i] ?? null)),
          },
        ],
  )
  return [timeField(series), ...tags, ...columns]
}

function timeField(series: readonly Series[]): FrameField {
  const values = series.flatMap((one) => one.values.map((row) => row[0] ?? null))
  return { name: 'Time', labels: {}, values }
}

function seriesName({ alias }: Target, { name, tags = {} }: Series, column: string): string {
  if (!alias) {
    const labels = Object.entries(tags).map(([key, value]) => `${key}: ${value}`)
    return `${name}.${column}${labels.length === 0 ? '' : ` { ${labels.join(' ')} }`}`
  }
  return alias.replaceAll(/\$([\w-]+)/g, (whole, key: string) => {
    if (key === 'm' || key === 'measurement') return name
    if (key === 'col') return column
    return (key.startsWith('tag_') ? tags[key.slice(4)] : undefined) ?? whole
  })
}
