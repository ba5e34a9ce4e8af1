import type { Weather, World } from '../src/model/simulation.ts'
import { type Duration, HOUR, type Instant, MINUTE, SECOND } from '../src/model/time.ts'

/**
 * Scripted weather: a few points over the scenario's time, joined smoothly, with gusts and the
 * flicker of rain on top. A function of time alone: no state, no randomness, defined before the
 * start too (a device's kept readings lie there).
 */

/** Points `[minute of the scenario, value]`, in order of time; constant before and after them. */
export type Curve = readonly (readonly [minute: number, value: number])[]

export interface WeatherScript {
  /** mm/h */
  readonly rainfallMmH: Curve
  /** Mean wind, m/s. */
  readonly windSpeedMs: Curve
  /** A gust's speed above the mean, as a share of the mean: 0.3 calm, 0.8 in a squall. */
  readonly gustiness: number
  /** Degrees the wind comes from, 0 = north. */
  readonly windDirDeg: Curve
  readonly temperatureC: Curve
  readonly humidityPct: Curve
  /** µg/m³ */
  readonly pm10Background: Curve
}

/** A storm as a curve of rain: up to `peakMmH`, on that level, and down again; all in minutes. */
export function storm(profile: {
  readonly start: number
  readonly rise: number
  readonly peakMmH: number
  readonly hold: number
  readonly decay: number
}): Curve {
  const { start, rise, peakMmH, hold, decay } = profile
  return [
    [start, 0],
    [start + rise, peakMmH],
    [start + rise + hold, peakMmH * 0.8],
    [start + rise + hold + decay, 0],
  ]
}

/** The weather at a moment of the scenario. */
export function weatherAt(script: WeatherScript, at: Duration): Weather {
  const minute = at / MINUTE
  const rain = valueAt(script.rainfallMmH, minute)
  const mean = valueAt(script.windSpeedMs, minute)
  const gust = script.gustiness * Math.max(-0.5, waves(at, 7, 23, 61))
  return {
    rainfallMmH: rain * (1 + 0.12 * waves(at, 41, 97, 171)),
    windSpeedMs: Math.max(0, mean * (1 + gust)),
    windDirDeg: (valueAt(script.windDirDeg, minute) + 15 * waves(at, 53, 149, 307) + 360) % 360,
    temperatureC: valueAt(script.temperatureC, minute),
    humidityPct: Math.min(100, Math.max(0, valueAt(script.humidityPct, minute))),
    pm10Background: valueAt(script.pm10Background, minute) * (1 + 0.05 * waves(at, 211, 503, 907)),
  }
}

/** A curve's value: a smoothstep from point to point, so that there are no corners. */
export function valueAt(curve: Curve, minute: number): number {
  const next = curve.findIndex((point) => point[0] > minute)
  const after = curve[next]
  const before = curve[next - 1]
  if (after === undefined) return curve.at(-1)?.[1] ?? 0
  if (before === undefined) return after[1]
  const x = (minute - before[0]) / (after[0] - before[0])
  return before[1] + (after[1] - before[1]) * x * x * (3 - 2 * x)
}

/** Three waves with periods in seconds that have no common beat; within -1 to 1. */
function waves(at: Duration, ...periods: readonly [number, number, number]): number {
  const turns = (2 * Math.PI * at) / SECOND
  const [a, b, c] = periods
  return (Math.sin(turns / a) + Math.sin(turns / b + 1) + Math.sin(turns / c + 2)) / 3
}

/**
 * The world by moments of the scenario. Devices step on whole seconds, so neighbours in time share
 * one object; only the last few are kept.
 */
export function createWorlds(
  script: WeatherScript,
  startHour: number,
  startedAt: Instant,
): (at: Duration) => World {
  const recent = new Map<Duration, World>()
  return (at) => {
    const known = recent.get(at)
    if (known !== undefined) return known
    const hour = (((startHour + at / HOUR) % 24) + 24) % 24
    const world = { now: startedAt + at, hour, weather: weatherAt(script, at) }
    if (recent.size >= 64) recent.clear()
    recent.set(at, world)
    return world
  }
}
