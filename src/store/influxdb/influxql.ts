import type { Instant } from '../../model/time.ts'
import { tagValue } from './lines.ts'

/** The words of InfluxQL that are put together from values. Nothing given can end its quotes. */

/** A measurement, field or tag. */
export function identifier(name: string): string {
  return `"${escaped(name).replaceAll('"', '\\"')}"`
}

/** A tag's value, as line protocol wrote it. */
export function tagString(value: string): string {
  return `'${escaped(tagValue(value)).replaceAll("'", "\\'")}'`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** The times that InfluxDB knows, in milliseconds: 1677 to 2262. */
const LAST: Instant = 9_223_372_036_854
/** A moment; what is beyond InfluxDB's time is its end, where no reading is. */
export function time(at: Instant): string {
  return `${Math.round(Math.min(Math.max(at, -LAST), LAST))}ms`
}
