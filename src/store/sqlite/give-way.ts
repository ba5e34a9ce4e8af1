/**
 * Work that nobody waits for gives way. A thread that computes keeps its processor for as long as
 * the system lets it, 4 ms under Linux's usual 250 ticks a second, while the thread that writes an
 * acknowledgement, or the kernel's own for the disk, waits behind it. So a long loop pauses now and
 * then for the shortest time there is (docs/adr/0018). Unsourced defaults.
 */
const RUN_MS = 0.3
const PAUSE_MS = 0.05

export class GiveWay {
  /** Much has piled up: now speed is what counts, and no pause is made. */
  hurried = false
  readonly #now: () => number
  readonly #nothing = new Int32Array(new SharedArrayBuffer(4))
  #since = Number.NEGATIVE_INFINITY

  /** `now`: a running clock, ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Called in every round of a loop: blocks this thread for a moment if it has run for long. */
  pause(): void {
    if (this.hurried || this.#now() - this.#since < RUN_MS) return
    Atomics.wait(this.#nothing, 0, 0, PAUSE_MS)
    this.#since = this.#now()
  }
}
