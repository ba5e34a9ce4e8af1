import type { Duration, Instant } from '../model/time.ts'

/**
 * The only reader of the clock. A service may run on an accelerated clock, to show hours in a
 * minute or to soak days in an hour: every thread gets the same setting and sees the same time.
 */
export interface ClockSetting {
  /** How many seconds pass in one real second. */
  readonly speed: number
  /** The real moment at which the clock showed `start`. */
  readonly anchor: Instant
  readonly start: Instant
}

export interface Clock {
  now(): Instant
  /** Real milliseconds that a span of this clock takes. */
  real(span: Duration): Duration
  readonly setting: ClockSetting
}

/** The real time, for what begins before there is a clock. */
export function realTime(): Instant {
  return Date.now()
}

/** A setting that shows `start` (default: the real time) now. */
export function startClock(speed: number, start: Instant = Date.now()): ClockSetting {
  return { speed, anchor: Date.now(), start }
}

export function createClock(setting: ClockSetting): Clock {
  const { speed, anchor, start } = setting
  return {
    setting,
    now: () => Math.floor(start + (Date.now() - anchor) * speed),
    real: (span) => span / speed,
  }
}
