import { type Case, type CaseEvent, isEnded, isOverdue } from '../cases/case.ts'
import { CASE_STATUSES, compareSeverity, SEVERITIES, type Severity } from '../model/case-terms.ts'
import { type Duration, type Instant, MINUTE, SECOND } from '../model/time.ts'
import type { OpsPoint } from '../store/ops-port.ts'

/**
 * A case as a series of numbers. An alert on it ends by value: for a while after its end, and
 * after its severity changed, what was 1 is written as 0, so that silence never looks like an end.
 */

/** How long an ended case is still written (grafana.md: longer than any rule looks back). */
export const ENDED_SHOWN: Duration = 15 * MINUTE

/** No district, no unit: a tag is never empty. */
export const NONE = 'none'

/** What a case's history adds to the case. */
export interface CasePast {
  /** Severities that it had, without the one that it has. */
  readonly former: readonly Severity[]
  /** Since when it waits to be seen, if nobody has seen it: opened, or made more severe. */
  readonly pendingSince: Instant
}

/** Reads a case's history once; it is asked for again when severity or seen have changed. */
export function casePast(it: Case, history: readonly CaseEvent[]): CasePast {
  const former = new Set<Severity>()
  let pendingSince = it.openedAt
  let before: Severity | null = null
  for (const { type, at, data } of history) {
    const severity = SEVERITIES.find((one) => one === data['severity'])
    if ((type !== 'open' && type !== 'severity') || severity === undefined) continue
    if (before !== null && compareSeverity(severity, before) > 0) pendingSince = at
    former.add(severity)
    before = severity
  }
  former.delete(it.severity)
  return { former: [...former], pendingSince }
}

/** The points of a case that is open, or has ended not long ago. */
export function casePoints(it: Case, past: CasePast, now: Instant): OpsPoint[] {
  const point = (severity: Severity, fields: OpsPoint['fields']): OpsPoint => ({
    measurement: 'case_open',
    tags: {
      case_id: it.id,
      number: it.number,
      device: it.deviceId,
      district: it.districtId ?? NONE,
      kind: it.kind,
      severity,
    },
    fields,
    at: now,
  })
  return [
    point(it.severity, caseFields(it, past, now)),
    // Nothing but what alerts look at: the rest of the case is in the series of today.
    ...past.former.map((severity) => point(severity, { open: 0, unseen_s: 0, overdue: 0 })),
  ]
}

function caseFields(it: Case, past: CasePast, now: Instant): Record<string, number> {
  const ended = isEnded(it.status)
  // A suspended case's time stands still.
  const counted = it.closedAt ?? it.suspendedAt ?? now
  return {
    open: ended ? 0 : 1,
    seen: it.seenAt === null ? 0 : 1,
    age_s: seconds(it.openedAt, it.closedAt ?? now),
    unseen_s: ended || it.seenAt !== null ? 0 : seconds(past.pendingSince, now),
    due_in_s: (it.dueAt - counted) / SECOND,
    // Nobody is late with what is over; whether it was late is told by its event.
    overdue: !ended && isOverdue(it, now) ? 1 : 0,
    status: CASE_STATUSES.indexOf(it.status) + 1,
    rework: it.reworkCount,
    ...(it.lat === null || it.lon === null ? {} : { lat: it.lat, lon: it.lon }),
  }
}

/** Seconds of a span, never negative: the state may be a moment newer than the sample's `now`. */
export function seconds(from: Instant, to: Instant): number {
  return Math.max(0, to - from) / SECOND
}
