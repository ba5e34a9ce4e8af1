import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import type { Text } from '../../../src/model/text.ts'
import { COMMON, type Words } from '../i18n/index.ts'
import { type Context, districtsOf, say, suffix, timezoneOf, uidOf } from './context.ts'
import { sourceRef } from './influxql.ts'
import { CONSOLE } from './links.ts'

/** A dashboard in Grafana's classic JSON (schema 42), with what all boards have in common. */
export interface Board {
  /** Part of the uid: `duty`, `kind-dust`. Never changed: links and alert rules name it. */
  readonly name: string
  readonly words: Words
  readonly values?: Readonly<Record<string, string>>
  /** How far back it looks when opened. */
  readonly from: string
  readonly variables?: readonly Builder<dashboard.VariableModel>[]
  readonly panels: readonly Builder<dashboard.Panel>[]
  /** Boards of kinds are in a list of their own. */
  readonly group?: 'board' | 'kind'
}

export function boardOf(context: Context, board: Board): dashboard.Dashboard {
  const lang = suffix(context.language)
  const builder = new dashboard.DashboardBuilder(say(context, board.words.title, board.values))
    .uid(uidOf(context, board.name))
    .description(say(context, board.words.about, board.values))
    .tags(['curbwatch', `${board.group ?? 'board'}-${lang}`])
    .timezone(timezoneOf(context))
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: board.from, to: 'now' })
    .variables([...(board.variables ?? [])])
    .links(navigation(context, board.name))
  for (const panel of board.panels) builder.withPanel(panel)
  return plain(builder.build())
}

/** To the other boards, to the same board in the other language, to the console. */
function navigation(context: Context, name: string): Builder<dashboard.DashboardLink>[] {
  const lang = suffix(context.language)
  const other = context.language === 'zh-CN' ? 'en' : 'zh-CN'
  const list = (title: Text, tag: string) =>
    new dashboard.DashboardLinkBuilder(say(context, title))
      .type(dashboard.DashboardLinkType.Dashboards)
      .tags([`${tag}-${lang}`])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true)
      .icon('external link')
  const link = (title: Text, url: string) =>
    new dashboard.DashboardLinkBuilder(say(context, title))
      .type(dashboard.DashboardLinkType.Link)
      .url(url)
      .icon('external link')
  return [
    list(COMMON.boards, 'board'),
    list(COMMON.kinds, 'kind'),
    link(COMMON.console, CONSOLE).targetBlank(true),
    link(COMMON.otherLanguage, `/d/${uidOf({ ...context, language: other }, name)}`)
      .includeVars(true)
      .keepTime(true),
  ]
}

/** The choice of districts, by name; the list is the city's, so it asks no server. */
export function districtVariable(
  context: Context,
  multi: boolean,
): Builder<dashboard.VariableModel> {
  const districts = districtsOf(context, COMMON.noDistrict).map(({ id, name }) => ({
    text: say(context, name),
    value: id,
  }))
  const first = districts[0]
  const builder = new dashboard.CustomVariableBuilder('district')
    .label(say(context, COMMON.district))
    .values(
      districts.map(({ text, value }) => `${text.replaceAll(',', '\\,')} : ${value}`).join(', '),
    )
    .allowCustomValue(false)
    .multi(multi)
  if (multi) {
    return builder
      .includeAll(true)
      .allValue('.*')
      .current({ selected: true, text: ['All'], value: ['$__all'] })
  }
  if (first === undefined) throw new Error('a city has at least one district')
  return builder.current({ selected: true, ...first })
}

/** The device, by its id: there are too many for a list. */
export function deviceVariable(context: Context, words: Words): Builder<dashboard.VariableModel> {
  return new dashboard.TextBoxVariableBuilder('device')
    .label(say(context, words.title))
    .description(say(context, words.about))
    .defaultValue('')
    .current({ selected: true, text: '', value: '' })
}

/** The kind of that device: the measurement that has it. Nobody chooses it. */
export function kindVariable(context: Context): Builder<dashboard.VariableModel> {
  return new dashboard.QueryVariableBuilder('kind')
    .label(say(context, COMMON.kind))
    .datasource(sourceRef('telemetry'))
    .query(`SHOW MEASUREMENTS WHERE "device" = '\${device}'`)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .hide(dashboard.VariableHide.HideVariable)
    .allowCustomValue(false)
}

/**
 * Plain JSON without what the SDK puts in too much: `auto*` belongs to interval variables only, an
 * `id` belongs to the database of one Grafana.
 */
function plain(built: dashboard.Dashboard): dashboard.Dashboard {
  const copy = JSON.parse(JSON.stringify(built)) as dashboard.Dashboard & { id?: unknown }
  delete copy.id
  for (const variable of copy.templating?.list ?? []) {
    delete variable.auto
    delete variable.auto_min
    delete variable.auto_count
  }
  return copy
}
