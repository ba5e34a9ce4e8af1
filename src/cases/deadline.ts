import type { LimitUnit } from '../model/case-terms.ts'
import { DAY, type Duration, HOUR } from '../model/time.ts'

/**
 * How long one unit of a handling limit lasts. 紧急工作时 runs day and night in the tables
 * themselves (domain.md 1.4); 工作时 and 工作日 are counted in plain hours and days until the
 * working calendar of the city is applied.
 */
export const HANDLING_TIME: Readonly<Record<LimitUnit, Duration>> = {
  urgent_hour: HOUR,
  work_hour: HOUR,
  work_day: DAY,
}
