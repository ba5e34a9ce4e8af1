import type { DeviceKind } from '../model/device-kind.ts'
import { allFields } from '../model/device-kind.ts'
import type { Condition, Expr, Rule, RuleLevel, RuleNumber } from '../model/rule.ts'
import { UNITS } from '../model/units.ts'

/** Rules in plain English, for docs/kinds.md. Numbers are the catalogue's own. */

const COMPARED = [
  ['atLeast', 'at least'],
  ['above', 'above'],
  ['atMost', 'at most'],
  ['below', 'below'],
] as const

export function exprWords(expr: Expr): string {
  if ('field' in expr) return `\`${expr.field}\``
  if ('abs' in expr) return `the absolute value of ${exprWords(expr.abs)}`
  if ('hypot' in expr) return `the length of (${expr.hypot.map(exprWords).join(', ')})`
  if ('minus' in expr) return `${exprWords(expr.minus[0])} minus ${exprWords(expr.minus[1])}`
  if ('window' in expr) {
    const least = expr.minValid === undefined ? '' : ` (at least ${expr.minValid} covered)`
    return `the ${expr.window} of ${exprWords(expr.of)} over ${expr.over}${least}`
  }
  const least = expr.minSpan === undefined ? '' : ` (at least ${expr.minSpan} back)`
  return `the change of ${exprWords(expr.change)} over ${expr.over}${least}`
}

/** A condition; one without `of` speaks of the rule's value. */
export function conditionWords(condition: Condition, rule: Rule, kind: DeviceKind): string {
  const words = (one: Condition) => {
    const text = conditionWords(one, rule, kind)
    return 'all' in one || 'any' in one ? `(${text})` : text
  }
  if ('all' in condition) return condition.all.map(words).join(' and ')
  if ('any' in condition) return condition.any.map(words).join(' or ')
  if ('not' in condition) return `not ${words(condition.not)}`
  if ('field' in condition) return switchWords(condition)
  const of = condition.of ?? rule.value
  const [name, word] = COMPARED.find(([name]) => condition[name] !== undefined) ?? ['below', '']
  const unit = of === null ? '' : unitOf(of, kind)
  const limit = numberWords(condition[name] as RuleNumber, rule, unit)
  const subject = condition.of === undefined ? 'value' : subjectWords(condition.of, rule)
  return `${subject} ${word} ${limit}`
}

function switchWords({ field, is, assume }: Extract<Condition, { is: boolean }>): string {
  const state = (on: boolean) => (on ? 'on' : 'off')
  const unknown = assume === undefined ? '' : ` (unknown counts as ${state(assume)})`
  return `\`${field}\` is ${state(is)}${unknown}`
}

/** Where the rule's own value is part of the expression, it is called so. */
function subjectWords(of: Expr, { value }: Rule): string {
  const words = exprWords(of)
  return value === null || 'field' in value ? words : words.replace(exprWords(value), 'the value')
}

/** What a level waits for, in the order raise, persistence, clear. */
export function levelWords(level: RuleLevel, rule: Rule, kind: DeviceKind): string[] {
  const raise =
    level.raise === undefined
      ? `silent for ${numberWords(rule.missing?.intervals ?? 0, rule, ' report intervals')}`
      : conditionWords(level.raise, rule, kind)
  const clear =
    level.clear !== undefined
      ? conditionWords(level.clear, rule, kind)
      : level.raise === undefined
        ? 'a fresh reading'
        : 'no longer raised'
  const cleared = level.clearFor === undefined ? clear : `${clear}, for ${level.clearFor}`
  return [raise, holdWords(level), cleared]
}

function holdWords({ for: hold, samples }: RuleLevel): string {
  const counted =
    samples === undefined
      ? null
      : samples.atLeast === samples.of
        ? `${samples.of} samples in a row`
        : `${samples.atLeast} of ${samples.of} samples`
  const parts = [counted, hold ?? null].filter((part) => part !== null)
  return parts.length === 0 ? 'at once' : parts.join(' or ')
}

/** The number, and the parameter that a city or a device may set. */
function numberWords(given: RuleNumber, rule: Rule, unit: string): string {
  if (typeof given === 'number') return `${given}${unit}`
  return `${rule.parameters[given.parameter]}${unit} [\`${given.parameter}\`]`
}

/** The unit of an expression: that of its first field. */
function unitOf(expr: Expr, kind: DeviceKind): string {
  const field = firstField(expr)
  const spec = field === null ? undefined : allFields(kind)[field]
  const symbol = spec?.type === 'number' ? UNITS[spec.unit].symbol : ''
  return symbol === '' || symbol === '°' ? symbol : ` ${symbol}`
}

function firstField(expr: Expr): string | null {
  if ('field' in expr) return expr.field
  if ('abs' in expr) return firstField(expr.abs)
  if ('hypot' in expr) return firstField(expr.hypot[0] as Expr)
  if ('minus' in expr) return firstField(expr.minus[0])
  if ('window' in expr) return firstField(expr.of)
  return firstField(expr.change)
}
