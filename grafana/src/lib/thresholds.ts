import { catalogRules } from '../../../src/catalog/catalog.ts'
import { allFields, type DeviceKind } from '../../../src/model/device-kind.ts'
import {
  type AlertLevel,
  COMPARISONS,
  type Comparison,
  type Condition,
  type Expr,
  type Rule,
  type RuleLevel,
  type RuleNumber,
} from '../../../src/model/rule.ts'
import { FINE, LEVEL_COLOURS } from './palette.ts'

/**
 * The rules' own constants as limits to draw: what the boards colour is what opens cases. Only
 * rules that are switched on and compare their value with a number have limits; switches and
 * silence have none.
 */

export interface Limit {
  readonly level: AlertLevel
  readonly value: number
  readonly comparison: Comparison
}

export interface Ladder {
  readonly rule: Rule
  /** What is compared. */
  readonly of: Expr
  readonly fields: readonly string[]
  /** Whether the bad values are the high or the low ones. */
  readonly bad: 'high' | 'low'
  /** Weakest level first. */
  readonly limits: readonly Limit[]
}

export function laddersOf(kind: DeviceKind): Ladder[] {
  return catalogRules(kind).flatMap((rule) => {
    if (!rule.enabled || rule.value === null) return []
    const limits = strongest(rule.levels.flatMap((level) => limitOf(rule, level)))
    const first = limits[0]
    if (first === undefined) return []
    const bad = side(first.comparison)
    const fields = fieldsOf(rule.value)
    // A rule that a city wrote may name a field that this kind lost; a board draws only what is there.
    if (fields.some((field) => allFields(kind)[field] === undefined)) return []
    const same = limits.filter((limit) => side(limit.comparison) === bad)
    return [{ rule, of: rule.value, fields, bad, limits: same }]
  })
}

/** The ladder of the field that a kind is judged by first; null where no rule compares it. */
export function primaryLadder(kind: DeviceKind): Ladder | null {
  const drawable = laddersOf(kind).filter((ladder) => !changes(ladder.of))
  return drawable.find((ladder) => ladder.fields.includes(kind.primaryField)) ?? null
}

/** The ladder of one field alone, directly or over a window. */
export function fieldLadder(kind: DeviceKind, field: string): Ladder | null {
  const single = laddersOf(kind).filter((one) => one.fields.length === 1 && !changes(one.of))
  return single.find((ladder) => ladder.fields[0] === field) ?? null
}

export interface Step {
  readonly value: number | null
  readonly color: string
}

/** Grafana's steps, ascending, the first without a value: each colour holds from its value on. */
export function stepsOf({ bad, limits }: Ladder): Step[] {
  if (bad === 'high') {
    const steps = limits.map(({ level, value }) => ({ value, color: LEVEL_COLOURS[level] }))
    return [{ value: null, color: FINE }, ...steps]
  }
  const ascending = limits.toReversed()
  return ascending.reduce<Step[]>(
    (steps, { value }, i) => {
      const next = ascending[i + 1]
      steps.push({ value, color: next === undefined ? FINE : LEVEL_COLOURS[next.level] })
      return steps
    },
    [{ value: null, color: LEVEL_COLOURS[ascending[0]?.level ?? 'minor'] }],
  )
}

function limitOf(rule: Rule, level: RuleLevel): Limit[] {
  if (level.raise === undefined) return []
  const found = comparisonOf(level.raise, rule)
  return found === null ? [] : [{ level: level.level, ...found }]
}

/** The comparison of the rule's own value in a condition; other conditions beside it are not drawn. */
function comparisonOf(
  condition: Condition,
  rule: Rule,
): { value: number; comparison: Comparison } | null {
  if ('all' in condition) return firstOf(condition.all, rule)
  if ('any' in condition) return firstOf(condition.any, rule)
  if ('not' in condition || 'is' in condition) return null
  if (condition.of !== undefined && JSON.stringify(condition.of) !== JSON.stringify(rule.value)) {
    return null
  }
  const comparison = COMPARISONS.find((name) => condition[name] !== undefined)
  const given = comparison === undefined ? undefined : condition[comparison]
  const value = given === undefined ? undefined : numberOf(given, rule)
  return comparison === undefined || value === undefined ? null : { value, comparison }
}

function firstOf(conditions: readonly Condition[], rule: Rule) {
  for (const one of conditions) {
    const found = comparisonOf(one, rule)
    if (found !== null) return found
  }
  return null
}

function numberOf(given: RuleNumber, rule: Rule): number | undefined {
  return typeof given === 'number' ? given : rule.parameters[given.parameter]
}

/** Two levels with one limit are one step; it has the stronger one's colour. */
function strongest(limits: readonly Limit[]): Limit[] {
  return limits.filter(
    ({ value }, i) => !limits.slice(i + 1).some((later) => later.value === value),
  )
}

function side(comparison: Comparison): 'high' | 'low' {
  return comparison === 'atLeast' || comparison === 'above' ? 'high' : 'low'
}

function fieldsOf(expr: Expr): string[] {
  if ('field' in expr) return [expr.field]
  if ('abs' in expr) return fieldsOf(expr.abs)
  if ('hypot' in expr) return expr.hypot.flatMap(fieldsOf)
  if ('minus' in expr) return expr.minus.flatMap(fieldsOf)
  return fieldsOf('window' in expr ? expr.of : expr.change)
}

/** A change over time cannot be asked for in InfluxQL as a number per device. */
function changes(expr: Expr): boolean {
  if ('change' in expr) return true
  if ('abs' in expr) return changes(expr.abs)
  if ('hypot' in expr) return expr.hypot.some(changes)
  if ('minus' in expr) return expr.minus.some(changes)
  return 'window' in expr ? changes(expr.of) : false
}
