import {
  type Duration,
  HOUR,
  type Incident,
  MINUTE,
  type Random,
  type SimulatedDevice,
  type Simulator,
  type Site,
  type World,
} from '#device-kit'

/**
 * A trunk that sways with the wind and comes back, and roots that may give way and do not.
 *
 *   tilt = permanent lean + sway,   amplitude of the sway ~ wind speed²
 *
 * Sway is symmetric and mostly along the wind. It is capped where a root plate under natural wind
 * was seen to end: 0.88° (James, Hallam and Spencer 2013).
 *
 * Incident `root-failure`: the lean grows by 6° in half an hour, with the wind, and stays.
 */
export const simulator: Simulator = {
  incidents: ['root-failure'],
  create: (_site: Site, random: Random) => new Tree(random),
}

const FAILURE_DEG_PER_MINUTE = 6 / 30
/** Degrees of sway per (m/s)²: 0.2° at 10 m/s, 0.8° at 20 m/s. */
const SWAY = 0.002
const SWAY_MAX_DEG = 0.88
/** The sensor's accelerometer wakes it when it leans by so much more than it reported. */
const WAKE_DEG = 0.5
const LYING_DEG = 85

class Tree implements SimulatedDevice {
  /** Permanent lean against the baseline, degrees east and north. */
  #leanX: number
  #leanY: number
  #reportedDeg: number
  #batteryPct: number
  /** How much of the town's wind comes through to this tree. */
  readonly #exposure: number
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#leanX = random.between(-0.3, 0.3)
    this.#leanY = random.between(-0.3, 0.3)
    this.#reportedDeg = this.#leanDeg()
    this.#batteryPct = random.between(60, 100)
    this.#exposure = random.between(0.6, 1)
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    this.#batteryPct = Math.max(5, this.#batteryPct - (0.004 * dt) / HOUR)
    if (incident?.name !== 'root-failure') return
    const growth = FAILURE_DEG_PER_MINUTE * incident.strength * (dt / MINUTE)
    const room = Math.max(0, LYING_DEG - this.#leanDeg())
    const [x, y] = downwind(world)
    this.#leanX += Math.min(growth, room) * x
    this.#leanY += Math.min(growth, room) * y
  }

  read(world: World) {
    this.#reportedDeg = this.#leanDeg()
    const wind = Math.min(70, world.weather.windSpeedMs * this.#exposure)
    const amplitude = Math.min(SWAY_MAX_DEG, SWAY * wind ** 2)
    const [x, y] = downwind(world)
    const along = amplitude * this.#phase()
    const across = 0.3 * amplitude * this.#phase()
    return {
      tiltXDeg: this.#measure(this.#leanX + along * x - across * y),
      tiltYDeg: this.#measure(this.#leanY + along * y + across * x),
      windSpeedMs: Math.round(wind * 10) / 10,
      batteryPct: Math.round(this.#batteryPct),
      rssiDbm: Math.round(-97 + this.#random.normal() * 4),
    }
  }

  urgent(): boolean {
    return Math.abs(this.#leanDeg() - this.#reportedDeg) >= WAKE_DEG
  }

  #leanDeg(): number {
    return Math.hypot(this.#leanX, this.#leanY)
  }

  /** Where in its swing the trunk is when the reading is taken: a sine at a random time. */
  #phase(): number {
    return Math.sin(this.#random.between(0, 2 * Math.PI))
  }

  #measure(degrees: number): number {
    return Math.round((degrees + this.#random.normal() * 0.02) * 100) / 100
  }
}

/** The direction that the wind blows to, as a unit vector east and north. */
function downwind({ weather }: World): readonly [east: number, north: number] {
  const from = (weather.windDirDeg * Math.PI) / 180
  return [-Math.sin(from), -Math.cos(from)]
}
