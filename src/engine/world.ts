import type { Case } from '../cases/case.ts'
import { createDecoder, type Decoder } from '../decode/decode.ts'
import type { City } from '../model/city.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { Device } from '../model/device.ts'
import type { DeviceKind } from '../model/device-kind.ts'
import { nextNumber, ONE_CELL, type Partition } from '../model/partition.ts'
import type { Fields } from '../model/reading.ts'
import type { StoredRule } from '../model/rule.ts'
import { type Instant, localDayCompact } from '../model/time.ts'
import { deviceTopic } from '../model/topics.ts'
import { FieldTable, type Values } from '../model/values.ts'
import { compileRule, type RuleProgram } from '../rules/compile.ts'
import { type ActiveRule, activeRule } from '../rules/reading-scope.ts'
import { createRuleMemory, type RuleMemory } from '../rules/state.ts'
import { DueQueue } from './due-queue.ts'
import { createRecent, type Recent } from './recent.ts'

/**
 * All that the processor knows while it works: kinds, rules, devices and their states, open
 * cases. It is rebuilt from the state store at start and belongs to one thread.
 */
export interface World {
  readonly city: City
  /** Which devices these are, of all. */
  readonly partition: Partition
  readonly kinds: ReadonlyMap<string, KindEntry>
  readonly rules: Map<string, StoredRule>
  readonly programs: Map<string, RuleProgram>
  readonly devices: Map<string, DeviceEntry>
  /** The devices by their telemetry topics: most records are found by one look. */
  readonly byTopic: Map<string, DeviceEntry>
  /** Open cases by `openCaseKey`. */
  readonly openCases: Map<string, Case>
  /** Commands that wait for an answer. */
  readonly commands: Map<string, DeviceCommand>
  readonly due: DueQueue
  /** Silence is not counted before this moment: we were not listening. */
  silenceFloor: Instant
  /** Time has come this far: the receipt of the last record, or the last tick. */
  now: Instant
  /** Last case number given: local day and its running number. */
  lastNumber: { day: string; seq: number }
  /** Grows with every change of rules; devices compare to refresh their list. */
  rulesRevision: number
}

export interface KindEntry {
  readonly kind: DeviceKind
  readonly table: FieldTable
  readonly decode: Decoder
}

/** A device at work: its registration, what it measured last, what the rules remember. */
export interface DeviceEntry {
  device: Device
  /** Null: the kind is gone. */
  readonly kind: KindEntry | null
  readonly state: DeviceState
  /** Rules in force, as of `rulesRevision`. */
  activeRules: readonly ActiveRule[]
  activeRevision: number
  /** The earliest moment in the due queue for this device, or null. */
  scheduled: Instant | null
}

/** What is stored for a device with every commit that touches it. Plain data. */
export interface DeviceState {
  online: boolean
  lastSeenAt: Instant | null
  /** The newest reading. */
  latest: { readonly ts: Instant; readonly values: Values } | null
  /** Last time of receipt that stood in for a missing `ts`; the next one is later. */
  implicitAt: Instant | null
  readonly recent: Recent
  readonly rules: RuleMemory
}

export function createDeviceState(): DeviceState {
  return {
    online: false,
    lastSeenAt: null,
    latest: null,
    implicitAt: null,
    recent: createRecent(),
    rules: createRuleMemory(),
  }
}

export function createWorld(
  city: City,
  kinds: readonly DeviceKind[],
  partition: Partition = ONE_CELL,
): World {
  return {
    city,
    partition,
    kinds: new Map(kinds.map((kind) => [kind.name, kindEntry(kind)])),
    rules: new Map(),
    programs: new Map(),
    devices: new Map(),
    byTopic: new Map(),
    openCases: new Map(),
    commands: new Map(),
    due: new DueQueue(),
    silenceFloor: 0,
    now: 0,
    lastNumber: { day: '', seq: 0 },
    rulesRevision: 0,
  }
}

function kindEntry(kind: DeviceKind): KindEntry {
  return { kind, table: FieldTable.ofKind(kind), decode: createDecoder(kind) }
}

/** The newest reading by name, for people and for JSON. */
export function latestByName({ latest }: DeviceState): { ts: Instant; fields: Fields } | null {
  return latest && { ts: latest.ts, fields: latest.values.fields }
}

/** Puts a device into the world, with its stored state or a new one. */
export function placeDevice(
  world: World,
  device: Device,
  stored: DeviceState | null = null,
): DeviceEntry {
  const state = stored ?? createDeviceState()
  const kind = world.kinds.get(device.kind) ?? null
  const entry = { device, kind, state, activeRules: [], activeRevision: -1, scheduled: null }
  world.devices.set(device.id, entry)
  world.byTopic.set(deviceTopic(device.kind, device.id, 'telemetry'), entry)
  return entry
}

/** Takes a device out of the world. */
export function removeDevice(world: World, { device }: DeviceEntry): void {
  world.devices.delete(device.id)
  world.byTopic.delete(deviceTopic(device.kind, device.id, 'telemetry'))
}

/**
 * Puts a rule in force. Its faults were told when it was written; a rule that no longer fits its
 * kind (a field was removed) throws, because running without it unnoticed would be worse.
 */
export function placeRule(world: World, rule: StoredRule): void {
  const kind = world.kinds.get(rule.kind)
  if (kind === undefined) throw new Error(`rule ${rule.id} is for the unknown kind ${rule.kind}`)
  const program = compileRule(rule, kind.kind)
  if (!program.ok) {
    const faults = program.error.map((fault) => `${fault.path}: ${fault.message}`).join('; ')
    throw new Error(`rule ${rule.id} does not fit its kind: ${faults}`)
  }
  world.rules.set(rule.id, rule)
  world.programs.set(rule.id, program.value)
  world.rulesRevision++
}

/** Takes a rule out of force. Its alerts are ended by the caller. */
export function removeRule(world: World, ruleId: string): void {
  world.rules.delete(ruleId)
  world.programs.delete(ruleId)
  world.rulesRevision++
}

/** The rules in force for a device: by kind, switched and tuned by city and by device. */
export function activeRules(world: World, entry: DeviceEntry): readonly ActiveRule[] {
  if (entry.activeRevision === world.rulesRevision) return entry.activeRules
  const active: ActiveRule[] = []
  for (const program of world.programs.values()) {
    const { rule } = program
    if (rule.kind !== entry.device.kind || !entry.device.enabled) continue
    const own = entry.device.ruleOverrides[rule.id]
    const city = world.city.ruleOverrides[rule.id]
    if (!(own?.enabled ?? city?.enabled ?? rule.enabled)) continue
    active.push(activeRule(program, city?.parameters, own?.parameters))
  }
  entry.activeRules = active
  entry.activeRevision = world.rulesRevision
  return active
}

/** One open case per device and rule. */
export function openCaseKey(ruleId: string, deviceId: string): string {
  return `${ruleId}\n${deviceId}`
}

/**
 * The next case number: `{division}{yyyyMMdd}{seq5}` in local days (domain.md 1.2 [D]). Cells take
 * turns with the numbers of a day, so that no two give the same.
 */
export function nextCaseNumber(world: World, at: Instant): string {
  const day = localDayCompact(at, world.city.utcOffsetMinutes)
  const last = world.lastNumber.day >= day ? world.lastNumber.seq : 0
  const seq = nextNumber(last, world.partition)
  world.lastNumber = { day: world.lastNumber.day > day ? world.lastNumber.day : day, seq }
  return `${world.city.division}${world.lastNumber.day}${String(seq).padStart(5, '0')}`
}
