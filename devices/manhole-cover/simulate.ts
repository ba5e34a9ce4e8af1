import {
  type Duration,
  HOUR,
  type Incident,
  type Random,
  SECOND,
  type SimulatedDevice,
  type Simulator,
  type Site,
  type World,
} from '#device-kit'

/**
 * A lid with a chamber beneath it. The lid lies still unless something moves it; the water follows
 * the rain; a sewer breathes a trace of methane.
 *
 * Incidents:
 *   lifted       the lid lies open and tilted until the incident ends
 *   rolled-over  a heavy truck rocks the closed lid for some seconds, once
 *   flooded      the outlet is blocked: the chamber fills by 4 m an hour
 *   gas          methane gathers by 3 %LEL a minute
 */
export const simulator: Simulator = {
  incidents: ['lifted', 'rolled-over', 'flooded', 'gas'],
  create: (_site: Site, random: Random) => new Cover(random),
}

/** How long wheels keep a lid rocking: shorter than the 30 s that the tilt rule asks for. */
const ROCKING: Duration = 10 * SECOND

/** Limits that wake the device, `[alarm, recovery]`, weakest first: those of the default rules. */
const LIMITS = {
  tiltDeg: [
    [10, 8],
    [90, 80],
  ],
  waterLevelCm: [
    [150, 130],
    [200, 180],
  ],
  methanePctLel: [
    [25, 20],
    [50, 40],
  ],
} as const
type Quantity = keyof typeof LIMITS
const QUANTITIES = Object.keys(LIMITS) as Quantity[]

class Cover implements SimulatedDevice {
  #open = false
  #tiltDeg = 0
  #waterCm: number
  #methanePctLel: number
  #batteryPct: number
  /** Time that the lid still rocks. */
  #rocking: Duration = 0
  /** Name of the incident in the step before. */
  #incident: string | null = null
  #measured: Record<Quantity, number>
  /** Highest limit that each quantity exceeds, counted from 1; 0: none. */
  #rungs: Record<Quantity, number> = { tiltDeg: 0, waterLevelCm: 0, methanePctLel: 0 }
  #reported: string
  /** Depth of the water in dry weather. */
  readonly #baseCm: number
  readonly #baseMethane: number
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#baseCm = random.between(5, 40)
    this.#baseMethane = random.between(0, 2)
    this.#waterCm = this.#baseCm
    this.#methanePctLel = this.#baseMethane
    this.#batteryPct = random.between(60, 100)
    this.#measured = this.#measure()
    this.#reported = this.#alarms()
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    this.#moveLid(dt, incident)
    this.#fill(world, dt, incident)
    this.#breathe(dt, incident)
    // Three years of work (GB/T 41401-2022) take a full battery to about nothing.
    this.#batteryPct = Math.max(5, this.#batteryPct - (0.0035 * dt) / HOUR)
    this.#incident = incident?.name ?? null
    this.#measured = this.#measure()
    for (const name of QUANTITIES) {
      this.#rungs[name] = rungOf(this.#measured[name], this.#rungs[name], LIMITS[name])
    }
  }

  read() {
    this.#reported = this.#alarms()
    return {
      ...this.#measured,
      open: this.#open,
      batteryPct: Math.round(this.#batteryPct),
      rssiDbm: Math.round(-92 + this.#random.normal() * 4),
    }
  }

  urgent(): boolean {
    return this.#alarms() !== this.#reported
  }

  #moveLid(dt: Duration, incident: Incident | null): void {
    const begins = incident !== null && incident.name !== this.#incident
    this.#rocking = Math.max(0, this.#rocking - dt)
    const strength = incident?.strength ?? 0
    if (incident?.name === 'lifted') {
      if (begins) this.#tiltDeg = Math.min(175, this.#random.between(25, 75) * strength)
      this.#open = true
      return
    }
    this.#open = false
    // Steps longer than the rocking pass over it unseen, as a sleeping device would.
    if (begins && incident.name === 'rolled-over' && dt <= ROCKING) {
      this.#rocking = ROCKING
      this.#tiltDeg = Math.min(80, this.#random.between(12, 22) * strength)
    }
    if (this.#rocking === 0) this.#tiltDeg = 0
  }

  /** First order: the level follows the rain with a time constant of half an hour. */
  #fill(world: World, dt: Duration, incident: Incident | null): void {
    const hours = dt / HOUR
    if (incident?.name === 'flooded') {
      this.#waterCm = Math.min(280, this.#waterCm + 400 * incident.strength * hours)
      return
    }
    const target = this.#baseCm + Math.min(60, world.weather.rainfallMmH * 0.5)
    this.#waterCm += (target - this.#waterCm) * (1 - Math.exp(-hours / 0.5))
  }

  /** Gas leaves through the vent holes with a time constant of twenty minutes. */
  #breathe(dt: Duration, incident: Incident | null): void {
    const hours = dt / HOUR
    if (incident?.name === 'gas') {
      this.#methanePctLel = Math.min(80, this.#methanePctLel + 180 * incident.strength * hours)
      return
    }
    this.#methanePctLel += (this.#baseMethane - this.#methanePctLel) * (1 - Math.exp(-hours * 3))
  }

  #measure(): Record<Quantity, number> {
    const noise = (deviation: number) => this.#random.normal() * deviation
    return {
      tiltDeg: round(Math.abs(this.#tiltDeg + noise(0.3))),
      waterLevelCm: round(Math.max(0, this.#waterCm + noise(0.5))),
      methanePctLel: round(Math.max(0, this.#methanePctLel + noise(0.3))),
    }
  }

  #alarms(): string {
    return [this.#open, ...QUANTITIES.map((name) => this.#rungs[name])].join()
  }
}

/** The rung that a value stands on: up past an alarm limit, down only past its recovery limit. */
function rungOf(
  value: number,
  before: number,
  ladder: readonly (readonly [alarm: number, recovery: number])[],
): number {
  return ladder.findLastIndex(([alarm, recovery], i) => value > (i < before ? recovery : alarm)) + 1
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
