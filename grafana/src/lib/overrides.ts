import type {
  DynamicConfigValue,
  MatcherConfig,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { CASE_STATUSES, SEVERITIES } from '../../../src/model/case-terms.ts'
import type { Text } from '../../../src/model/text.ts'
import { COMMON } from '../i18n/index.ts'
import { type Context, districtsOf, say } from './context.ts'
import type { DataLink } from './links.ts'
import { SEVERITY_COLOURS } from './palette.ts'
import type { Step } from './thresholds.ts'

/** What a column or a series is called and how it looks; queries are the same in each language. */
export interface Look {
  readonly name?: string
  readonly unit?: string
  readonly decimals?: number
  readonly colour?: string
  readonly mappings?: readonly ValueMapping[]
  readonly links?: readonly DataLink[]
  readonly steps?: readonly Step[]
  /** Limits as dashed lines in a graph. */
  readonly dashed?: boolean
  readonly width?: number
  readonly cell?: 'background' | 'text' | 'gauge'
  readonly axis?: 'left' | 'right'
  readonly range?: readonly [min: number, max: number]
  /** Kept for links, not shown. */
  readonly hidden?: boolean
}

export interface Override {
  matcher: MatcherConfig
  properties: DynamicConfigValue[]
}

const CELLS = {
  background: { type: 'color-background', mode: 'basic' },
  text: { type: 'color-text' },
  gauge: { type: 'gauge', mode: 'basic', valueDisplayMode: 'text' },
} as const

export function look(series: string, given: Look): Override {
  const properties: [string, unknown][] = []
  const set = (id: string, value: unknown) => {
    if (value !== undefined) properties.push([id, value])
  }
  set('displayName', given.name)
  set('unit', given.unit)
  set('decimals', given.decimals)
  set('color', given.colour && { mode: 'fixed', fixedColor: given.colour })
  set('mappings', given.mappings)
  set('links', given.links)
  set('thresholds', given.steps && { mode: 'absolute', steps: given.steps })
  set('custom.thresholdsStyle', given.dashed ? { mode: 'dashed' } : undefined)
  set('custom.width', given.width)
  set('custom.cellOptions', given.cell && CELLS[given.cell])
  set('custom.axisPlacement', given.axis)
  set('min', given.range?.[0])
  set('max', given.range?.[1])
  // `hidden` is what Grafana before 12.2 called it.
  if (given.hidden) {
    set('custom.hideFrom', { viz: true, legend: true, tooltip: true })
    set('custom.hidden', true)
  }
  return {
    matcher: { id: 'byName', options: series },
    properties: properties.map(([id, value]) => ({ id, value })),
  }
}

/** Words for stored values. */
export function valueWords(
  values: Readonly<Record<string, { text: string; color?: string }>>,
): ValueMapping {
  const options = Object.fromEntries(
    Object.entries(values).map(([value, result], index) => [value, { ...result, index }]),
  )
  return { type: MappingType.ValueToText, options }
}

export function severityWords(context: Context): ValueMapping {
  return valueWords(
    Object.fromEntries(
      SEVERITIES.toReversed().map((severity) => [
        severity,
        { text: say(context, COMMON[severity]), color: SEVERITY_COLOURS[severity] },
      ]),
    ),
  )
}

/** 1 opened … 6 cancelled, in the order of a case's life (docs/influxdb.md). */
export function statusWords(context: Context): ValueMapping {
  return valueWords(
    Object.fromEntries(
      CASE_STATUSES.map((status, i) => [String(i + 1), { text: say(context, COMMON[status]) }]),
    ),
  )
}

export function kindWords(context: Context): ValueMapping {
  return named(context, kindNames(context))
}

export function districtWords(context: Context): ValueMapping {
  return named(context, districtNames(context))
}

export function unitWords(context: Context): ValueMapping {
  return named(context, [
    ...context.city.units.map(({ id, name }) => ({ id, name })),
    { id: 'none', name: COMMON.noUnit },
  ])
}

/** Names of series that are called by a tag's value, `$tag_district`. */
export function districtSeries(context: Context): Override[] {
  return districtNames(context).map(({ id, name }) => look(id, { name: say(context, name) }))
}

export function kindSeries(context: Context): Override[] {
  return kindNames(context).map(({ id, name }) => look(id, { name: say(context, name) }))
}

export function severitySeries(context: Context): Override[] {
  return SEVERITIES.map((severity) =>
    look(severity, { name: say(context, COMMON[severity]), colour: SEVERITY_COLOURS[severity] }),
  )
}

interface Named {
  readonly id: string
  readonly name: Text
}

function named(context: Context, things: readonly Named[]): ValueMapping {
  return valueWords(
    Object.fromEntries(things.map(({ id, name }) => [id, { text: say(context, name) }])),
  )
}

function kindNames({ kinds }: Context): Named[] {
  return kinds.map((kind) => ({ id: kind.name, name: kind.title }))
}

function districtNames(context: Context): readonly Named[] {
  return districtsOf(context, COMMON.noDistrict)
}
