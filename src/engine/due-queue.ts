import type { Instant } from '../model/time.ts'

/**
 * Moments to come, earliest first, ties in order of name, so that the order of what happens is
 * the same in every run. A binary heap; entries are never removed, the caller checks on taking
 * whether a moment still matters.
 */
export class DueQueue {
  readonly #heap: { at: Instant; name: string }[] = []

  get size(): number {
    return this.#heap.length
  }

  push(at: Instant, name: string): void {
    const heap = this.#heap
    heap.push({ at, name })
    let i = heap.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#before(i, parent)) break
      this.#swap(i, parent)
      i = parent
    }
  }

  /** Takes the earliest entry that is due by `now`, or null. */
  takeDue(now: Instant): { at: Instant; name: string } | null {
    const heap = this.#heap
    const top = heap[0]
    if (top === undefined || top.at > now) return null
    const last = heap.pop() as { at: Instant; name: string }
    if (heap.length > 0) {
      heap[0] = last
      this.#sink()
    }
    return top
  }

  #sink(): void {
    let i = 0
    for (;;) {
      let smallest = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#before(child, smallest)) smallest = child
      }
      if (smallest === i) return
      this.#swap(i, smallest)
      i = smallest
    }
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a] as { at: Instant; name: string }
    const y = this.#heap[b] as { at: Instant; name: string }
    return x.at < y.at || (x.at === y.at && x.name < y.name)
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const x = heap[a] as { at: Instant; name: string }
    heap[a] = heap[b] as { at: Instant; name: string }
    heap[b] = x
  }
}
