import {
  allFields,
  type DeviceKind,
  type FieldSpec,
  type NumberField,
} from '../../../src/model/device-kind.ts'
import type { Unit } from '../../../src/model/units.ts'
import { UNITS } from '../../../src/model/units.ts'
import { COMMON } from '../i18n/index.ts'
import { type Context, say } from './context.ts'
import { type Look, valueWords } from './overrides.ts'
import { FINE, UNKNOWN } from './palette.ts'
import type { Ladder, Limit } from './thresholds.ts'

/** Fields of the catalogue as columns and lines: their names, units and limits. */

/** How a field looks: its name, its unit, or its words where it is a switch. */
export function fieldLook(context: Context, spec: FieldSpec): Look {
  const name = say(context, spec.label)
  if (spec.type === 'number') return { name, unit: UNITS[spec.unit].grafana, decimals: spec.digits }
  const on = { text: say(context, spec.on), color: FINE }
  const off = { text: say(context, spec.off), color: UNKNOWN }
  return { name, mappings: [valueWords({ 0: off, 1: on })] }
}

type Fields = Readonly<Record<string, FieldSpec>>

/** `关注 ≥ 3 cm · 较大 ≥ 15 cm`: so that no limit is a colour alone. */
export function limitList(context: Context, fields: Fields, ladder: Ladder): string {
  const symbol = unitSymbol(fields, ladder)
  return ladder.limits
    .map((limit) => `${say(context, COMMON[limit.level])} ${sign(limit)} ${limit.value}${symbol}`)
    .join(' · ')
}

/** The same with the name of the rule. */
export function limitWords(context: Context, kind: DeviceKind, ladder: Ladder | null): string {
  if (ladder === null) return ''
  const list = limitList(context, allFields(kind), ladder)
  const title = say(context, ladder.rule.title)
  return context.language === 'zh-CN' ? `规则“${title}”：${list}。` : `Rule “${title}”: ${list}.`
}

function sign({ comparison }: Limit): string {
  return { atLeast: '≥', above: '>', atMost: '≤', below: '<' }[comparison]
}

function unitSymbol(fields: Fields, ladder: Ladder): string {
  const spec = fields[ladder.fields[0] ?? '']
  const symbol = spec?.type === 'number' ? UNITS[spec.unit].symbol : ''
  return symbol === '' || symbol === '°' ? symbol : ` ${symbol}`
}

/**
 * Whether a mean over devices says anything: not of a position, and not of a direction, where
 * north is both 0 and 360.
 */
export function hasMean(name: string, spec: NumberField): boolean {
  const direction = spec.unit === 'deg' && spec.min === 0 && spec.max === 360
  return !direction && name !== 'lat' && name !== 'lon'
}

/** Fields that share an axis. */
export interface FieldGroup {
  readonly unit: Unit | 'switch'
  readonly fields: readonly string[]
}

/** Fields beside the primary ones, by unit; switches are a group of their own, as a share. */
export function groupsOf(kind: DeviceKind, without: readonly string[]): FieldGroup[] {
  const shown = Object.entries(kind.fields).filter(
    ([name, spec]) => !without.includes(name) && (spec.type === 'switch' || hasMean(name, spec)),
  )
  const units = Map.groupBy(shown, ([, spec]) => (spec.type === 'switch' ? 'switch' : spec.unit))
  const groups = [...units].map(
    ([unit, of]): FieldGroup => ({ unit, fields: of.map(([name]) => name) }),
  )
  return groups.sort((a, b) => Number(a.unit === 'switch') - Number(b.unit === 'switch'))
}

/**
 * The groups on so many panels: one each while there is room; then the last panels take more than
 * one, each unit with its own axis.
 */
export function onPanels(groups: readonly FieldGroup[], room: number): FieldGroup[][] {
  const count = Math.min(groups.length, room)
  const panels: FieldGroup[][] = []
  for (let i = 0, from = 0; i < count; i++) {
    const to = from + Math.floor((groups.length - from) / (count - i))
    panels.push(groups.slice(from, to))
    from = to
  }
  return panels
}
