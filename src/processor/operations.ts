import { type Case, isEnded } from '../cases/case.ts'
import { applyEvent, decide, isRepeated } from '../cases/decide.ts'
import { type Effects, ledgerOf, markChanged } from '../engine/effects.ts'
import { respond } from '../engine/respond.ts'
import { schedule } from '../engine/time.ts'
import {
  activeRules,
  openCaseKey,
  placeDevice,
  placeRule,
  removeDevice,
  removeRule,
  type World,
} from '../engine/world.ts'
import { deliveryId, type NewDelivery } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import type { Fault } from '../model/errors.ts'
import { fail, ok } from '../model/result.ts'
import type { Rule, RuleOverrides, StoredRule } from '../model/rule.ts'
import { compileRule, type RuleProgram } from '../rules/compile.ts'
import { retireAlerts } from '../rules/retire.ts'
import type { Edits } from './change.ts'
import type { CaseRequest, DeviceOutcome, DevicePatch, Operations, Outcome } from './protocol.ts'

/**
 * Operators' requests, applied to the world. Like records they leave effects, which are committed
 * before the answer goes out.
 */
export interface Desk {
  readonly world: World
  readonly effects: Effects
  readonly edits: Edits
  /** A case that is no longer open, from the store. */
  readonly endedCase: (id: string) => Promise<Case | null>
  /** Which of these deliveries are in the store. */
  readonly delivered: (ids: readonly string[]) => Promise<ReadonlySet<string>>
}

export function createDevices(desk: Desk, devices: readonly Device[]): DeviceOutcome[] {
  return devices.map((device) => {
    if (desk.world.devices.has(device.id)) return fail({ code: 'DEVICE_EXISTS' })
    if (!desk.world.kinds.has(device.kind)) return fail({ code: 'KIND_UNKNOWN' })
    const faults = overrideFaults(desk.world, device.kind, device.ruleOverrides)
    if (faults.length > 0) return fail({ code: 'VALIDATION', faults })
    markChanged(desk.effects, placeDevice(desk.world, device))
    desk.edits.deletedDevices.delete(device.id)
    desk.edits.devices.set(device.id, device)
    return ok(device)
  })
}

export function updateDevice(desk: Desk, id: string, patch: DevicePatch): Outcome<Device> {
  const entry = desk.world.devices.get(id)
  if (entry === undefined) return fail({ code: 'DEVICE_NOT_FOUND' })
  const before = entry.device
  const faults = overrideFaults(desk.world, before.kind, patch.ruleOverrides ?? {})
  if (faults.length > 0) return fail({ code: 'VALIDATION', faults })
  entry.device = { ...before, ...patch }
  const { enabled, secretHash } = entry.device
  if (!enabled || secretHash !== before.secretHash) desk.edits.lockedOut.add(id)
  // Its rules may be switched or tuned differently now.
  entry.activeRevision = -1
  desk.edits.devices.set(id, entry.device)
  // Those who watch hear of it.
  markChanged(desk.effects, entry)
  retire(desk, [id])
  return ok(entry.device)
}

/** An override that names nothing would be believed to work. */
function overrideFaults(world: World, kind: string, overrides: RuleOverrides): Fault[] {
  return Object.entries(overrides).flatMap(([ruleId, { parameters = {} }]) => {
    const path = `ruleOverrides.${ruleId}`
    const rule = world.rules.get(ruleId)
    if (rule?.kind !== kind) return [{ path, message: `${kind} has no rule "${ruleId}"` }]
    return Object.keys(parameters)
      .filter((name) => rule.parameters[name] === undefined)
      .map((name) => ({
        path: `${path}.parameters.${name}`,
        message: `the rule has these parameters: ${Object.keys(rule.parameters).join(', ')}`,
      }))
  })
}

/** The device, its state and its alerts go; its cases and readings stay. */
export function deleteDevice(desk: Desk, id: string): Outcome<null> {
  const entry = desk.world.devices.get(id)
  if (entry === undefined) return fail({ code: 'DEVICE_NOT_FOUND' })
  const { world, effects } = desk
  const changes = retireAlerts(entry.state.rules, [], world.programs, id, world.now)
  respond(world, entry, changes, effects)
  removeDevice(desk.world, entry)
  desk.effects.touched.delete(entry)
  desk.effects.unrepeatable.delete(entry)
  desk.edits.devices.delete(id)
  desk.edits.deletedDevices.add(id)
  return ok(null)
}

export function createRule(desk: Desk, rule: Rule): Outcome<StoredRule> {
  if (desk.world.rules.has(rule.id)) return fail({ code: 'RULE_EXISTS' })
  return putRule(desk, rule)
}

/** Puts a rule in force with the next version. Alerts of the version before are ended. */
export function putRule(desk: Desk, rule: Rule): Outcome<StoredRule> {
  const { world } = desk
  const kind = world.kinds.get(rule.kind)
  if (kind === undefined) {
    return fail({
      code: 'RULE_INVALID',
      faults: [{ path: 'kind', message: `unknown kind "${rule.kind}"` }],
    })
  }
  const version = (world.rules.get(rule.id)?.version ?? 0) + 1
  const stored: StoredRule = { ...rule, version, origin: 'city' }
  const program = compileRule(stored, kind.kind)
  if (!program.ok) return fail({ code: 'RULE_INVALID', faults: program.error })
  const before = new Map(world.programs)
  placeRule(world, stored)
  desk.edits.deletedRules.delete(rule.id)
  desk.edits.rules.set(rule.id, stored)
  retire(desk, world.devices.keys(), before)
  return ok(stored)
}

export function deleteRule(desk: Desk, id: string): Outcome<null> {
  if (!desk.world.rules.has(id)) return fail({ code: 'RULE_NOT_FOUND' })
  const before = new Map(desk.world.programs)
  removeRule(desk.world, id)
  desk.edits.rules.delete(id)
  desk.edits.deletedRules.add(id)
  retire(desk, desk.world.devices.keys(), before)
  return ok(null)
}

/** Puts exactly these rules in force. Those that are in force as they are stay untouched. */
export function adoptRules(desk: Desk, rules: readonly StoredRule[]): void {
  const { world, edits } = desk
  const before = new Map(world.programs)
  const wanted = new Set(rules.map(({ id }) => id))
  for (const id of world.rules.keys()) {
    if (wanted.has(id)) continue
    removeRule(world, id)
    edits.rules.delete(id)
    edits.deletedRules.add(id)
  }
  for (const rule of rules) {
    if (JSON.stringify(world.rules.get(rule.id)) === JSON.stringify(rule)) continue
    placeRule(world, rule)
    edits.deletedRules.delete(rule.id)
    edits.rules.set(rule.id, rule)
  }
  retire(desk, world.devices.keys(), before)
}

/** Ends alerts whose rule is no longer in force as it was, and lets cases hear of it. */
export function retire(
  desk: Desk,
  deviceIds: Iterable<string>,
  programsBefore: ReadonlyMap<string, RuleProgram> = desk.world.programs,
): void {
  for (const id of deviceIds) {
    const entry = desk.world.devices.get(id)
    if (entry === undefined) continue
    const rules = activeRules(desk.world, entry)
    const changes = retireAlerts(entry.state.rules, rules, programsBefore, id, desk.world.now)
    respond(desk.world, entry, changes, desk.effects)
    schedule(desk.world, entry)
  }
}

export async function actOnCase(desk: Desk, request: CaseRequest): Promise<Outcome<Case>> {
  const { world, effects } = desk
  const open = [...world.openCases.values()].find((it) => it.id === request.caseId)
  const current =
    effects.cases.get(request.caseId) ?? open ?? (await desk.endedCase(request.caseId))
  if (current === null) return fail({ code: 'CASE_NOT_FOUND' })
  const { action, actor, note, unitId, attachments } = request
  const decision = decide(current, { action, actor, note, unitId, attachments, at: world.now })
  if (!decision.ok) return fail({ code: decision.error })
  if (isRepeated(current, action)) return ok(current)
  const next = applyEvent(current, decision.value)
  effects.cases.set(next.id, next)
  effects.caseEvents.push({ caseId: next.id, event: decision.value })
  const key = openCaseKey(next.ruleId, next.deviceId)
  if (!isEnded(next.status)) world.openCases.set(key, next)
  else if (!isEnded(current.status)) {
    world.openCases.delete(key)
    noteUnattended(desk, next)
  }
  return ok(next)
}

/** The case is over while its sensor still fires: it is brought up again after a day. */
function noteUnattended(desk: Desk, ended: Case): void {
  const entry = desk.world.devices.get(ended.deviceId)
  if (entry === undefined) return
  markChanged(desk.effects, entry)
  const alert = entry.state.rules.alerts[ended.ruleId]
  if (alert === undefined || ended.signal.state !== 'firing') return
  alert.unattendedSince = desk.world.now
  schedule(desk.world, entry)
}

export function sendCommand(desk: Desk, command: Operations['command.send']['input']['command']) {
  if (!desk.world.devices.has(command.deviceId)) return fail({ code: 'DEVICE_NOT_FOUND' } as const)
  desk.world.commands.set(command.id, command)
  desk.effects.commands.set(command.id, command)
  return ok(command)
}

/** Each notification once, however often it is sent. */
export async function recordDeliveries(
  { world, edits, delivered }: Desk,
  given: readonly NewDelivery[],
): Promise<Operations['delivery.record']['output']> {
  const stored = await delivered(given.map(deliveryId))
  const recorded = given.flatMap((one) => {
    const id = deliveryId(one)
    if (stored.has(id) || edits.deliveries.has(id)) return []
    const delivery = { id, receivedAt: world.now, ...one }
    edits.deliveries.set(id, delivery)
    return [delivery]
  })
  return { recorded, repeated: given.length - recorded.length }
}

export function countShed(desk: Desk, shed: Operations['ledger.shed']['input']['shed']): void {
  for (const { day, kind, messages } of shed) {
    ledgerOf(desk.effects, Date.parse(day), kind).shed += messages
  }
}
