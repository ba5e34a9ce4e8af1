import { type Case, isEnded, isOverdue } from '../cases/case.ts'
import { SEVERITIES } from '../model/case-terms.ts'
import type { Instant } from '../model/time.ts'
import type { OpsPoint } from '../store/ops-port.ts'
import type { DeviceCount } from '../store/state-reader-port.ts'
import { NONE, seconds } from './case-points.ts'

/**
 * How many cases and devices there are. Zeros are written too: a count that ends is not a count
 * of nothing.
 */
interface Count {
  open: number
  unseen: number
  overdue: number
  oldest_s: number
}

/**
 * Cases by district, kind and severity: every combination of the city, and those that only a case
 * still knows (a kind or a district that was taken out). `cases`: open ones and lately ended ones.
 */
export function caseCounts(
  cases: readonly Case[],
  city: { readonly districts: readonly string[]; readonly kinds: readonly string[] },
  now: Instant,
): OpsPoint[] {
  const counts = new Map<string, { tags: OpsPoint['tags']; count: Count }>()
  const countsOf = (district: string, kind: string) =>
    SEVERITIES.map((severity) => {
      const key = JSON.stringify([district, kind, severity])
      const known = counts.get(key)
      if (known !== undefined) return known.count
      const count: Count = { open: 0, unseen: 0, overdue: 0, oldest_s: 0 }
      counts.set(key, { tags: { district, kind, severity }, count })
      return count
    })
  for (const district of [...city.districts, NONE]) {
    for (const kind of city.kinds) countsOf(district, kind)
  }
  for (const it of cases) {
    const count = countsOf(it.districtId ?? NONE, it.kind)[SEVERITIES.indexOf(it.severity)]
    if (count !== undefined && !isEnded(it.status)) countIn(count, it, now)
  }
  return [...counts.values()].map(({ tags, count }) => ({
    measurement: 'case_count',
    tags,
    fields: { ...count },
    at: now,
  }))
}

function countIn(count: Count, it: Case, now: Instant): void {
  count.open++
  if (it.seenAt === null) count.unseen++
  if (isOverdue(it, now)) count.overdue++
  count.oldest_s = Math.max(count.oldest_s, seconds(it.openedAt, now))
}

/** Devices by district and kind, as the state counts them. */
export function devicePoints(counts: readonly DeviceCount[], now: Instant): OpsPoint[] {
  return counts.map(({ districtId, kind, total, online, silent }) => ({
    measurement: 'devices',
    tags: { district: districtId ?? NONE, kind },
    fields: { total, online, silent },
    at: now,
  }))
}
