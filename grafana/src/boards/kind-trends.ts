import type { DeviceKind } from '../../../src/model/device-kind.ts'
import { UNITS } from '../../../src/model/units.ts'
import { COMMON, KIND } from '../i18n/index.ts'
import { type Context, say } from '../lib/context.ts'
import { type FieldGroup, limitWords, onPanels } from '../lib/fields.ts'
import { where } from '../lib/influxql.ts'
import { districtOfSeries } from '../lib/links.ts'
import { districtSeries, look, type Override } from '../lib/overrides.ts'
import { type Panel, trendPanel } from '../lib/panels.ts'
import { fieldLadder, stepsOf } from '../lib/thresholds.ts'
import { HERE, type Subject } from './kind-subject.ts'

/** The graphs of a kind's board: the primary value by district, then the other fields by unit. */
const MOST_OTHERS = 4

export function primaryTrends(context: Context, subject: Subject) {
  const { ladder, kind, interval, unit } = subject
  const over = (statistic: string) =>
    `SELECT ${statistic}("value") AS "value" FROM (SELECT ${subject.reading} AS "value" FROM "${kind.name}" WHERE ${where(HERE)} GROUP BY "district") WHERE $timeFilter GROUP BY time($__interval), "district" fill(none)`
  const line = {
    values: subject.words,
    source: 'telemetry',
    unit,
    interval,
    decimals: subject.digits,
    looks: districtSeries(context),
    links: [districtOfSeries(context, say(context, COMMON.openDistrict))],
  } as const
  return [
    trendPanel(context, {
      ...line,
      id: 7,
      at: [0, 13, 12, 8],
      words: KIND.worstOverTime,
      queries: [{ sql: over(subject.bad === 'high' ? 'max' : 'min'), alias: '$tag_district' }],
      ...(ladder === null ? {} : { limits: stepsOf(ladder) }),
    }),
    trendPanel(context, {
      ...line,
      id: 8,
      at: [12, 13, 12, 8],
      words: KIND.meanOverTime,
      queries: [{ sql: over('mean'), alias: '$tag_district' }],
    }),
  ]
}

/** The other fields: one panel a unit while there is room, several axes after that. */
export function otherTrends(context: Context, subject: Subject, groups: readonly FieldGroup[]) {
  const panels = onPanels(groups, MOST_OTHERS)
  // Four abreast would be too narrow to read.
  const abreast = panels.length === 4 ? 2 : Math.max(panels.length, 1)
  const width = 24 / abreast
  return panels.map((on, i) =>
    trendPanel(context, {
      id: 9 + i,
      at: [(i % abreast) * width, 21 + 8 * Math.floor(i / abreast), width, 8],
      ...otherPanel(context, subject, on),
    }),
  )
}

function otherPanel(context: Context, { kind, interval }: Subject, on: readonly FieldGroup[]) {
  const fields = on.flatMap((group) => group.fields)
  const means = fields.map((field) => `mean("${field}") AS "${field}"`).join(', ')
  const sql = `SELECT ${means} FROM "${kind.name}" WHERE ${where(HERE)} GROUP BY time($__interval), "district" fill(none)`
  const only = fields.length === 1 ? fieldLadder(kind, fields[0] ?? '') : null
  const switches = on.filter(({ unit }) => unit === 'switch').length
  const labels = fields.map((field) => fieldLabel(context, kind, field))
  return {
    words: switches === 0 ? KIND.others : switches === on.length ? KIND.shares : KIND.mixed,
    values: {
      fields: labels.join(context.language === 'zh-CN' ? '、' : ', '),
      limits: limitWords(context, kind, only),
    },
    source: 'telemetry',
    queries: [{ sql, alias: '$tag_district $col' }],
    unit: unitOf(on[0]),
    interval,
    looks: on.flatMap((group, i) => lineLooks(context, kind, group, i === 0 ? 'left' : 'right')),
    links: [districtOfSeries(context, say(context, COMMON.openDistrict))],
    ...(only === null ? {} : { limits: stepsOf(only) }),
  } as const satisfies Omit<Panel, 'id' | 'at'> & { limits?: unknown }
}

function lineLooks(
  context: Context,
  kind: DeviceKind,
  group: FieldGroup,
  axis: 'left' | 'right',
): Override[] {
  return districtSeries(context).flatMap(({ matcher, properties }) => {
    const district = String(properties.find(({ id }) => id === 'displayName')?.value)
    return group.fields.map((field) => {
      return look(`${matcher.options} ${field}`, {
        name: `${district} ${fieldLabel(context, kind, field)}`,
        unit: unitOf(group),
        axis,
      })
    })
  })
}

/** A switch is named with the state whose share is drawn: `井盖打开`. */
function fieldLabel(context: Context, kind: DeviceKind, field: string): string {
  const spec = kind.fields[field]
  if (spec === undefined) return field
  const label = say(context, spec.label)
  if (spec.type === 'number') return label
  const on = say(context, spec.on)
  return context.language === 'zh-CN' ? `${label}${on}` : `${label} ${on.toLowerCase()}`
}

function unitOf(group: FieldGroup | undefined): string {
  if (group === undefined) return 'none'
  return group.unit === 'switch' ? 'percentunit' : UNITS[group.unit].grafana
}
