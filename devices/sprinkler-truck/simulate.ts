import {
  type Duration,
  type Incident,
  MINUTE,
  type Random,
  SECOND,
  type SimulatedDevice,
  type Simulator,
  type Site,
  type World,
} from '#device-kit'

/**
 * A truck of 8000 l on its street, there and back:
 *
 *   spraying ──tank nearly empty──▶ returning ──end of the street──▶ filling ──full──▶ spraying
 *
 * It pauses at night, in the rain and in frost. Incidents:
 *   dry-run  drives and reports spraying, but the pump gives no water
 *   leak     stands, and loses 240 l a minute
 */
export const simulator: Simulator = {
  incidents: ['dry-run', 'leak'],
  create: (site: Site, random: Random) => new Truck(site, random),
}

type Position = readonly [lon: number, lat: number]

const TANK_L = 8000
/** Below this the driver closes the valve and goes to fill up. */
const RESERVE_L = 0.08 * TANK_L
const FILL_LPM = TANK_L / 8
const LEAK_LPM = 240
const RETURN_KMH = 28
const MOVING_INTERVAL: Duration = 15 * SECOND
/** A level that moves by this many points is reported at once. */
const LEVEL_STEP_PCT = 2
const METRES_PER_DEGREE = 111_320

class Truck implements SimulatedDevice {
  #task: 'spraying' | 'returning' | 'filling' = 'spraying'
  #tankL: number
  #speedKmh = 0
  #spraying = false
  #flowLpm = 0
  /** Metres driven on the street; each odd length of it leads back. */
  #driven: number
  #sinceReport: Duration = 0
  #reported = { tankL: 0, moving: false, spraying: false }
  readonly #workKmh: number
  readonly #pumpLpm: number
  readonly #street: Street
  readonly #random: Random

  constructor(site: Site, random: Random) {
    this.#random = random
    this.#street = new Street(site)
    this.#driven = random.between(0, 2) * this.#street.length
    this.#tankL = random.between(0.5, 1) * TANK_L
    this.#reported.tankL = this.#tankL
    this.#workKmh = random.between(11, 17)
    this.#pumpLpm = random.between(285, 345)
  }

  step(world: World, dt: Duration, incident: Incident | null): void {
    this.#sinceReport += dt
    const minutes = dt / MINUTE
    if (incident?.name === 'leak') {
      this.#act(0, false, 0)
      this.#tankL = Math.max(0, this.#tankL - LEAK_LPM * incident.strength * minutes)
    } else if (incident?.name === 'dry-run') {
      this.#act(this.#workKmh, true, 0)
      this.#driven += metres(this.#speedKmh, dt)
    } else {
      this.#work(world, dt)
    }
  }

  read() {
    const { lat, lon } = this.#fix()
    this.#sinceReport = 0
    this.#reported = { tankL: this.#tankL, moving: this.#speedKmh > 0, spraying: this.#spraying }
    return {
      // Sloshing; the float is damped.
      tankPct: round(clamp((100 * this.#tankL) / TANK_L + this.#random.normal() * 0.15, 0, 100), 1),
      speedKmh: round(this.#speedReading(), 1),
      lat,
      lon,
      spraying: this.#spraying,
      flowLpm: this.#flowLpm === 0 ? 0 : round(this.#flowLpm + this.#random.normal() * 4, 0),
      // The terminal hangs on the truck's own battery.
      batteryPct: 100,
      rssiDbm: Math.round(-71 + this.#random.normal() * 5),
    }
  }

  urgent(): boolean {
    const { tankL, moving, spraying } = this.#reported
    const moves = this.#speedKmh > 0
    return (
      (moves && this.#sinceReport >= MOVING_INTERVAL) ||
      moves !== moving ||
      this.#spraying !== spraying ||
      Math.abs(this.#tankL - tankL) >= (LEVEL_STEP_PCT / 100) * TANK_L
    )
  }

  #work(world: World, dt: Duration): void {
    const minutes = dt / MINUTE
    switch (this.#task) {
      case 'spraying':
        if (isPause(world)) this.#act(0, false, 0)
        else this.#act(this.#workKmh, true, this.#pumpLpm)
        this.#driven += metres(this.#speedKmh, dt)
        this.#tankL = Math.max(0, this.#tankL - this.#flowLpm * minutes)
        if (this.#tankL <= RESERVE_L) this.#task = 'returning'
        break
      case 'returning':
        this.#act(RETURN_KMH, false, 0)
        this.#driveToEnd(dt)
        break
      case 'filling':
        this.#act(0, false, 0)
        this.#tankL = Math.min(TANK_L, this.#tankL + FILL_LPM * minutes)
        if (this.#tankL === TANK_L) this.#task = 'spraying'
        break
    }
  }

  /** On to the next end of the street, where the hydrant is. */
  #driveToEnd(dt: Duration): void {
    const end = (Math.floor(this.#driven / this.#street.length) + 1) * this.#street.length
    this.#driven = Math.min(end, this.#driven + metres(this.#speedKmh, dt))
    if (this.#driven === end) this.#task = 'filling'
  }

  #act(speedKmh: number, spraying: boolean, flowLpm: number): void {
    this.#speedKmh = speedKmh
    this.#spraying = spraying
    this.#flowLpm = flowLpm
  }

  /** A standing receiver still drifts a little. */
  #speedReading(): number {
    const noise = this.#random.normal()
    if (this.#speedKmh === 0) return Math.min(0.8, Math.abs(noise) * 0.2)
    return this.#speedKmh + noise * 0.5
  }

  /** Position with some three metres of error. */
  #fix(): { lat: number; lon: number } {
    const [lon, lat] = this.#street.at(this.#driven)
    const error = () => (this.#random.normal() * 3) / METRES_PER_DEGREE
    return { lat: round(lat + error(), 6), lon: round(lon + error(), 6) }
  }
}

/** The line that a truck drives up and down. */
class Street {
  readonly #points: readonly Position[]
  /** Metres from the first point to each point. */
  readonly #marks: readonly number[]
  /** Metres from end to end. */
  readonly length: number

  constructor(site: Site) {
    const straight: Position[] = [
      [site.lon, site.lat],
      [site.lon + 0.01, site.lat],
    ]
    this.#points = site.route.length >= 2 ? site.route : straight
    const marks = [0]
    for (const [i, point] of this.#points.slice(1).entries()) {
      marks.push((marks[i] as number) + distance(this.#points[i] as Position, point))
    }
    this.#marks = marks
    this.length = marks.at(-1) as number
  }

  /** Where the truck is after so many metres, there and back. */
  at(driven: number): Position {
    const along = driven % (2 * this.length)
    const metre = along <= this.length ? along : 2 * this.length - along
    const reached = this.#marks.findIndex((mark) => mark >= metre)
    const next = Math.max(1, reached)
    const [from, to] = [this.#marks[next - 1] as number, this.#marks[next] as number]
    const [a, b] = [this.#points[next - 1] as Position, this.#points[next] as Position]
    const share = to === from ? 0 : (metre - from) / (to - from)
    return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]
  }
}

/** No work at night, in the rain or in frost. */
function isPause({ hour, weather }: World): boolean {
  return hour < 5 || hour >= 22 || weather.rainfallMmH >= 1 || weather.temperatureC < 2
}

/** Metres between two points of a city, on a plane. */
function distance([lonA, latA]: Position, [lonB, latB]: Position): number {
  const shrink = Math.cos((latA * Math.PI) / 180)
  return METRES_PER_DEGREE * Math.hypot((lonB - lonA) * shrink, latB - latA)
}

function metres(kmh: number, dt: Duration): number {
  return (kmh / 3.6) * (dt / SECOND)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}
