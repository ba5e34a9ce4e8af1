/**
 * The kit that a device kind is written with (`#device-kit`): the only thing a folder in
 * `devices/` imports besides zod. It builds data, it does nothing.
 */
import type { ClassCode, HandlingLimit, LimitUnit } from './case-terms.ts'
import type { CaseClass, DeviceKind, NumberField, SwitchField } from './device-kind.ts'
import type { RuleInput } from './rule.ts'
import { type Text, text } from './text.ts'
import type { Unit } from './units.ts'

export type { CaseClass, DeviceKind, Implausibility } from './device-kind.ts'
export type { Fields, FieldValue } from './reading.ts'
export type { Condition, RuleInput } from './rule.ts'
export type {
  Incident,
  Random,
  SimulatedDevice,
  Simulator,
  Site,
  Weather,
  World,
} from './simulation.ts'
export { text } from './text.ts'
export { type Duration, HOUR, type Instant, MINUTE, SECOND } from './time.ts'

/** Checks the shape at compile time and adds the rules that every kind has. */
export function defineKind(kind: DeviceKind): DeviceKind {
  return { ...kind, rules: [...kind.rules, ...commonRules(kind)] }
}

/** A measured number: its unit, and the range that its sensor can give. */
export function number(
  label: Text,
  unit: Unit,
  range: readonly [min: number, max: number],
  digits = 1,
): NumberField {
  return { type: 'number', label, unit, min: range[0], max: range[1], digits }
}

/** A state that is on or off. */
export function toggle(label: Text, on: Text, off: Text): SwitchField {
  return { type: 'switch', label, on, off }
}

/** A managed component (部件) of a class table. */
export function component(code: string, name: string, source: string): ClassCode {
  return { sort: 'component', class: code, name, source }
}

/** An event (事件, 事项) of a class table. */
export function event(code: string, name: string, source: string): ClassCode {
  return { sort: 'event', class: code, name, source }
}

/** Time to handle a case, from its class's 处置时限. */
export function limit(amount: number, unit: LimitUnit, source: string): HandlingLimit {
  return { amount, unit, source }
}

/**
 * The class for faults of the device itself: no national class exists, so it carries a local
 * extension code, counted down from 99 (domain.md 1.2).
 */
export const DEVICE_FAULT: CaseClass = {
  title: text('感知设备故障', 'Sensor fault'),
  codes: {
    '2013': component(
      '0199',
      '感知设备故障',
      'local extension, counted down from 99: domain.md 1.2',
    ),
    '2026': component(
      '01099',
      '感知设备故障',
      'local extension; the rule of the 2026 edition is not known',
    ),
  },
  limit: limit(1, 'work_day', 'unsourced default'),
}

/** Silent and battery low: the two rules of every kind. */
function commonRules(kind: DeviceKind): RuleInput[] {
  return [
    {
      id: `${kind.name}-silent`,
      kind: kind.name,
      title: text(`${kind.title['zh-CN']}失联`, `${kind.title.en} silent`),
      value: null,
      missing: { intervals: { parameter: 'intervals' } },
      parameters: { intervals: 3 },
      levels: [{ level: 'minor', severity: 'minor' }],
      caseClass: 'device-fault',
      source: 'three report intervals: unsourced default',
    },
    {
      id: `${kind.name}-battery`,
      kind: kind.name,
      title: text(`${kind.title['zh-CN']}电量低`, `${kind.title.en} battery low`),
      value: { field: 'batteryPct' },
      parameters: { lowPct: 20, clearPct: 30 },
      levels: [
        {
          level: 'warning',
          severity: null,
          raise: { below: { parameter: 'lowPct' } },
          clear: { atLeast: { parameter: 'clearPct' } },
          samples: { atLeast: 3, of: 3 },
          for: '24h',
        },
        {
          level: 'minor',
          severity: 'minor',
          raise: { below: 10 },
          clear: { atLeast: { parameter: 'clearPct' } },
          samples: { atLeast: 3, of: 3 },
          for: '24h',
        },
      ],
      caseClass: 'device-fault',
      source: 'battery 20 %: unsourced default (domain.md 2.2); 10 % for a case: unsourced default',
    },
  ]
}
