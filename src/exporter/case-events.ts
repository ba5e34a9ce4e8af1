import { isOverdue } from '../cases/case.ts'
import { hash53 } from '../model/hash.ts'
import type { OpsPoint } from '../store/ops-port.ts'
import type { CaseMoment } from '../store/state-reader-port.ts'
import { NONE, seconds } from './case-points.ts'

/**
 * A case's opening and its end as points that are kept for good. A point is the same whenever it
 * is made, so that one that is written again is no second one: an opening says what was true at
 * the opening, and of an ended case nothing changes any more.
 */
export function caseEventPoint({ at, ended, case: it, opening }: CaseMoment): OpsPoint {
  const asOpened = opening?.data ?? {}
  return {
    measurement: 'case_event',
    tags: {
      event: ended ? it.status : 'opened',
      district: it.districtId ?? NONE,
      kind: it.kind,
      severity: ended ? it.severity : String(asOpened['severity'] ?? it.severity),
      // Cases of before did not note their first unit, and it may have changed since.
      unit: (ended ? it.unitId : (asOpened['unitId'] as string | null | undefined)) ?? NONE,
    },
    fields: {
      count: 1,
      ...(ended
        ? {
            duration_s: seconds(it.openedAt, at),
            overdue: isOverdue(it, at) ? 1 : 0,
            rework: it.reworkCount,
          }
        : {}),
    },
    at,
    nanos: hash53(it.id) % 1_000_000,
  }
}
