/**
 * Time as numbers: an instant is epoch milliseconds (UTC), a duration is milliseconds.
 * Nothing here reads a clock.
 */

/** Epoch milliseconds, UTC. */
export type Instant = number
/** Milliseconds. */
export type Duration = number

export const SECOND: Duration = 1_000
export const MINUTE: Duration = 60 * SECOND
export const HOUR: Duration = 60 * MINUTE
export const DAY: Duration = 24 * HOUR

const UNITS: Record<string, Duration> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/**
 * Reads `"30s"`, `"10m"`, `"1.5h"`, `"24h"`, `"7d"`; returns milliseconds,
 * or null where the text is no duration.
 */
export function parseDuration(text: string): Duration | null {
  const match = DURATION.exec(text)
  const unit = UNITS[match?.[2] ?? '']
  if (match?.[1] === undefined || unit === undefined) return null
  return Math.round(Number(match[1]) * unit)
}

/** The day asked for last: every message asks for its day, and they come day after day. */
let lastDay = { number: Number.NaN, text: '' }

/** The UTC day of an instant, `YYYY-MM-DD`: the ledger's page. */
export function utcDay(at: Instant): string {
  const number = Math.floor(at / DAY)
  if (number !== lastDay.number) {
    lastDay = { number, text: new Date(at).toISOString().slice(0, 10) }
  }
  return lastDay.text
}

/** The calendar day in a zone with a fixed offset (China: +480 minutes, no summer time), `YYYYMMDD`. */
export function localDayCompact(at: Instant, utcOffsetMinutes: number): string {
  return new Date(at + utcOffsetMinutes * MINUTE).toISOString().slice(0, 10).replaceAll('-', '')
}

/** Hour of the day, 0 to <24 with fraction, in a zone with a fixed offset. */
export function localHour(at: Instant, utcOffsetMinutes: number): number {
  return ((((at + utcOffsetMinutes * MINUTE) % DAY) + DAY) % DAY) / HOUR
}

/** ISO 8601 UTC with milliseconds, as the API writes every time. */
export function isoUtc(at: Instant): string {
  return new Date(at).toISOString()
}

// An offset is mandatory: a device that sends a local time without one would be hours off unnoticed.
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})$/

/** Parses ISO 8601 with an offset; null where it is something else or no real date. */
export function parseIso(text: string): Instant | null {
  const [, year, month, day] = ISO.exec(text) ?? []
  if (year === undefined) return null
  // Date.parse makes 2 March of 30 February.
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (Number(day) > days) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}
