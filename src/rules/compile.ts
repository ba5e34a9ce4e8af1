import { allFields, type DeviceKind } from '../model/device-kind.ts'
import type { Fault } from '../model/errors.ts'
import { fail, ok, type Result } from '../model/result.ts'
import { ALERT_LEVELS, type AlertLevel, type RuleLevel, type StoredRule } from '../model/rule.ts'
import type { Duration } from '../model/time.ts'
import { FieldTable } from '../model/values.ts'
import {
  type Compilation,
  compileCondition,
  compileExpr,
  compileNumber,
  milliseconds,
  type NumberProgram,
  type Tap,
  type TruthProgram,
} from './expression.ts'

/** A rule, checked against its kind and compiled. Holds no state of any device. */
export interface RuleProgram {
  readonly rule: StoredRule
  readonly fields: readonly string[]
  /** Of the fields. */
  readonly places: readonly number[]
  readonly taps: readonly Tap[]
  readonly value: NumberProgram
  readonly levels: readonly LevelProgram[]
  /** Names of the parameters, in the order in which the programs want them. */
  readonly parameters: readonly string[]
  /** For a rule about missing data: the allowed silence, from the parameters in force. */
  readonly silence: ((parameters: readonly number[]) => Duration) | null
  readonly reportInterval: Duration
}

export interface LevelProgram {
  readonly level: AlertLevel
  readonly severity: RuleLevel['severity']
  readonly raise: TruthProgram
  readonly clear: TruthProgram
  /** Null where the level has no `for`. */
  readonly holdFor: Duration | null
  readonly samples: { readonly atLeast: number; readonly of: number } | null
  readonly clearFor: Duration
}

/**
 * Compiles a rule, or tells every fault with its place: unknown fields, parameters, case classes,
 * levels out of order.
 */
export function compileRule(rule: StoredRule, kind: DeviceKind): Result<RuleProgram, Fault[]> {
  const table = FieldTable.ofKind(kind)
  const into: Compilation = {
    reportInterval: kind.reportInterval,
    table,
    numberFields: new Set(),
    switchFields: new Set(),
    parameters: [],
    taps: new Map(),
    shared: new Map(),
  }
  const value = rule.value === null ? () => null : compileExpr(rule.value, into)
  const levels = rule.levels.map((level) => compileLevel(level, value, into))
  const intervals = rule.missing && compileNumber(rule.missing.intervals, into.parameters)

  const faults = [
    ...fieldFaults(into, kind),
    ...parameterFaults(into, rule),
    ...shapeFaults(rule, kind),
  ]
  if (faults.length > 0) return fail(faults)
  const fields = [...new Set([...into.numberFields, ...into.switchFields])]
  return ok({
    rule,
    fields,
    places: fields.map((name) => table.place(name)),
    taps: [...into.taps.values()],
    value,
    levels,
    parameters: into.parameters,
    silence: intervals ? (parameters) => intervals(parameters) * kind.reportInterval : null,
    reportInterval: kind.reportInterval,
  })
}

function compileLevel(level: RuleLevel, value: NumberProgram, into: Compilation): LevelProgram {
  const raise = level.raise === undefined ? () => null : compileCondition(level.raise, value, into)
  const clear: TruthProgram =
    level.clear === undefined
      ? (scope) => {
          const raised = raise(scope)
          return raised === null ? null : !raised
        }
      : compileCondition(level.clear, value, into)
  return {
    level: level.level,
    severity: level.severity,
    raise,
    clear,
    holdFor: level.for === undefined ? null : milliseconds(level.for),
    samples: level.samples ?? null,
    clearFor: level.clearFor === undefined ? 0 : milliseconds(level.clearFor),
  }
}

function fieldFaults(used: Compilation, kind: DeviceKind): Fault[] {
  const fields = allFields(kind)
  const faults: Fault[] = []
  for (const name of used.numberFields) {
    if (!Object.hasOwn(fields, name)) {
      faults.push({ path: 'value', message: `${kind.name} has no field "${name}"` })
    }
  }
  for (const name of used.switchFields) {
    if (fields[name]?.type !== 'switch') {
      faults.push({ path: 'levels', message: `${kind.name} has no switch "${name}"` })
    }
  }
  return faults
}

function parameterFaults(used: Compilation, rule: StoredRule): Fault[] {
  return used.parameters
    .filter((name) => !Object.hasOwn(rule.parameters, name))
    .map((name) => ({ path: 'parameters', message: `parameter "${name}" is used but not given` }))
}

function shapeFaults(rule: StoredRule, kind: DeviceKind): Fault[] {
  const faults: Fault[] = []
  if (!Object.hasOwn(kind.caseClasses, rule.caseClass)) {
    const known = Object.keys(kind.caseClasses).join(', ')
    faults.push({ path: 'caseClass', message: `${kind.name} has these case classes: ${known}` })
  }
  if ((rule.missing === undefined) === (rule.value === null)) {
    faults.push({ path: 'value', message: 'a rule has either a value or missing, not both' })
  }
  rule.levels.forEach((level, i) => {
    const path = `levels.${i}`
    if (rule.missing === undefined && level.raise === undefined) {
      faults.push({
        path: `${path}.raise`,
        message: 'needed, unless the rule is about missing data',
      })
    }
    const before = rule.levels[i - 1]
    if (before && ALERT_LEVELS.indexOf(before.level) >= ALERT_LEVELS.indexOf(level.level)) {
      faults.push({ path: `${path}.level`, message: 'levels go from weak to strong, each once' })
    }
  })
  if (rule.missing !== undefined && rule.levels.length > 1) {
    faults.push({ path: 'levels', message: 'a rule about missing data has one level' })
  }
  return faults
}
