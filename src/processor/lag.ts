import type { Effects } from '../engine/effects.ts'
import type { DeviceEntry, World } from '../engine/world.ts'
import { hasAlerts } from '../rules/state.ts'

/**
 * Which devices a commit stores. To store the state of each device that has reported would cost
 * by devices, with every commit: a thousand of them hold up a case for 30 ms. So a state that only
 * readings have changed may lag behind what is committed, for a few seconds under a steady stream:
 * those readings are in the journal, and are taken again at the next start (catch-up.ts).
 *
 * A state changed by more than readings is stored at once, and so is one with an alert, since
 * people look at its value. What lags is stored in turn, the longest first.
 */

/** So many that lag are stored with a commit, once a whole interval has passed ... */
const DEVICES = 128
/**
 * ... or this share of the most that have lagged since none did, where that is more: each has its
 * turn within eight intervals.
 */
const SHARE = 1 / 8

export class Lag {
  /** By the record from which on the stored state lacks something, the first of them first. */
  readonly #since = new Map<DeviceEntry, number>()
  /** How many have lagged at the most since none did. */
  #most = 0

  get size(): number {
    return this.#since.size
  }

  /** The last record that all stored states have taken, where the newest is `cursor`. */
  storedUpTo(cursor: number): number {
    for (const since of this.#since.values()) return since - 1
    return cursor
  }

  /** The device's state has taken a record that the stored one lacks. */
  add(entry: DeviceEntry, seq: number): void {
    if (!this.#since.has(entry)) this.#since.set(entry, seq)
  }

  /**
   * Chooses whose state a commit stores; the rest of those touched lag from `firstSeq` on.
   *
   * @param interval the share that has passed of the time between two commits, 0 to 1; infinite:
   *   nothing may lag any longer
   */
  choose(world: World, effects: Effects, firstSeq: number, interval: number): DeviceEntry[] {
    for (const entry of effects.touched) this.add(entry, firstSeq)
    const chosen = new Set(effects.unrepeatable)
    for (const entry of effects.touched) if (hasAlerts(entry.state.rules)) chosen.add(entry)
    this.#most = Math.max(this.#most, this.#since.size)
    let left = interval * Math.max(DEVICES, SHARE * this.#most)
    for (const entry of this.#since.keys()) {
      if (left-- <= 0) break
      chosen.add(entry)
    }
    for (const entry of chosen) this.#since.delete(entry)
    if (this.#since.size === 0) this.#most = 0
    // A device may have gone, and another of its name come.
    return [...chosen].filter((entry) => world.devices.get(entry.device.id) === entry)
  }

  /** A device that is gone lags no more. */
  forgetGone(world: World): void {
    for (const entry of this.#since.keys()) {
      if (world.devices.get(entry.device.id) !== entry) this.#since.delete(entry)
    }
  }
}
