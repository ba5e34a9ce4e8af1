import type { ClassCode, CodeEdition, HandlingLimit } from './case-terms.ts'
import type { Fields } from './reading.ts'
import type { RuleInput } from './rule.ts'
import type { Text } from './text.ts'
import type { Duration } from './time.ts'
import type { Unit } from './units.ts'

/**
 * What a device kind is: everything that the rest of curbwatch needs to decode, store, judge,
 * simulate and show its readings. A kind is one folder in `devices/` and nothing else.
 */
export interface DeviceKind {
  /** The folder's name and the `{kind}` of the topics. */
  readonly name: string
  readonly title: Text
  /** Fields of a reading, in canonical units, in the order they are shown. */
  readonly fields: Readonly<Record<string, FieldSpec>>
  /** The field that a list or a map shows first. */
  readonly primaryField: string
  /** How often a healthy device reports at the least. */
  readonly reportInterval: Duration
  /** What a case of this kind is, by name; rules name one of them. */
  readonly caseClasses: Readonly<Record<string, CaseClass>>
  readonly rules: readonly RuleInput[]
  /**
   * Contradictions inside one reading that a range cannot see, such as a factor of ten between
   * two quantities that are bound to each other.
   */
  readonly implausible?: (fields: Fields) => Implausibility | null
}

export type FieldSpec = NumberField | SwitchField

export interface NumberField {
  readonly type: 'number'
  readonly label: Text
  readonly unit: Unit
  readonly min: number
  readonly max: number
  /** Digits after the point worth showing. */
  readonly digits: number
}

export interface SwitchField {
  readonly type: 'switch'
  readonly label: Text
  readonly on: Text
  readonly off: Text
}

export interface Implausibility {
  readonly field: string
  readonly found: string
}

/** The class of a case: its codes in both editions and the time to handle it. */
export interface CaseClass {
  readonly title: Text
  readonly codes: Readonly<Record<CodeEdition, ClassCode>>
  /** Where the class depends on what the thing is (a cover's owner): attribute and codes. */
  readonly variants?: {
    readonly attribute: string
    readonly codes: Readonly<Record<string, Readonly<Record<CodeEdition, ClassCode>>>>
  }
  readonly limit: HandlingLimit
}

/** Fields that every kind has (contract: Readings). */
export const COMMON_FIELDS: Readonly<Record<'batteryPct' | 'rssiDbm', NumberField>> = {
  batteryPct: {
    type: 'number',
    label: { 'zh-CN': '电池电量', en: 'Battery' },
    unit: 'pct',
    min: 0,
    max: 100,
    digits: 0,
  },
  rssiDbm: {
    type: 'number',
    label: { 'zh-CN': '信号强度', en: 'Signal' },
    unit: 'dbm',
    min: -150,
    max: 0,
    digits: 0,
  },
}

/** All fields of a kind, the common ones last. */
export function allFields(kind: DeviceKind): Readonly<Record<string, FieldSpec>> {
  return { ...kind.fields, ...COMMON_FIELDS }
}
