import type { Instant } from '../model/time.ts'
import { elapse, nextDue } from '../rules/evaluate.ts'
import { type Effects, markChanged } from './effects.ts'
import { respond } from './respond.ts'
import { activeRules, type DeviceEntry, type World } from './world.ts'

/**
 * Time as an input. Holds, clears and silences happen at their own due moments, in order, however
 * late this code runs: the same journal gives the same alerts at the same times.
 */

/** Lets time come to `to`; does nothing where it is there already. */
export function advance(world: World, to: Instant, effects: Effects): void {
  for (let next = world.due.takeDue(to); next !== null; next = world.due.takeDue(to)) {
    const entry = world.devices.get(next.name)
    // An entry that was replaced by an earlier one, or whose device is gone.
    if (entry === undefined || entry.scheduled !== next.at) continue
    entry.scheduled = null
    act(world, entry, next.at, effects)
  }
  world.now = Math.max(world.now, to)
}

function act(world: World, entry: DeviceEntry, at: Instant, effects: Effects): void {
  const rules = activeRules(world, entry)
  const memory = entry.state.rules
  const due = nextDue(memory, rules, world.silenceFloor)
  if (due !== null && due <= at) {
    const changes = elapse(memory, rules, entry.device.id, at, world.silenceFloor)
    markChanged(effects, entry)
    respond(world, entry, changes, effects)
  }
  schedule(world, entry)
}

/** Sees to it that the device is looked at when time alone would change something for it. */
export function schedule(world: World, entry: DeviceEntry): void {
  const due = nextDue(entry.state.rules, activeRules(world, entry), world.silenceFloor)
  if (due === null || (entry.scheduled !== null && entry.scheduled <= due)) return
  entry.scheduled = due
  world.due.push(due, entry.device.id)
}
