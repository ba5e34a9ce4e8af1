import type { Condition, Expr, RuleNumber } from '../model/rule.ts'
import { type Duration, type Instant, parseDuration } from '../model/time.ts'
import type { FieldTable } from '../model/values.ts'
import { addSample, changeOver, createSeries, type Series, windowStatistic } from './series.ts'

/**
 * Expressions and conditions, compiled once into closures. Logic has three values: a field that is
 * not known makes a comparison unknown, and unknown neither raises nor clears.
 */

/** What an expression sees: one device at one moment, each moment as an object of its own. */
export interface Scope {
  readonly at: Instant
  /** Those of the device, in the order in which the program names them. */
  readonly parameters: readonly number[]
  readonly series: Record<string, Series>
  /** Last known number at a field's place, or null when there is none or it is too old. */
  known(place: number): number | null
}

/** A number, or null for unknown. */
export type NumberProgram = (scope: Scope) => number | null
/** True, false, or null for unknown. */
export type TruthProgram = (scope: Scope) => boolean | null

/** A window that a reading feeds before anything is evaluated. */
export interface Tap {
  /** Of the fields that it looks at. */
  readonly places: readonly number[]
  feed(scope: Scope): void
}

/** What compiling gathers besides the closures. */
export interface Compilation {
  readonly reportInterval: Duration
  readonly table: FieldTable
  /** Fields that are used, by type of use. */
  readonly numberFields: Set<string>
  readonly switchFields: Set<string>
  /** Names of parameters that are used; their places. */
  readonly parameters: string[]
  /** Inner windows come before the outer ones that look at them. */
  readonly taps: Map<string, Tap>
  /** What is more than a field, by its text: levels ask for the same again and again. */
  readonly shared: Map<string, { program: NumberProgram; fields: ReadonlySet<string> }>
}

/** Samples speak back for two report intervals at the most: a longer gap is a gap. */
const GAP_INTERVALS = 2

export function compileExpr(expr: Expr, into: Compilation): NumberProgram {
  if ('field' in expr) {
    const field = expr.field
    into.numberFields.add(field)
    const place = into.table.place(field)
    return (scope) => scope.known(place)
  }
  const text = JSON.stringify(expr)
  let known = into.shared.get(text)
  if (known === undefined) {
    const fields = new Set<string>()
    const program = once(compileComposed(expr, { ...into, numberFields: fields }))
    known = { program, fields }
    into.shared.set(text, known)
  }
  for (const field of known.fields) into.numberFields.add(field)
  return known.program
}

/**
 * Computes a value once for each moment. It may be asked for when the windows that it looks at have
 * taken what came at that moment, which is before any other window or condition asks.
 */
function once(program: NumberProgram): NumberProgram {
  let moment: Scope | null = null
  let value: number | null = null
  return (scope) => {
    if (scope !== moment) {
      value = program(scope)
      moment = scope
    }
    return value
  }
}

function compileComposed(expr: Exclude<Expr, { field: string }>, into: Compilation): NumberProgram {
  if ('abs' in expr) return map1(compileExpr(expr.abs, into), Math.abs)
  if ('minus' in expr) {
    const [a, b] = [compileExpr(expr.minus[0], into), compileExpr(expr.minus[1], into)]
    return (scope) => {
      const [x, y] = [a(scope), b(scope)]
      return x === null || y === null ? null : x - y
    }
  }
  if ('hypot' in expr) return compileHypot(expr.hypot, into)
  if ('window' in expr) return compileWindow(expr, into)
  return compileChange(expr, into)
}

function map1(program: NumberProgram, f: (x: number) => number): NumberProgram {
  return (scope) => {
    const x = program(scope)
    return x === null ? null : f(x)
  }
}

function compileHypot(parts: readonly Expr[], into: Compilation): NumberProgram {
  const programs = parts.map((part) => compileExpr(part, into))
  return (scope) => {
    let squares = 0
    for (const program of programs) {
      const x = program(scope)
      if (x === null) return null
      squares += x * x
    }
    return Math.sqrt(squares)
  }
}

function compileWindow(expr: Extract<Expr, { window: unknown }>, into: Compilation): NumberProgram {
  const key = JSON.stringify({ of: expr.of, over: expr.over })
  const over = milliseconds(expr.over)
  const minValid = expr.minValid === undefined ? over / 2 : milliseconds(expr.minValid)
  const statistic = expr.window
  addTap(key, expr.of, over, into)
  return (scope) => {
    const series = scope.series[key]
    return series === undefined
      ? null
      : windowStatistic(series, statistic, { at: scope.at, over, minValid })
  }
}

function compileChange(expr: Extract<Expr, { change: unknown }>, into: Compilation): NumberProgram {
  const key = JSON.stringify({ change: expr.change, over: expr.over })
  const over = milliseconds(expr.over)
  const minSpan = expr.minSpan === undefined ? over * 0.9 : milliseconds(expr.minSpan)
  addTap(key, expr.change, over, into)
  return (scope) => {
    const series = scope.series[key]
    return series === undefined ? null : changeOver(series, { at: scope.at, over, minSpan })
  }
}

function addTap(key: string, of: Expr, over: Duration, into: Compilation): void {
  const inner: Compilation = { ...into, numberFields: new Set(), switchFields: new Set() }
  const program = compileExpr(of, inner)
  for (const field of inner.numberFields) into.numberFields.add(field)
  if (into.taps.has(key)) return
  const shape = {
    over,
    maxGap: GAP_INTERVALS * into.reportInterval,
    firstGap: Math.min(into.reportInterval, over),
  }
  into.taps.set(key, {
    places: [...inner.numberFields].map((name) => into.table.place(name)),
    feed(scope) {
      const value = program(scope)
      if (value === null) return
      const series = (scope.series[key] ??= createSeries())
      addSample(series, scope.at, value, shape)
    },
  })
}

/** Compiles a condition; comparisons without `of` look at the rule's own value. */
export function compileCondition(
  condition: Condition,
  own: NumberProgram,
  into: Compilation,
): TruthProgram {
  if ('all' in condition)
    return conjunction(condition.all.map((c) => compileCondition(c, own, into)))
  if ('any' in condition) {
    // De Morgan keeps one implementation of the three-valued table.
    return negation(conjunction(condition.any.map((c) => negation(compileCondition(c, own, into)))))
  }
  if ('not' in condition) return negation(compileCondition(condition.not, own, into))
  if ('field' in condition) {
    const { field, is, assume = null } = condition
    into.switchFields.add(field)
    const place = into.table.place(field)
    const unknown = assume === null ? null : assume === is
    return (scope) => {
      const value = scope.known(place)
      return value === null ? unknown : (value === 1) === is
    }
  }
  const value = condition.of === undefined ? own : compileExpr(condition.of, into)
  return compileComparison(condition, value, into)
}

function compileComparison(
  condition: Extract<Condition, { of?: unknown }>,
  value: NumberProgram,
  into: Compilation,
): TruthProgram {
  const compare = (limit: RuleNumber, holds: (x: number, y: number) => boolean): TruthProgram => {
    const threshold = compileNumber(limit, into.parameters)
    return (scope) => {
      const x = value(scope)
      return x === null ? null : holds(x, threshold(scope.parameters))
    }
  }
  if (condition.atLeast !== undefined) return compare(condition.atLeast, (x, y) => x >= y)
  if (condition.above !== undefined) return compare(condition.above, (x, y) => x > y)
  if (condition.atMost !== undefined) return compare(condition.atMost, (x, y) => x <= y)
  return compare(condition.below as RuleNumber, (x, y) => x < y)
}

/** A number of a rule, fixed or by parameter. */
export function compileNumber(
  given: RuleNumber,
  used: string[],
): (parameters: readonly number[]) => number {
  if (typeof given === 'number') return () => given
  const name = given.parameter
  if (!used.includes(name)) used.push(name)
  const place = used.indexOf(name)
  return (parameters) => parameters[place] as number
}

function conjunction(parts: readonly TruthProgram[]): TruthProgram {
  return (scope) => {
    let result: boolean | null = true
    for (const part of parts) {
      const truth = part(scope)
      if (truth === false) return false
      if (truth === null) result = null
    }
    return result
  }
}

function negation(part: TruthProgram): TruthProgram {
  return (scope) => {
    const truth = part(scope)
    return truth === null ? null : !truth
  }
}

/** Durations in a checked rule are valid: the schema saw to it. */
export function milliseconds(text: string): Duration {
  return parseDuration(text) as Duration
}
