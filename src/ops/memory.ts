import { availableParallelism } from 'node:os'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Memory that a rush needed is given back when it is over.
 *
 * V8 gives memory back after a full collection, and collects when somebody allocates. So what ten
 * thousand devices needed to connect, or a registry to be imported, would be held for as long as
 * they say little afterwards: 200 MB, of which most is room for young objects. A thread that has
 * become quiet collects once; what is empty then goes back to the system about ten seconds later,
 * by V8's own hand. That pauses the thread for a tenth of a second with so many connections, once
 * for each rush.
 */

/** Part of a second in which a quiet thread works (unsourced default). */
const QUIET = 0.1
/** A gap in a rush is shorter (unsourced default). */
const QUIET_SECONDS = 2
/** What a pause is worth where acknowledgements wait for it, and elsewhere (unsourced defaults). */
export const WORTH_BYTES = { foreground: 32 * 1024 * 1024, background: 16 * 1024 * 1024 } as const

export interface Second {
  /** The part of it in which the thread worked. */
  readonly utilization: number
  /** What the heap holds of the system's memory. */
  readonly heapBytes: number
}

/** Says when a rush is over that has left something behind. */
export class RushWatch {
  /** The smallest heap since the last rush. */
  #least: number
  #quiet = 0
  readonly #worth: number

  /** `heapBytes`: the heap now, since a rush may begin before the first second is over. */
  constructor(worth: number, heapBytes: number) {
    this.#worth = worth
    this.#least = heapBytes
  }

  isOver({ utilization, heapBytes }: Second): boolean {
    this.#least = Math.min(this.#least, heapBytes)
    this.#quiet = utilization < QUIET ? this.#quiet + 1 : 0
    if (this.#quiet < QUIET_SECONDS || heapBytes - this.#least < this.#worth) return false
    // What is still there afterwards is needed: growth is counted from there.
    this.#least = Number.POSITIVE_INFINITY
    return true
  }
}

/** Watches this thread; gives back what ends it. */
export function giveBackAfterRushes(where: keyof typeof WORTH_BYTES): () => void {
  const watch = new RushWatch(WORTH_BYTES[where], getHeapStatistics().total_heap_size)
  let last = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    const heapBytes = getHeapStatistics().total_heap_size
    if (watch.isOver({ utilization, heapBytes })) collect()
  }, 1_000)
  timer.unref()
  return () => clearInterval(timer)
}

/** One full collection. The flag is taken back at once: nobody else is to find `gc`. */
export function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: NodeJS.GCFunction = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  gc({ type: 'major' })
}

/** Fewer processors than this are all taken by our own threads. Unsourced. */
const SPARE_PROCESSORS = 4

/**
 * How V8 collects garbage, in this thread and in those that begin later. To be called before there
 * is work to do.
 *
 * Where there are few processors, young objects are collected by the thread that made them, without
 * helpers. There a helper waits for one as long as anybody, the thread waits for its helpers, and
 * who else needs a processor waits for them all (docs/adr/0021).
 *
 * Every object begins as a young one. By itself V8 notes of places in the code how many of their
 * objects last, and lets those of which nearly all do begin as old. When a rush begins that may be
 * true of places that make something with every message. It lasts for a moment, and as old it is
 * collected only with all else: once a second, after some starts (docs/adr/0026).
 */
export function setUpCollector(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  if (availableParallelism() < SPARE_PROCESSORS) setFlagsFromString('--no-parallel-scavenge')
}
