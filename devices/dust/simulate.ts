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
 * The fence of a construction site: the city's background, plus the site's own plume.
 *
 *   site dust = swirl × wetness × spray × (work × dilution + bare earth)
 *
 * Wind dilutes the dust of ordinary work. From bare earth it lifts about as much as it dilutes, so
 * that part does not depend on the wind.
 *
 * Incident `dusty-work`: earthwork uncovered and unsprayed, PM10 well above 200 µg/m³.
 * Incident `night-noise`: concreting or piling, close to 80 dB(A) at the fence at whatever hour.
 */
export const simulator: Simulator = {
  incidents: ['dusty-work', 'night-noise'],
  create: (_site: Site, random: Random) => new Fence(random),
}

/** How fast work starts and stops, and a plume builds up and settles. */
const SETTLING: Duration = 4 * MINUTE
/** How long a swirl of the plume lasts. */
const SWIRLING: Duration = 20 * MINUTE

class Fence implements SimulatedDevice {
  /** Share of full work, 0 to 1. */
  #work = 0
  /** How much bare earth lies open, 1 being the ordinary incident. */
  #bareEarth = 0
  /** Logarithm of the plume's strength, in deviations. */
  #swirl = 0
  #siteDustUgM3 = 0
  /** Sound power of night work, 1 being the ordinary incident. */
  #loudness = 0
  #spraying = false
  readonly #workDustUgM3: number
  readonly #bareEarthDustUgM3: number
  readonly #workDb: number
  readonly #loudDb: number
  /** Part of the hour at which this site starts to spray. */
  readonly #sprayFrom: number
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.#workDustUgM3 = random.between(6, 14)
    this.#bareEarthDustUgM3 = random.between(330, 450)
    this.#workDb = random.between(60, 65)
    this.#loudDb = random.between(78, 81)
    this.#sprayFrom = random.between(0, 0.75)
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    const { windSpeedMs, rainfallMmH } = world.weather
    const dusty = incident?.name === 'dusty-work' ? incident.strength : 0
    this.#loudness = incident?.name === 'night-noise' ? incident.strength : 0

    const kept = Math.exp(-dt / SWIRLING)
    this.#swirl = this.#swirl * kept + this.#random.normal() * Math.sqrt(1 - kept * kept)
    const settled = 1 - Math.exp(-dt / SETTLING)
    this.#work += (workAt(world.hour) - this.#work) * settled
    this.#bareEarth += (dusty - this.#bareEarth) * settled
    this.#spraying = dusty === 0 && this.#work > 0.5 && this.#sprayTurn(world.hour)

    const swirl = Math.exp(0.2 * this.#swirl)
    const wetness = Math.max(0.6, 1 - rainfallMmH / 20)
    const spray = this.#spraying ? 0.5 : 1
    const dilution = Math.min(1.6, 2.5 / (0.8 + windSpeedMs))
    const lifted =
      this.#workDustUgM3 * this.#work * dilution + this.#bareEarthDustUgM3 * this.#bareEarth
    this.#siteDustUgM3 = swirl * wetness * spray * lifted
  }

  read(world: World): Fields {
    const { weather, hour } = world
    const background = weather.pm10Background
    // Construction dust is coarse: little of it is PM2.5, and TSP holds twice its PM10.
    return {
      pm10: this.#measured(background + this.#siteDustUgM3),
      pm25: this.#measured(background * 0.5 + this.#siteDustUgM3 * 0.15),
      tsp: this.#measured(background * 1.4 + this.#siteDustUgM3 * 2),
      noiseDb: round(this.#noiseDb(hour) + this.#random.normal() * 1.5),
      temperatureC: round(weather.temperatureC + this.#random.normal() * 0.2),
      humidityPct: Math.round(clamp(weather.humidityPct + this.#random.normal(), 0, 100)),
      windSpeedMs: round(Math.max(0, weather.windSpeedMs + this.#random.normal() * 0.3)),
      windDirDeg: Math.round(weather.windDirDeg + this.#random.normal() * 8 + 720) % 360,
      spraying: this.#spraying,
      rssiDbm: Math.round(-72 + this.#random.normal() * 3),
    }
  }

  /** A station sends by its interval only. */
  urgent(): boolean {
    return false
  }

  /** A quarter of every hour. */
  #sprayTurn(hour: number): boolean {
    const part = hour % 1
    return part >= this.#sprayFrom && part < this.#sprayFrom + 0.25
  }

  /** Sound adds up as power, not as decibels. */
  #noiseDb(hour: number): number {
    const street = power(hour >= 6 && hour < 22 ? 54 : 45)
    const work = power(this.#workDb) * this.#work
    return 10 * Math.log10(street + work + power(this.#loudDb) * this.#loudness)
  }

  #measured(ugM3: number): number {
    return round(Math.max(0, ugM3 * (1 + this.#random.normal() * 0.03)))
  }
}

/** Share of full work by the local hour: 7:00 to 12:00 and 13:30 to 18:30. */
function workAt(hour: number): number {
  return (hour >= 7 && hour < 12) || (hour >= 13.5 && hour < 18.5) ? 1 : 0
}

function power(db: number): number {
  return 10 ** (db / 10)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
