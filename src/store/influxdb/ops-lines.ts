import type { OpsPoint } from '../ops-port.ts'
import { escapeTag } from './lines.ts'

/** A point as a line of line protocol: floats only, tags in order, nothing that breaks a line. */
export function opsLine(point: OpsPoint, precision: 'ms' | 'ns'): string {
  const tags = Object.entries(point.tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `,${name}=${escapeTag(value)}`)
  const fields = Object.entries(point.fields)
    // A number that is none would have the whole request refused.
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => `${name}=${value}`)
  return `${point.measurement}${tags.join('')} ${fields.join(',')} ${timeOf(point, precision)}`
}

/** Nanoseconds are beyond what a number holds exactly: they are put together as digits. */
function timeOf({ at, nanos = 0 }: OpsPoint, precision: 'ms' | 'ns'): string {
  return precision === 'ms' ? String(at) : `${at}${String(nanos).padStart(6, '0')}`
}
