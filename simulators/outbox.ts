/**
 * What a device has to say and has not been acknowledged. Invariants:
 *
 * - Readings leave in the order they were kept; a packet, once made, keeps its bytes, so that the
 *   service can recognise a resent one.
 * - At most `WINDOW` packets are in flight. What waits behind them is kept as readings and leaves
 *   as arrays: one reading as an object, more as one array of up to `MAX_ARRAY`.
 * - At most `CAPACITY` readings wait; then the oldest makes room and is counted.
 */
export interface Packet {
  readonly payload: string
  /** How many readings it holds. */
  readonly readings: number
}

/** Packets in flight to the broker, per device. */
export const WINDOW = 8
/** Readings in one message (contract: MQTT). */
export const MAX_ARRAY = 500
/** Waiting readings: half a day of minutes. */
export const CAPACITY = 720

export class Outbox {
  #flying: Packet[] = []
  #kept: string[] = []

  /** Keeps a reading (JSON). Returns how many old ones were lost for it: 0 or 1. */
  keep(reading: string): number {
    this.#kept.push(reading)
    if (this.#kept.length <= CAPACITY) return 0
    this.#kept.shift()
    return 1
  }

  /** The next packet to publish; null where nothing waits or the window is full. */
  next(): Packet | null {
    if (this.#kept.length === 0 || this.#flying.length >= WINDOW) return null
    const readings = this.#kept.splice(0, MAX_ARRAY)
    const payload = readings.length === 1 ? (readings[0] as string) : `[${readings.join(',')}]`
    const packet = { payload, readings: readings.length }
    this.#flying.push(packet)
    return packet
  }

  /** Takes the acknowledgement of a packet; false where it was acknowledged before. */
  acknowledge(packet: Packet): boolean {
    const index = this.#flying.indexOf(packet)
    if (index >= 0) this.#flying.splice(index, 1)
    return index >= 0
  }

  /** Packets that were never acknowledged, in order: to be published again after a reconnect. */
  get unacknowledged(): readonly Packet[] {
    return this.#flying
  }

  get isEmpty(): boolean {
    return this.#flying.length === 0 && this.#kept.length === 0
  }

  /** Forgets everything, as memory does without power. Returns how many readings are lost. */
  clear(): number {
    const lost = this.#flying.reduce((sum, packet) => sum + packet.readings, this.#kept.length)
    this.#flying = []
    this.#kept = []
    return lost
  }
}
