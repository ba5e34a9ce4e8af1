import {
  type Duration,
  type Fields,
  type Incident,
  MINUTE,
  type Random,
  type SimulatedDevice,
  type Simulator,
  type Site,
  type World,
} from '#device-kit'

/**
 * The exhaust of a kitchen: the stoves give raw fume, the purifier lets a share of it through.
 *
 *   fume = raw × passed,   raw 3.2 to 4.8 mg/m³ while cooking,   passed 0.1 to 0.25
 *
 * Kitchens cook at lunch and dinner. An incident falls on a kitchen that is serving, so it brings
 * its guests along at whatever hour.
 *
 * Incident `purifier-off`: all of the raw fume leaves. `strength` scales the cooking.
 * Incident `dirty-filter`: the purifier runs, but seven tenths of the fume pass.
 */
export const simulator: Simulator = {
  incidents: ['purifier-off', 'dirty-filter'],
  create: (_site: Site, random: Random) => new Exhaust(random),
}

/** How fast the air in the duct follows the stoves. */
const FLUSHING: Duration = MINUTE
/** How long orders of one sort keep coming. */
const ORDERS: Duration = 15 * MINUTE
/** A wok bursts into steam once in so long. */
const BURSTS: Duration = 40 * MINUTE
/** What a clogged purifier lets through. */
const CLOGGED = 0.72

class Exhaust implements SimulatedDevice {
  /** Kind of orders, in deviations from the usual. */
  #orders = 0
  #rawMgM3 = 0
  #fumeMgM3 = 0
  #fanOn = false
  #purifierOn = false
  #reported = ''
  /** Share of the fume that the clean purifier lets through. */
  readonly #passed: number
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#passed = random.between(0.1, 0.25)
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    const strength = incident?.strength ?? 1
    const off = incident?.name === 'purifier-off'
    const dirty = incident?.name === 'dirty-filter'
    this.#fanOn = cooksAt(world.hour) || off || dirty
    this.#purifierOn = this.#fanOn && !off

    const kept = Math.exp(-dt / ORDERS)
    this.#orders = this.#orders * kept + this.#random.normal() * Math.sqrt(1 - kept * kept)
    const cooking = 4 + 0.8 * Math.tanh(this.#orders)
    const burst = this.#random.chance(1 - Math.exp(-dt / BURSTS)) ? 2 : 1
    const raw = this.#fanOn ? cooking * burst * (off ? strength : 1) : 0

    const clogging = dirty ? Math.min(1, strength) : 0
    const passed = this.#purifierOn ? this.#passed + (CLOGGED - this.#passed) * clogging : 1
    const flushed = 1 - Math.exp(-dt / FLUSHING)
    this.#rawMgM3 += (raw - this.#rawMgM3) * flushed
    this.#fumeMgM3 += (raw * passed - this.#fumeMgM3) * flushed
  }

  read(): Fields {
    this.#reported = this.#switches()
    return {
      oilFumeMgM3: this.#measured(this.#fumeMgM3),
      // Measured behind 41 kitchens: 3.4 times the fume (README.md).
      particulateMgM3: this.#measured(this.#fumeMgM3 * 3.4),
      // Electrostatic filters hold droplets, hardly any vapour.
      nmhcMgM3: this.#measured(this.#rawMgM3 * 2),
      fanOn: this.#fanOn,
      purifierOn: this.#purifierOn,
      rssiDbm: Math.round(-75 + this.#random.normal() * 3),
    }
  }

  /** A switch that was turned is reported at once. */
  urgent(): boolean {
    return this.#reported !== this.#switches()
  }

  #switches(): string {
    return `${this.#fanOn} ${this.#purifierOn}`
  }

  /** With the sensor's zero drift and noise. */
  #measured(mgM3: number): number {
    const value = mgM3 * (1 + this.#random.normal() * 0.03) + this.#random.between(0, 0.03)
    return Math.round(Math.max(0, value) * 100) / 100
  }
}

/** Lunch and dinner, by the local hour. */
function cooksAt(hour: number): boolean {
  return (hour >= 11 && hour < 13.5) || (hour >= 17 && hour < 20.5)
}
