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

/** What was received until some commit, per UTC day and kind. */
export class Totals {
  readonly #lines = new Map<string, MessageCount>()

  /** Lines that are as they are now, whatever they were. */
  set(lines: readonly MessageCount[]): void {
    for (const line of lines) this.#lines.set(keyOf(line), line)
  }

  /** The lines of these days and kinds as they would be with the counts added. */
  with(counts: readonly MessageCount[]): MessageCount[] {
    const sums = new Map<string, MessageCount>()
    for (const count of counts) {
      const key = keyOf(count)
      const before = sums.get(key)?.messages ?? this.#lines.get(key)?.messages ?? 0
      sums.set(key, { ...count, messages: before + count.messages })
    }
    return [...sums.values()]
  }

  /** What came since it was `earlier`. */
  since(earlier: Totals): MessageCount[] {
    const lines = this.list().map((line) => {
      const before = earlier.#lines.get(keyOf(line))?.messages ?? 0
      return { ...line, messages: line.messages - before }
    })
    return lines.filter(({ messages }) => messages > 0)
  }

  list(): MessageCount[] {
    return [...this.#lines.values()]
  }
}

function keyOf({ day, kind }: { day: string; kind: string }): string {
  return `${day}\n${kind}`
}
