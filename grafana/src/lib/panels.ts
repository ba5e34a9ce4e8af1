import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import type { Text } from '../../../src/model/text.ts'
import { COMMON, type Words } from '../i18n/index.ts'
import { type Context, say } from './context.ts'
import { InfluxQuery, type Query, type Source, sourceRef } from './influxql.ts'
import type { Limits } from './limits.ts'
import type { DataLink } from './links.ts'
import type { Override } from './overrides.ts'
import { FINE, PLAIN, SEVERITY_COLOURS } from './palette.ts'
import type { Step } from './thresholds.ts'

/**
 * Panels as the boards use them. Every panel has an id that never changes (alert rules name it), a
 * place in the grid of 24 columns, a description, a unit and a word for "no data".
 */
export interface Panel {
  readonly id: number
  readonly at: readonly [x: number, y: number, w: number, h: number]
  readonly words: Words
  readonly values?: Readonly<Record<string, string | number>>
  readonly source: Source
  readonly queries: readonly Query[]
  readonly unit?: string
  readonly decimals?: number
  readonly noValue?: Text | string
  /** How far back "now" looks; without it the board's range. */
  readonly now?: string
  /** The finest interval that has data. */
  readonly interval?: string
  readonly looks?: readonly Override[]
  readonly links?: readonly DataLink[]
}

/** What all builders of the SDK have in common. */
interface Builds {
  id(id: number): this
  title(title: string): this
  description(description: string): this
  gridPos(gridPos: dashboard.GridPos): this
  datasource(ref: common.DataSourceRef): this
  targets(targets: Builder<Dataquery>[]): this
  unit(unit: string): this
  noValue(noValue: string): this
  overrides(overrides: Override[]): this
  decimals(decimals: number): this
  timeFrom(timeFrom: string): this
  hideTimeOverride(hide: boolean): this
  interval(interval: string): this
  build(): dashboard.Panel
}

/** The part that no panel may lack. */
export function prepare<B extends Builds>(context: Context, panel: Panel, builder: B): B {
  const [x, y, w, h] = panel.at
  const { noValue = panel.now === undefined ? COMMON.noData : COMMON.noReport } = panel
  builder
    .id(panel.id)
    .title(say(context, panel.words.title, panel.values))
    .description(say(context, panel.words.about, panel.values).trim())
    .gridPos({ x, y, w, h })
    .datasource(sourceRef(panel.source))
    .targets(panel.queries.map((query) => new InfluxQuery(panel.source, query)))
    .unit(panel.unit ?? 'none')
    .noValue(typeof noValue === 'string' ? noValue : say(context, noValue))
    .overrides([...(panel.looks ?? [])])
  if (panel.decimals !== undefined) builder.decimals(panel.decimals)
  if (panel.now !== undefined) builder.timeFrom(panel.now).hideTimeOverride(true)
  if (panel.interval !== undefined) builder.interval(panel.interval)
  return builder
}

/** Steps of a colour from a number on; without any, one plain colour. */
export function steps(given: readonly Step[]): dashboard.ThresholdsConfigBuilder {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([...given])
}

export const NO_JUDGEMENT: readonly Step[] = [{ value: null, color: PLAIN }]

/** Fine below `warn`, bad from `bad` on. */
export function stepsUp({ warn, bad }: Limits): Step[] {
  return [
    { value: null, color: FINE },
    { value: warn, color: SEVERITY_COLOURS.minor },
    { value: bad, color: SEVERITY_COLOURS.critical },
  ]
}

/** The same for the share that is left: 5 % offline is 95 % online. */
export function stepsDown({ warn, bad }: Limits, whole: number): Step[] {
  return [
    { value: null, color: SEVERITY_COLOURS.critical },
    { value: whole - bad, color: SEVERITY_COLOURS.minor },
    { value: whole - warn, color: FINE },
  ]
}

/** Fine at 0, one colour from the first on. */
export function stepsFromOne(color: string): Step[] {
  return [
    { value: null, color: FINE },
    { value: 1, color },
  ]
}

export interface Stat extends Panel {
  readonly steps?: readonly Step[]
  /** Names beside the values, where a panel has several. */
  readonly named?: boolean
}

/** One figure, or a few, large and coloured. */
export function statPanel(context: Context, panel: Stat): Builder<dashboard.Panel> {
  const judged = panel.steps !== undefined
  return prepare(context, panel, new stat.PanelBuilder())
    .thresholds(steps(panel.steps ?? NO_JUDGEMENT))
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(judged ? common.BigValueColorMode.Background : common.BigValueColorMode.None)
    .textMode(panel.named ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

/** A row of figures: `[id, place, words, query, what is special]`, with what all of them share. */
export type Figure = readonly [
  id: number,
  at: Panel['at'],
  words: Words,
  sql: string,
  more?: Partial<Stat>,
]

export function figures(
  context: Context,
  shared: Pick<Stat, 'source'> & Partial<Stat>,
  row: readonly Figure[],
): Builder<dashboard.Panel>[] {
  return row.map(([id, at, words, sql, more]) =>
    statPanel(context, { ...shared, id, at, words, queries: [{ sql }], ...more }),
  )
}

export interface Trend extends Panel {
  /** Limits, drawn as dashed lines. */
  readonly limits?: readonly Step[]
  readonly style?: 'lines' | 'stacked-area' | 'stacked-bars'
  readonly min?: number
}

/** Lines over time. */
export function trendPanel(context: Context, panel: Trend): Builder<dashboard.Panel> {
  const { style = 'lines' } = panel
  const stacked = style !== 'lines'
  const builder = prepare(context, panel, new timeseries.PanelBuilder())
    .drawStyle(style === 'stacked-bars' ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
    .lineWidth(stacked ? 1 : 2)
    .fillOpacity(style === 'stacked-bars' ? 85 : stacked ? 35 : 0)
    .showPoints(common.VisibilityMode.Never)
    // Devices report at their own pace: a line goes on to their next reading.
    .spanNulls(true)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .colorScheme(
      new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName),
    )
  if (stacked) {
    builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
  }
  if (panel.min !== undefined) builder.min(panel.min)
  if (panel.links !== undefined) builder.dataLinks(panel.links.map(linkBuilder))
  if (panel.limits !== undefined) {
    builder
      .thresholds(steps(panel.limits))
      .thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      )
  }
  return builder
}

/** States over time, with their words. */
export function statesPanel(context: Context, panel: Panel): Builder<dashboard.Panel> {
  return prepare(context, panel, new statetimeline.PanelBuilder())
    .showValue(common.VisibilityMode.Auto)
    .mergeValues(true)
    .spanNulls(true)
    .rowHeight(0.8)
    .colorScheme(
      new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName),
    )
}

export interface Bars extends Panel {
  readonly steps?: readonly Step[]
}

/** One bar a series, with its figure. */
export function barsPanel(context: Context, panel: Bars): Builder<dashboard.Panel> {
  return prepare(context, panel, new bargauge.PanelBuilder())
    .thresholds(steps(panel.steps ?? NO_JUDGEMENT))
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .orientation(common.VizOrientation.Horizontal)
    .valueMode(common.BarGaugeValueMode.Text)
    .min(0)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .dataLinks((panel.links ?? []).map(linkBuilder))
}

/** Grafana's list of its own alerts; it has no query and no builder in the SDK. */
export function alertsPanel(
  context: Context,
  panel: Pick<Panel, 'id' | 'at' | 'words'>,
): Builder<dashboard.Panel> {
  const builder = prepare(
    context,
    { ...panel, source: 'ops', queries: [] },
    new dashboard.PanelBuilder().type('alertlist'),
  )
  return builder.options({
    viewMode: 'list',
    groupMode: 'default',
    groupBy: [],
    maxItems: 20,
    sortOrder: 3,
    dashboardAlerts: false,
    alertName: '',
    alertInstanceLabelFilter: '',
    datasource: 'grafana',
    folder: null,
    showInstances: true,
    showInactiveAlerts: false,
    stateFilter: {
      firing: true,
      pending: true,
      recovering: true,
      noData: true,
      normal: false,
      error: true,
    },
  })
}

function linkBuilder({
  title,
  url,
  targetBlank = false,
}: DataLink): Builder<dashboard.DashboardLink> {
  // A data link is less than a dashboard link; the SDK's builder would add the rest.
  return { build: () => ({ title, url, targetBlank }) as dashboard.DashboardLink }
}
