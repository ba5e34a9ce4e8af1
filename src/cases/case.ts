import type { CaseStatus, Severity } from '../model/case-terms.ts'
import type { AlertLevel } from '../model/rule.ts'
import type { Text } from '../model/text.ts'
import type { Instant } from '../model/time.ts'

/** An urban-management case (城市管理案件). Contract: A case. */
export interface Case {
  readonly id: string
  /** Shown to people: `{division}{yyyyMMdd}{seq5}`. An unsourced default (domain.md 1.2). */
  readonly number: string
  readonly status: CaseStatus
  readonly severity: Severity
  readonly kind: string
  readonly deviceId: string
  readonly ruleId: string
  readonly code: { readonly standard: string; readonly class: string; readonly name: string }
  readonly title: Text
  readonly gridCode: string | null
  readonly districtId: string | null
  readonly unitId: string | null
  readonly lat: number | null
  readonly lon: number | null
  readonly openedAt: Instant
  readonly dueAt: Instant
  /**
   * When a person first looked at it or did something with it; null until then, and again after
   * it became more severe.
   */
  readonly seenAt: Instant | null
  readonly suspendedAt: Instant | null
  readonly reworkCount: number
  readonly signal: Signal
  readonly closedAt: Instant | null
}

/**
 * What the sensor says of the case. A sensor that recovers is evidence for the verification, it
 * does not close the case (domain.md 1.5).
 */
export interface Signal {
  readonly state: 'firing' | 'clear'
  readonly value: number | null
  readonly level: AlertLevel
  /** Since when it is so. */
  readonly since: Instant
}

/** What people may do (contract: actions). */
export const CASE_ACTIONS = [
  'dispatch',
  'accept',
  'handle',
  'verify',
  'reject',
  'suspend',
  'resume',
  'cancel',
  'comment',
  'acknowledge',
] as const
export type CaseAction = (typeof CASE_ACTIONS)[number]

/** What happens to a case: people's actions, and what the sensor causes. */
export type CaseEventType = 'open' | 'severity' | 'signal' | CaseAction

/** One line of a case's history; the case is what its events make of it. */
export interface CaseEvent {
  readonly type: CaseEventType
  readonly at: Instant
  /** `sensor:<device>` or the name of the operator. */
  readonly actor: string
  readonly from: CaseStatus | null
  readonly to: CaseStatus
  readonly note: string | null
  /** What else changed: `{unitId}`, `{severity}`, `{signal}`, `{dueAt}`. */
  readonly data: Readonly<Record<string, unknown>>
}

/** True for what people do; the rest is the sensor's doing. */
export function isAction(type: CaseEventType): type is CaseAction {
  return (CASE_ACTIONS as readonly CaseEventType[]).includes(type)
}

/** True where nothing more is expected of anyone. */
export function isEnded(status: CaseStatus): boolean {
  return status === 'closed' || status === 'cancelled'
}

/** Past its due time: open and late, or closed late. A suspended case's time stands still. */
export function isOverdue(
  it: Pick<Case, 'status' | 'dueAt' | 'closedAt' | 'suspendedAt'>,
  now: Instant,
): boolean {
  if (it.status === 'cancelled') return false
  return (it.closedAt ?? it.suspendedAt ?? now) > it.dueAt
}
