import { applyEvent } from '../cases/decide.ts'
import { type AlertView, followSignal, openCase } from '../cases/react.ts'
import type { AlertChange } from '../rules/state.ts'
import { type Effects, markChanged } from './effects.ts'
import { type DeviceEntry, nextCaseNumber, openCaseKey, type World } from './world.ts'

/** Lets changes of a device's alerts act on its cases. */
export function respond(
  world: World,
  entry: DeviceEntry,
  changes: readonly AlertChange[],
  effects: Effects,
): void {
  if (changes.length === 0) return
  markChanged(effects, entry)
  effects.alertChanges.push(...changes)
  // The changes of one reading are one event for people: a jump from dry to 30 cm opens one
  // critical case, not a major one that is raised in the same breath.
  for (const ruleId of new Set(changes.map((change) => change.ruleId))) {
    respondToRule(
      world,
      entry,
      ruleId,
      changes.filter((change) => change.ruleId === ruleId),
      effects,
    )
  }
}

function respondToRule(
  world: World,
  entry: DeviceEntry,
  ruleId: string,
  changes: readonly AlertChange[],
  effects: Effects,
): void {
  const decisive = changes.filter((c) => c.becomes === 'firing' || c.becomes === 'cleared')
  const last = decisive.at(-1)
  if (last === undefined) return
  const view = viewAlert(world, entry, ruleId, last)
  const key = openCaseKey(ruleId, entry.device.id)
  const current = world.openCases.get(key)
  if (current !== undefined) {
    let next = current
    for (const event of followSignal(current, view)) {
      next = applyEvent(next, event)
      effects.caseEvents.push({ caseId: next.id, event })
    }
    if (next === current) return
    world.openCases.set(key, next)
    effects.cases.set(next.id, next)
    return
  }
  if (view.firing === null || !raisesCase(world, ruleId, decisive)) return
  openNewCase(world, entry, ruleId, { ...view, firing: view.firing }, effects)
}

/** Only a level that begins to fire opens a case: a weaker one that is left over does not. */
function raisesCase(world: World, ruleId: string, changes: readonly AlertChange[]): boolean {
  const levels = world.rules.get(ruleId)?.levels ?? []
  return changes.some(
    (change) =>
      change.becomes === 'firing' &&
      levels.some((level) => level.level === change.level && level.severity !== null),
  )
}

function openNewCase(
  world: World,
  entry: DeviceEntry,
  ruleId: string,
  view: AlertView & { firing: object },
  effects: Effects,
): void {
  const rule = world.rules.get(ruleId)
  const caseClass = entry.kind?.kind.caseClasses[rule?.caseClass ?? '']
  if (rule === undefined || caseClass === undefined) return
  const { opened, event } = openCase(
    {
      rule,
      device: entry.device,
      caseClass,
      city: world.city,
      nextNumber: (at) => nextCaseNumber(world, at),
    },
    view,
  )
  world.openCases.set(openCaseKey(ruleId, entry.device.id), opened)
  const alert = entry.state.rules.alerts[ruleId]
  if (alert !== undefined) alert.unattendedSince = null
  effects.cases.set(opened.id, opened)
  effects.caseEvents.push({ caseId: opened.id, event })
}

/** The alert as cases see it, after the changes: its strongest firing level with a severity. */
function viewAlert(world: World, entry: DeviceEntry, ruleId: string, last: AlertChange): AlertView {
  const levels = world.rules.get(ruleId)?.levels ?? []
  const alert = entry.state.rules.alerts[ruleId]
  let firing: AlertView['firing'] = null
  levels.forEach((level, i) => {
    if (level.severity !== null && alert?.levels[i]?.phase === 'firing') {
      firing = { level: level.level, severity: level.severity }
    }
  })
  return { firing, at: last.at, value: last.value }
}
