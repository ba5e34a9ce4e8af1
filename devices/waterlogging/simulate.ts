import {
  type Duration,
  HOUR,
  type Incident,
  type Random,
  type SimulatedDevice,
  type Simulator,
  type Site,
  type World,
} from '#device-kit'

/**
 * A low point in the road as a bucket: rain from its catchment runs in, gullies drain it.
 *
 *   d depth / dt = rainfall × gather − drain(depth)
 *
 * Incident `blocked-gully`: the gullies pass a tenth of their water.
 */
export const simulator: Simulator = {
  incidents: ['blocked-gully'],
  create: (_site: Site, random: Random) => new LowPoint(random),
}

class LowPoint implements SimulatedDevice {
  #depthCm = 0
  #reported = 0
  #rainfallMmH = 0
  #batteryPct: number
  /** How many centimetres of water an hour of 1 mm/h of rain brings to the low point. */
  readonly #gather: number
  /** Centimetres an hour that free gullies take. */
  readonly #drainCmH: number
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#gather = random.between(0.9, 1.6)
    this.#drainCmH = random.between(70, 110)
    this.#batteryPct = random.between(60, 100)
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    const hours = dt / HOUR
    const blocked =
      incident?.name === 'blocked-gully' ? Math.max(0.1, 1 - 0.9 * incident.strength) : 1
    this.#rainfallMmH = world.weather.rainfallMmH
    const inflow = this.#rainfallMmH * this.#gather
    // The last centimetres drain slowly: a gully's flow goes with the root of the head.
    const drain = this.#drainCmH * blocked * Math.min(1, Math.sqrt(this.#depthCm / 5))
    this.#depthCm = Math.min(120, Math.max(0, this.#depthCm + (inflow - drain) * hours))
    this.#batteryPct = Math.max(5, this.#batteryPct - 0.002 * hours)
  }

  read(): { depthCm: number; rainfallMmH: number; batteryPct: number; rssiDbm: number } {
    const noise = this.#depthCm > 0.3 ? this.#random.normal() * 0.15 : 0
    const depthCm = round(Math.max(0, this.#depthCm + noise))
    this.#reported = depthCm
    return {
      depthCm,
      rainfallMmH: round(Math.max(0, this.#rainfallMmH)),
      batteryPct: Math.round(this.#batteryPct),
      rssiDbm: Math.round(-78 + this.#random.normal() * 3),
    }
  }

  urgent(): boolean {
    return Math.abs(this.#depthCm - this.#reported) >= 5
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
