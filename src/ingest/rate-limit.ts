/**
 * Messages per second of each device, as a token bucket that may go into debt: a device that is
 * a little too fast waits, one that runs away is refused.
 */
export class RateLimit {
  readonly #perSecond: number
  readonly #burst: number
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  constructor(perSecond: number, burst = 2 * perSecond) {
    this.#perSecond = perSecond
    this.#burst = burst
  }

  /**
   * Takes one message at `now` (milliseconds, any origin); returns how many milliseconds it has
   * to wait, 0 for none. Infinity: the wait would exceed `maxWait`, and nothing was taken.
   */
  take(deviceId: string, now: number, maxWait: number): number {
    let bucket = this.#buckets.get(deviceId)
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, at: now }
      this.#buckets.set(deviceId, bucket)
    }
    const since = ((now - bucket.at) * this.#perSecond) / 1000
    const tokens = Math.min(this.#burst, bucket.tokens + since)
    const wait = tokens >= 1 ? 0 : ((1 - tokens) * 1000) / this.#perSecond
    const taken = wait <= maxWait
    bucket.tokens = taken ? tokens - 1 : tokens
    bucket.at = now
    return taken ? wait : Number.POSITIVE_INFINITY
  }

  /** Forgets a device that is gone. */
  forget(deviceId: string): void {
    this.#buckets.delete(deviceId)
  }
}
