import { DAY, type Instant, utcDay } from '../model/time.ts'
import type { MessageCount } from './port.ts'

/**
 * Counts the telemetry of a commit, per UTC day and kind. It is used for one commit after the other,
 * a thousand in a second, so it keeps its map: one that is emptied each time leaves the collector a
 * chain of tables, each of which the one before it keeps alive (docs/adr/0022).
 */
export class MessageCounts {
  /** Those of the day that began at `#dayStart`, by kind; 0 where the commit has none. */
  #today = new Map<string, { messages: number }>()
  #dayStart: Instant = Number.NaN
  /** Those of the days before it. */
  #before: MessageCount[] = []

  add(receivedAt: Instant, kind: string): void {
    if (!(receivedAt >= this.#dayStart && receivedAt < this.#dayStart + DAY)) {
      this.#before = this.take()
      this.#today = new Map()
      this.#dayStart = receivedAt - (receivedAt % DAY)
    }
    const count = this.#today.get(kind)
    if (count !== undefined) count.messages++
    else this.#today.set(kind, { messages: 1 })
  }

  /** The counts so far; it starts anew. */
  take(): MessageCount[] {
    const taken = this.#before
    this.#before = []
    if (this.#today.size === 0) return taken
    const day = utcDay(this.#dayStart)
    for (const [kind, count] of this.#today) {
      if (count.messages === 0) continue
      taken.push({ day, kind, messages: count.messages })
      count.messages = 0
    }
    return taken
  }
}

/** What was received until some commit, per UTC day and kind. */
export class Totals {
  readonly #days = new Map<string, Map<string, number>>()

  /** Lines that are as they are now, whatever they were. */
  set(lines: readonly MessageCount[]): void {
    for (const { day, kind, messages } of lines) {
      const kinds = this.#days.get(day)
      if (kinds !== undefined) kinds.set(kind, messages)
      else this.#days.set(day, new Map([[kind, messages]]))
    }
  }

  /** The lines of these days and kinds as they would be with the counts added. */
  with(counts: readonly MessageCount[]): MessageCount[] {
    const sums: { day: string; kind: string; messages: number }[] = []
    for (const { day, kind, messages } of counts) {
      // A handful at the most: nothing is made to look them up in.
      const present = sums.find((one) => one.day === day && one.kind === kind)
      if (present !== undefined) present.messages += messages
      else sums.push({ day, kind, messages: this.#messages(day, kind) + messages })
    }
    return sums
  }

  /** What came since it was `earlier`. */
  since(earlier: Totals): MessageCount[] {
    const lines = this.list().map(({ day, kind, messages }) => {
      return { day, kind, messages: messages - earlier.#messages(day, kind) }
    })
    return lines.filter(({ messages }) => messages > 0)
  }

  list(): MessageCount[] {
    return [...this.#days].flatMap(([day, kinds]) =>
      [...kinds].map(([kind, messages]) => ({ day, kind, messages })),
    )
  }

  #messages(day: string, kind: string): number {
    return this.#days.get(day)?.get(kind) ?? 0
  }
}
