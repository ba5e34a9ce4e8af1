import type { Fields } from './reading.ts'
import type { Duration, Instant } from './time.ts'

/**
 * What a kind's `simulate.ts` is made of. A simulated device is a small physical model: the world
 * acts on it (`step`), and it is asked for a reading. Everything random comes from `random`, so a
 * seed gives the same city again.
 */

/** A seeded source of randomness. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [low, high). */
  between(low: number, high: number): number
  /** Normal with mean 0 and deviation 1. */
  normal(): number
  /** True with the probability given. */
  chance(probability: number): boolean
  /** One of the items. */
  pick<T>(items: readonly T[]): T
}

/** The weather and the hour: shared by all devices of a simulated city. */
export interface Weather {
  /** mm/h */
  readonly rainfallMmH: number
  /** m/s */
  readonly windSpeedMs: number
  /** Degrees the wind comes from, 0 = north. */
  readonly windDirDeg: number
  readonly temperatureC: number
  readonly humidityPct: number
  /** Background PM10 of the city, µg/m³. */
  readonly pm10Background: number
}

/** One moment of the simulated world. */
export interface World {
  readonly now: Instant
  /** Local hour of the day, 0 to <24. */
  readonly hour: number
  readonly weather: Weather
}

/**
 * What happens to a device in a scenario, by the kind's own names: `{ name: 'lifted' }`.
 * `strength` scales it, 1 being the ordinary case.
 */
export interface Incident {
  readonly name: string
  readonly strength: number
}

/** Where a device stands, and the road it may drive on. */
export interface Site {
  readonly lat: number
  readonly lon: number
  /** Points of the streets near it, WGS-84 `[lon, lat]`, for what moves. */
  readonly route: readonly (readonly [number, number])[]
}

export interface SimulatedDevice {
  /** Lets `dt` milliseconds pass. An incident acts as long as it is given. */
  step(world: World, dt: Duration, incident: Incident | null): void
  /** What the device would measure now, with its noise. */
  read(world: World): Fields
  /** True where the device reports at once instead of waiting for its interval (an alarm). */
  urgent(): boolean
}

export interface Simulator {
  /** Names of the incidents that `step` understands. */
  readonly incidents: readonly string[]
  create(site: Site, random: Random): SimulatedDevice
}
