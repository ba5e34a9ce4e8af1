import type { Fields } from '../src/model/reading.ts'
import type { SimulatedDevice, World } from '../src/model/simulation.ts'
import { type Duration, SECOND } from '../src/model/time.ts'
import { incidentAt, type Ordeal } from './scenario.ts'

/**
 * Where a virtual device's readings come from: physics here, a recording in `replay.ts`.
 * Moments are simulated milliseconds since the scenario's start. A source never looks at a clock:
 * its owner advances it through the moments it asks for, in order.
 */
export interface Source {
  /** The next moment it must be advanced at; Infinity when nothing will come any more. */
  readonly dueAt: Duration
  /** Lets time pass up to `dueAt`, where `world` is; the reading, where the device makes one. */
  advance(world: World): Fields | null
  /** People came and mended what was wrong: the incident is over. */
  mend(): void
}

/** Physics takes steps of at most so long; three of them are the 15 s of a moving truck. */
const MAX_STEP: Duration = 5 * SECOND

/** Moments of the first two reports; the others follow at the interval. */
export interface Schedule {
  readonly start: Duration
  readonly firstReport: Duration
  readonly secondReport: Duration
  readonly interval: Duration
}

/** The physics of a kind, asked at the kind's interval, and at once where something is urgent. */
export class PhysicsSource implements Source {
  dueAt: Duration
  #at: Duration
  #reportAt: Duration
  readonly #device: SimulatedDevice
  readonly #schedule: Schedule
  #ordeal: Ordeal | null

  constructor(device: SimulatedDevice, schedule: Schedule, ordeal: Ordeal | null) {
    this.#device = device
    this.#at = schedule.start
    this.#reportAt = schedule.firstReport
    this.#schedule = schedule
    this.#ordeal = ordeal
    this.dueAt = this.#nextStep()
  }

  advance(world: World): Fields | null {
    const at = this.dueAt
    this.#device.step(world, at - this.#at, incidentAt(this.#ordeal, at))
    this.#at = at
    const reports = at >= this.#reportAt || this.#device.urgent()
    if (reports) this.#reportAt = this.#nextReport(at)
    this.dueAt = this.#nextStep()
    return reports ? this.#device.read(world) : null
  }

  mend(): void {
    this.#ordeal = null
  }

  #nextReport(at: Duration): Duration {
    const { secondReport, interval } = this.#schedule
    return at < secondReport ? secondReport : at + interval
  }

  #nextStep(): Duration {
    return Math.min(this.#at + MAX_STEP, this.#reportAt)
  }
}
