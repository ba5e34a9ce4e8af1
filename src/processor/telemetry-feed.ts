import type { Duration, Instant } from '../model/time.ts'
import type { TelemetryStore } from '../store/telemetry-port.ts'
import type { TelemetryWriter } from './telemetry-writer.ts'

/**
 * Keeps the telemetry store fed, beside the rules and never in their way: a store that is slow,
 * or away for hours, delays no alert. What it has not taken stays in the journal.
 *
 * A batch is sent, its answer awaited, the cursor moved; then the next. After a failure it pauses,
 * longer each time, and goes on from where the store says it is.
 */
export interface FeedParts {
  readonly writer: TelemetryWriter
  readonly store: TelemetryStore
  /** How long to wait for company after a batch of so many readings; 0: not at all. */
  readonly lingerMs: (readings: number) => number
  readonly onStored: (upTo: number) => void
  readonly onTrouble: (message: string) => void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

export class TelemetryFeed {
  readonly #parts: FeedParts
  #processed = 0
  #pruneBefore: Instant | null = null
  #failures = 0
  #signalled = false
  #closing = false
  #wake: (() => void) | null = null
  #whenWorked: (() => void)[] = []
  readonly #ended: Promise<void>

  constructor(parts: FeedParts) {
    this.#parts = parts
    this.#ended = this.#run()
  }

  /** The processor has committed up to here. */
  follow(processed: number): void {
    this.#processed = processed
    this.#signal()
  }

  /**
   * Resolves when the writer holds less than it can, or when the store fails: it is waited for
   * where it is slow, not where it is away.
   */
  async room(): Promise<void> {
    while (this.#parts.writer.full && this.#failures === 0 && !this.#closing) {
      await new Promise<void>((resolve) => this.#whenWorked.push(resolve))
    }
  }

  /** Readings observed before this may go. */
  prune(before: Instant): void {
    this.#pruneBefore = before
    this.#signal()
  }

  /** Stores what is there if the store takes it in time; what it does not take is in the journal. */
  async close(graceMs: Duration): Promise<void> {
    this.#closing = true
    this.#wake?.()
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([this.#ended, tooLong])
    clearTimeout(timer)
  }

  #signal(): void {
    this.#signalled = true
    // While it pauses after a failure, news of work does not shorten the pause.
    if (this.#failures === 0) this.#wake?.()
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#signalled = false
      try {
        const worked = await this.#work()
        this.#recovered()
        this.#tellWorked()
        if (!worked && this.#closing) return
        // Work may have come while there seemed to be none.
        if (!worked && !this.#signalled) await this.#sleep(null)
      } catch (error) {
        this.#failures++
        this.#tellWorked()
        this.#parts.onTrouble(error instanceof Error ? error.message : String(error))
        if (this.#closing) return
        await this.#sleep(pauseAfter(this.#failures))
      }
    }
  }

  /** Who was told of a failure hears that it is over, also where there was nothing to store. */
  #recovered(): void {
    if (this.#failures > 0) this.#parts.onStored(this.#parts.writer.cursor)
    this.#failures = 0
  }

  #tellWorked(): void {
    for (const resolve of this.#whenWorked.splice(0)) resolve()
  }

  /** One step; false where there was nothing to do. */
  async #work(): Promise<boolean> {
    const { writer, store, lingerMs, onStored } = this.#parts
    if (writer.cursor < this.#processed) {
      const readings = await writer.writeNext()
      if (readings !== null) {
        onStored(writer.cursor)
        const ms = lingerMs(readings)
        // While there is more, that is the company.
        const caughtUp = writer.cursor >= this.#processed
        if (caughtUp && ms > 0 && !this.#closing) await this.#linger(ms)
        return true
      }
    }
    if (this.#pruneBefore === null || this.#closing) return false
    const before = this.#pruneBefore
    const done = await store.prune(before)
    if (done && this.#pruneBefore === before) this.#pruneBefore = null
    return true
  }

  /** Waits for company, until there is more of it than it is comfortable to hold. */
  async #linger(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (!this.#closing && !this.#parts.writer.full && performance.now() < until) {
      await this.#sleep(Math.ceil(until - performance.now()))
    }
  }

  /** Until woken, or for so long. */
  async #sleep(ms: number | null): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (ms !== null) timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
    this.#wake = null
  }
}

/** Twice as long after each failure, with jitter, so that many services do not come as one. */
function pauseAfter(failures: number): number {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
  return longest / 2 + Math.random() * (longest / 2)
}
