import { DAY, type Instant, utcDay } from '../model/time.ts'
import type { MessageCount } from './port.ts'

/** Counts the telemetry of a commit, per UTC day and kind. */
export class MessageCounts {
  #counts: { day: string; kind: string; messages: number }[] = []
  /** Those of the day that began at `#dayStart`. */
  #today = new Map<string, { day: string; kind: string; messages: number }>()
  #dayStart: Instant = Number.NaN

  add(receivedAt: Instant, kind: string): void {
    const dayStart = receivedAt - (receivedAt % DAY)
    if (dayStart !== this.#dayStart) {
      this.#dayStart = dayStart
      this.#today.clear()
    }
    const count = this.#today.get(kind)
    if (count !== undefined) count.messages++
    else this.#begin(receivedAt, kind)
  }

  /** The counts so far; it starts anew. */
  take(): MessageCount[] {
    const taken = this.#counts
    this.#counts = []
    this.#today.clear()
    return taken
  }

  #begin(receivedAt: Instant, kind: string): void {
    const count = { day: utcDay(receivedAt), kind, messages: 1 }
    this.#counts.push(count)
    this.#today.set(kind, count)
  }
}

/** Counts of several commits, added up. */
export class CountSums {
  readonly #sums = new Map<string, { day: string; kind: string; messages: number }>()

  add(counts: readonly MessageCount[]): void {
    for (const { day, kind, messages } of counts) {
      const key = `${day}\n${kind}`
      const sum = this.#sums.get(key)
      if (sum === undefined) this.#sums.set(key, { day, kind, messages })
      else sum.messages += messages
    }
  }

  list(): MessageCount[] {
    return [...this.#sums.values()]
  }

  clear(): void {
    this.#sums.clear()
  }
}
