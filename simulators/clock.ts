import type { Duration, Instant } from '../src/model/time.ts'

/**
 * The three times of a fleet. Real time (a monotonic millisecond count) drives it; the service's
 * time is what readings carry; simulated time is what physics live in, counted from the scenario's
 * start. A service may run faster than real time, and physics faster or slower than the service.
 */

/** What time it is at the service: learnt once, carried on by the monotonic clock. */
export interface ServiceClock {
  /** Service's milliseconds per real millisecond. */
  readonly speed: number
  now(): Instant
}

/** A service clock from one answer: `time` was true at the real moment `heardAt`. */
export function serviceClock(time: Instant, speed: number, heardAt: number): ServiceClock {
  return { speed, now: () => time + (monotonicMs() - heardAt) * speed }
}

/** Real milliseconds from an arbitrary beginning; never set back. */
export function monotonicMs(): number {
  return performance.now()
}

/** After a stall (a suspended laptop) physics go on where they were, not hours later. */
const LONGEST_TICK_MS = 1_000

/** Simulated time, moved on by its owner's ticks. */
export class FleetClock {
  #simulated: Duration = 0
  #real: number
  #serviceNow: Instant
  readonly #service: ServiceClock
  readonly #speed: number

  /** `speed`: simulated milliseconds per real millisecond. */
  constructor(service: ServiceClock, speed: number) {
    this.#service = service
    this.#speed = speed
    this.#real = monotonicMs()
    this.#serviceNow = service.now()
  }

  /** Simulated milliseconds since the scenario's start. */
  get now(): Duration {
    return this.#simulated
  }

  /** Real milliseconds at the last tick. */
  get real(): number {
    return this.#real
  }

  tick(): void {
    const real = monotonicMs()
    this.#simulated += Math.min(real - this.#real, LONGEST_TICK_MS) * this.#speed
    this.#real = real
    this.#serviceNow = this.#service.now()
  }

  /** The service's time at a simulated moment of the last tick, whole milliseconds. */
  instantOf(at: Duration): Instant {
    const ago = ((this.#simulated - at) * this.#service.speed) / this.#speed
    return Math.floor(this.#serviceNow - ago)
  }
}
