/**
 * The words of case work (contract: A case). The five slips of 五单联动 map to the statuses
 * (domain.md 0 and 1.5).
 */
export const CASE_STATUSES = [
  'open',
  'dispatched',
  'accepted',
  'handled',
  'closed',
  'cancelled',
] as const
export type CaseStatus = (typeof CASE_STATUSES)[number]

/** Case severities, weakest first. */
export const SEVERITIES = ['minor', 'major', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Order of two severities: negative where `a` is weaker. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b)
}

/** The two editions of the national class tables (domain.md 1.1): a city chooses one. */
export const CODE_EDITIONS = ['2013', '2026'] as const
export type CodeEdition = (typeof CODE_EDITIONS)[number]

/** Full names of the standards behind the editions. */
export const CODE_STANDARDS: Record<CodeEdition, string> = {
  '2013': 'GB/T 30428.2-2013',
  '2026': 'GB/T 47678.5-2026',
}

/** A class of managed component (部件) or event (事件/事项) in one edition. */
export interface ClassCode {
  /** 部件 01001 and 事项 01001 collide, so the sort belongs to the key (domain.md 1.1). */
  readonly sort: 'component' | 'event'
  readonly class: string
  readonly name: string
  /** Where the code was read, and how sure that is. */
  readonly source: string
}

/** Types of time limit (domain.md 1.4). Until a working calendar is set all of them run through. */
export const LIMIT_UNITS = ['urgent_hour', 'work_hour', 'work_day'] as const
export type LimitUnit = (typeof LIMIT_UNITS)[number]

export interface HandlingLimit {
  readonly amount: number
  readonly unit: LimitUnit
  readonly source: string
}
