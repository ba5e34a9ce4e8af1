import type { Random } from '../src/model/simulation.ts'
import type { Duration } from '../src/model/time.ts'
import { clockSkew, createStages, type FaultSettings, type Stage, type Timed } from './faults.ts'

/**
 * The line that one device's messages pass: its fault stages one after another, and the messages
 * they hold back. Messages of the same moment leave in the order they came.
 */
export class FaultLine<M> {
  /** Add to every timestamp of this device, ms. */
  readonly skew: Duration
  readonly #settings: FaultSettings
  readonly #random: Random
  readonly #stages: readonly Stage<M>[]
  #held: Timed<M>[] = []

  constructor(settings: FaultSettings, random: Random) {
    this.#settings = settings
    this.#random = random
    this.skew = clockSkew(settings, random)
    this.#stages = createStages(settings, random)
  }

  /** Puts a message on the line; false where it was lost. `release` gives what leaves. */
  push(message: M, at: Duration): boolean {
    let flow: readonly Timed<M>[] = [{ message, at }]
    for (const stage of this.#stages) flow = flow.flatMap(stage)
    this.#held.push(...flow)
    return flow.length > 0
  }

  /** What leaves up to this moment, in order. */
  release(at: Duration): readonly M[] {
    if (this.#held.length === 0) return []
    const due = this.#held.filter((timed) => timed.at <= at).sort((a, b) => a.at - b.at)
    if (due.length > 0) this.#held = this.#held.filter((timed) => timed.at > at)
    return due.map((timed) => timed.message)
  }

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** How long the device is dead where its power fails now; null where it does not. */
  powerFailure(): Duration | null {
    const { reboot } = this.#settings
    return reboot !== undefined && this.#random.chance(reboot.probability) ? reboot.duration : null
  }

  /** Forgets what it holds: memory is lost with power. Returns how many messages that were. */
  clear(): number {
    const lost = this.#held.length
    this.#held = []
    return lost
  }
}
