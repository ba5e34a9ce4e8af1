import type { FieldValue } from '../model/reading.ts'
import type { AlertLevel } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import type { Values } from '../model/values.ts'
import type { Series } from './series.ts'

/**
 * What the rules remember of one device. Plain data: it is stored with the cursor and survives a
 * restart as it is.
 */
export interface RuleMemory {
  /** What the last evaluated reading measured; null before the first. */
  reading: Values | null
  /** Last known value of fields that it lacks, by name, and when that was observed. */
  known: Record<string, readonly [value: FieldValue, at: Instant]>
  /** Windows, by the text of their expression. */
  series: Record<string, Series>
  /** Alert states, by rule. A rule at rest has no entry. */
  alerts: Record<string, AlertState>
  /** When the last evaluated reading was observed, or null before the first. */
  evaluatedAt: Instant | null
  /** Whether that reading was fresh when it came: only then may time alone raise an alert. */
  evaluatedFresh: boolean
  /** When we last received a reading that was fresh, or the first of all: what silence is counted from. */
  freshAt: Instant | null
}

export interface AlertState {
  readonly ruleVersion: number
  levels: LevelState[]
  /** The rule's value at the last evaluation; null where it was unknown. */
  value: number | null
  /**
   * Since when it fires without a case, because people closed the case while the sensor still
   * fired; null otherwise. After a day it is brought up again.
   */
  unattendedSince: Instant | null
}

/** Pending: the condition is true but has not held. Firing: it has. (Prometheus' words.) */
export type LevelPhase = 'inactive' | 'pending' | 'firing'

export interface LevelState {
  phase: LevelPhase
  /** When the phase began. */
  since: Instant
  /** While firing: since when the clear condition holds, or null. */
  clearSince: Instant | null
  /** The last samples as bits, newest lowest: 1 where `raise` was true. */
  samples: number
}

/** A level of an alert changed. The only thing that cases hear of. */
export interface AlertChange {
  readonly ruleId: string
  readonly ruleVersion: number
  readonly deviceId: string
  readonly level: AlertLevel
  readonly becomes: 'pending' | 'firing' | 'cleared' | 'inactive'
  readonly at: Instant
  readonly value: number | null
}

export function createRuleMemory(): RuleMemory {
  return {
    reading: null,
    known: {},
    series: {},
    alerts: {},
    evaluatedAt: null,
    evaluatedFresh: false,
    freshAt: null,
  }
}

/** Whether any rule is not at rest. Mostly none is. */
export function hasAlerts({ alerts }: RuleMemory): boolean {
  for (const _ in alerts) return true
  return false
}

export function restingLevel(): LevelState {
  return { phase: 'inactive', since: 0, clearSince: null, samples: 0 }
}

/** True where no level is pending, firing or counting samples: the state need not be kept. */
export function isResting(alert: AlertState): boolean {
  return alert.levels.every((level) => level.phase === 'inactive' && level.samples === 0)
}
