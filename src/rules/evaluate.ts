import { DAY, type Duration, type Instant, MINUTE } from '../model/time.ts'
import type { Values } from '../model/values.ts'
import type { RuleProgram } from './compile.ts'
import { elapseLevel, levelDue, sampleLevel, type Transition } from './level.ts'
import { type ActiveRule, ReadingScope } from './reading-scope.ts'
import {
  type AlertChange,
  type AlertState,
  hasAlerts,
  isResting,
  type RuleMemory,
  restingLevel,
} from './state.ts'

/**
 * Rules at work on one device: a reading comes, or time passes, and alerts change. The memory is
 * changed in place (it belongs to one device and one thread); what changed is returned.
 *
 * Promises:
 * - A late reading (older than the last one evaluated) changes nothing.
 * - An alert is raised only by a reading that was fresh when it came, or by time alone after one.
 * - The result depends on the order of readings and times given, never on when this code runs.
 */

/** A reading this much older than its receipt is history: it feeds windows, it raises nothing. */
export const FRESH_WITHIN: Duration = 10 * MINUTE
/**
 * Time alone may move a level only where no reading is expected before: a device that reports on
 * change. Where one is due within this share of the report interval, that reading decides.
 */
const HOLD_SHARE = 0.9

/**
 * An alert whose case was closed while it still fired is brought up again after this long: the
 * duplicate-case window of 运城 (similar_time, domain.md 1.4 [A]).
 */
const REMIND_AFTER: Duration = DAY

export interface RuleInput {
  readonly deviceId: string
  readonly observedAt: Instant
  readonly receivedAt: Instant
  readonly values: Values
}

/** Evaluates one reading against the rules of its device. */
export function evaluateReading(
  memory: RuleMemory,
  rules: readonly ActiveRule[],
  input: RuleInput,
): AlertChange[] {
  // A clock that is a little ahead must not let alerts begin in the future.
  const at = Math.min(input.observedAt, input.receivedAt)
  if (memory.evaluatedAt !== null && at < memory.evaluatedAt) return []
  const fresh = input.receivedAt - at <= FRESH_WITHIN
  const { values } = input
  keepLacking(memory, values)
  memory.reading = values
  memory.evaluatedAt = at
  memory.evaluatedFresh = fresh
  // A device that never says anything fresh is watched from its first word: it goes silent too.
  if (fresh || memory.freshAt === null) memory.freshAt = input.receivedAt

  const changes: AlertChange[] = []
  let reading: ReadingScope | null = null
  for (const rule of rules) {
    if (rule.program.silence !== null) {
      if (fresh) endSilence(memory, rule, input.deviceId, input.receivedAt, changes)
    } else if (hasAny(values, rule.program.places)) {
      reading ??= new ReadingScope(memory, values, rule, at)
      const scope = reading.of(rule)
      for (const tap of rule.program.taps) if (hasAny(values, tap.places)) tap.feed(scope)
      sampleRule(memory, rule, scope, fresh, input.deviceId, changes)
    }
  }
  return changes
}

/** What the reading before had and this one lacks stays known. Mostly there is nothing. */
function keepLacking(memory: RuleMemory, { numbers }: Values): void {
  const { reading, evaluatedAt } = memory
  if (reading === null || evaluatedAt === null) return
  for (let place = 0; place < numbers.length; place++) {
    if (!Number.isNaN(numbers[place] as number)) continue
    const value = reading.table.valueOf(place, reading.numbers[place] as number)
    if (value !== undefined) {
      memory.known[reading.table.names[place] as string] = [value, evaluatedAt]
    }
  }
}

function hasAny({ numbers }: Values, places: readonly number[]): boolean {
  for (const place of places) if (!Number.isNaN(numbers[place] as number)) return true
  return false
}

/** A rule's alert, if it is not at rest. Mostly none of a device's is: then none is looked for. */
function alertOf(memory: RuleMemory, { rule }: RuleProgram): AlertState | undefined {
  return hasAlerts(memory) ? memory.alerts[rule.id] : undefined
}

function sampleRule(
  memory: RuleMemory,
  rule: ActiveRule,
  scope: ReadingScope,
  mayFire: boolean,
  deviceId: string,
  changes: AlertChange[],
): void {
  const { program } = rule
  const present = alertOf(memory, program)
  // Most rules are at rest, and stay so: then there is nothing to make, to change or to keep.
  if (present === undefined && !program.levels.some((one) => one.raise(scope))) return
  const alert = present ?? createAlert(program)
  alert.value = program.value(scope)
  program.levels.forEach((level, i) => {
    const state = levelState(alert, i)
    const sample = { at: scope.at, raise: level.raise(scope), clear: level.clear(scope), mayFire }
    const transition = sampleLevel(level, state, sample)
    if (transition !== null) changes.push(change(program, deviceId, i, transition, scope.at, alert))
  })
  keep(memory, program, alert)
}

/**
 * The next moment at which time alone changes something for this device, or null.
 * `silenceFloor`: silence is not counted before this moment, because we were not listening.
 */
export function nextDue(
  memory: RuleMemory,
  rules: readonly ActiveRule[],
  silenceFloor: Instant,
): Instant | null {
  let due: Instant | null = null
  for (const rule of rules) {
    const at =
      rule.program.silence === null
        ? holdDue(memory, rule.program)
        : silenceDue(memory, rule, silenceFloor)
    if (at !== null && (due === null || at < due)) due = at
  }
  return due
}

function holdDue(memory: RuleMemory, program: RuleProgram): Instant | null {
  const alert = alertOf(memory, program)
  if (alert === undefined) return null
  let due: Instant | null = reminderDue(alert)
  program.levels.forEach((level, i) => {
    const at = levelDue(level, levelState(alert, i))
    if (at !== null && timeMayAct(memory, program, at) && (due === null || at < due)) due = at
  })
  return due
}

function reminderDue(alert: AlertState): Instant | null {
  return alert.unattendedSince === null ? null : alert.unattendedSince + REMIND_AFTER
}

/** Whether time alone may act at `at`: the last reading was fresh, and none is expected before. */
function timeMayAct(memory: RuleMemory, program: RuleProgram, at: Instant): boolean {
  return (
    memory.evaluatedFresh &&
    memory.evaluatedAt !== null &&
    at - memory.evaluatedAt <= HOLD_SHARE * program.reportInterval
  )
}

function silenceDue(memory: RuleMemory, rule: ActiveRule, floor: Instant): Instant | null {
  const { silence } = rule.program
  if (silence === null || memory.freshAt === null) return null
  const alert = alertOf(memory, rule.program)
  if (alert?.levels[0]?.phase === 'firing') return reminderDue(alert)
  return Math.max(memory.freshAt, floor) + silence(rule.parameters)
}

/** Lets time come to `now`: everything due by then happens, in order, each at its own due time. */
export function elapse(
  memory: RuleMemory,
  rules: readonly ActiveRule[],
  deviceId: string,
  now: Instant,
  silenceFloor: Instant,
): AlertChange[] {
  const changes: AlertChange[] = []
  // One moment after the other: what happens at the first decides what is still due at the next.
  for (;;) {
    const due = nextDue(memory, rules, silenceFloor)
    if (due === null || due > now) return changes
    elapseTo(memory, rules, { deviceId, due, silenceFloor }, changes)
  }
}

function elapseTo(
  memory: RuleMemory,
  rules: readonly ActiveRule[],
  to: { deviceId: string; due: Instant; silenceFloor: Instant },
  changes: AlertChange[],
): void {
  const { deviceId, due: now, silenceFloor } = to
  for (const rule of rules) {
    const { program } = rule
    const alert = alertOf(memory, program)
    if (alert !== undefined) remind(program, alert, deviceId, now, changes)
    if (program.silence !== null) {
      const due = silenceDue(memory, rule, silenceFloor)
      if (due !== null && due <= now) beginSilence(memory, rule, deviceId, due, changes)
      continue
    }
    if (alert === undefined) continue
    program.levels.forEach((level, i) => {
      const state = levelState(alert, i)
      const due = levelDue(level, state)
      if (due === null || due > now || !timeMayAct(memory, program, due)) return
      const transition = elapseLevel(level, state)
      if (transition !== null) changes.push(change(program, deviceId, i, transition, due, alert))
    })
    keep(memory, program, alert)
  }
}

/** Says again that a level with a severity fires, where its case was closed a day ago. */
function remind(
  program: RuleProgram,
  alert: AlertState,
  deviceId: string,
  now: Instant,
  changes: AlertChange[],
): void {
  const due = reminderDue(alert)
  if (due === null || due > now) return
  alert.unattendedSince = null
  const strongest = program.levels.findLastIndex(
    (level, i) => level.severity !== null && alert.levels[i]?.phase === 'firing',
  )
  if (strongest >= 0) changes.push(change(program, deviceId, strongest, 'firing', due, alert))
}

function beginSilence(
  memory: RuleMemory,
  rule: ActiveRule,
  deviceId: string,
  at: Instant,
  changes: AlertChange[],
): void {
  const alert = createAlert(rule.program)
  alert.levels[0] = { ...restingLevel(), phase: 'firing', since: at }
  // Minutes since the last reading.
  alert.value = Math.round((at - (memory.freshAt ?? at)) / MINUTE)
  memory.alerts[rule.program.rule.id] = alert
  changes.push(change(rule.program, deviceId, 0, 'firing', at, alert))
}

function endSilence(
  memory: RuleMemory,
  rule: ActiveRule,
  deviceId: string,
  at: Instant,
  changes: AlertChange[],
): void {
  const alert = alertOf(memory, rule.program)
  if (alert?.levels[0]?.phase !== 'firing') return
  delete memory.alerts[rule.program.rule.id]
  changes.push(change(rule.program, deviceId, 0, 'cleared', at, { ...alert, value: 0 }))
}

function createAlert(program: RuleProgram): AlertState {
  return {
    ruleVersion: program.rule.version,
    levels: program.levels.map(restingLevel),
    value: null,
    unattendedSince: null,
  }
}

/** Alerts at rest are dropped: most devices have none, and state is written with every commit. */
function keep(memory: RuleMemory, program: RuleProgram, alert: AlertState): void {
  if (!isResting(alert)) memory.alerts[program.rule.id] = alert
  else if (memory.alerts[program.rule.id] !== undefined) delete memory.alerts[program.rule.id]
}

function levelState(alert: AlertState, i: number) {
  return (alert.levels[i] ??= restingLevel())
}

/** What a transition of a level is for those who listen. */
export function change(
  program: RuleProgram,
  deviceId: string,
  level: number,
  becomes: Transition,
  at: Instant,
  alert: AlertState,
): AlertChange {
  const { id, version } = program.rule
  return {
    ruleId: id,
    ruleVersion: version,
    deviceId,
    level: (program.levels[level] as RuleProgram['levels'][number]).level,
    becomes,
    at,
    value: alert.value,
  }
}
