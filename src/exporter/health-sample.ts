import { type Instant, MINUTE, SECOND } from '../model/time.ts'
import type { HealthSample } from './protocol.ts'

/**
 * Makes a sample of the service's health from what the main thread counts. Spans are real time
 * (`at`: milliseconds of a clock that never goes back), since they are about the machine; only
 * `now` is the service's clock.
 */

/** What was counted since the start, and what is so now. */
export interface HealthCounters {
  readonly messagesReceived: number
  readonly messagesShed: number
  readonly readingsAccepted: number
  readonly readingsDuplicate: number
  readonly readingsQuarantined: number
  readonly readingsRefused: number
  readonly casesOpened: number
  readonly troubles: number
  readonly connections: number
  /** Acknowledgements since the start that took at most so many seconds, in order of `le`. */
  readonly ackBuckets: readonly AckBucket[]
}

export interface AckBucket {
  readonly le: number
  readonly count: number
}

/** Where the stages are in the journal. */
export interface HealthPlaces {
  readonly now: Instant
  readonly lastSeq: number
  readonly processed: number
  readonly stored: number
  readonly journalBytes: number
  readonly journalMaxBytes: number
  readonly memoryBytes: number
}

interface Before {
  readonly at: number
  readonly counters: HealthCounters
}

const RATIO_OVER = 5 * MINUTE
const NOTHING: HealthCounters = {
  messagesReceived: 0,
  messagesShed: 0,
  readingsAccepted: 0,
  readingsDuplicate: 0,
  readingsQuarantined: 0,
  readingsRefused: 0,
  casesOpened: 0,
  troubles: 0,
  connections: 0,
  ackBuckets: [],
}

export class HealthSampler {
  readonly #startedAt: number
  readonly #marks = new JournalMarks()
  /** Samples of the last minutes, oldest first; the first is at least as old as the ratio's span. */
  readonly #past: Before[]

  /** `at`: of the start, when all counters were 0. */
  constructor(at: number) {
    this.#startedAt = at
    this.#past = [{ at, counters: NOTHING }]
  }

  /** At every pulse: the journal has come to `lastSeq`. */
  pulse(lastSeq: number, at: number): void {
    this.#marks.add(lastSeq, at)
  }

  sample(counters: HealthCounters, places: HealthPlaces, at: number): HealthSample {
    const before = this.#past.at(-1) as Before
    while (this.#past[1] !== undefined && at - this.#past[1].at >= RATIO_OVER) this.#past.shift()
    const span = Math.max(1, at - before.at) / SECOND
    const { connections, ackBuckets, ...counted } = counters
    const sample: HealthSample = {
      ...counted,
      now: places.now,
      uptimeS: (at - this.#startedAt) / SECOND,
      rateReceived: (counters.messagesReceived - before.counters.messagesReceived) / span,
      quarantineRatio: quarantineRatio(counters, (this.#past[0] as Before).counters),
      ackP99S: quantileOf(0.99, since(ackBuckets, before.counters.ackBuckets)),
      backlogProcessor: Math.max(0, places.lastSeq - places.processed),
      backlogTelemetry: Math.max(0, places.lastSeq - places.stored),
      lagProcessorS: this.#marks.waited(places.processed, at) / SECOND,
      lagTelemetryS: this.#marks.waited(places.stored, at) / SECOND,
      journalBytes: places.journalBytes,
      journalFill: places.journalBytes / places.journalMaxBytes,
      connections,
      memoryBytes: places.memoryBytes,
    }
    this.#marks.forget(Math.min(places.processed, places.stored))
    this.#past.push({ at, counters })
    return sample
  }
}

function quarantineRatio(now: HealthCounters, then: HealthCounters): number {
  const grown = (name: 'readingsAccepted' | 'readingsDuplicate' | 'readingsQuarantined') =>
    now[name] - then[name]
  const quarantined = grown('readingsQuarantined')
  const all = quarantined + grown('readingsAccepted') + grown('readingsDuplicate')
  return all === 0 ? 0 : quarantined / all
}

function since(now: readonly AckBucket[], then: readonly AckBucket[]): AckBucket[] {
  const before = new Map(then.map(({ le, count }) => [le, count]))
  return now.map(({ le, count }) => ({ le, count: count - (before.get(le) ?? 0) }))
}

/**
 * A quantile from cumulative buckets, as Prometheus reckons it: evenly spread within a bucket,
 * and beyond the last limit that limit. Null where nothing was counted.
 */
export function quantileOf(quantile: number, buckets: readonly AckBucket[]): number | null {
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return null
  const rank = quantile * total
  let below: AckBucket = { le: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.le === Number.POSITIVE_INFINITY) return below.le
      const share = (rank - below.count) / (bucket.count - below.count)
      return below.le + (bucket.le - below.le) * share
    }
    below = bucket
  }
  return below.le
}

/** The newest marks are all kept; of older ones one for so long is enough to tell an outage. */
const RECENT_MARKS = 1_000
const OLD_MARK_EVERY = 30 * SECOND
const OLD_MARKS = 50_000

interface Mark {
  readonly seq: number
  readonly at: number
}

/** When the journal had come to which number. */
class JournalMarks {
  #old: Mark[] = []
  #recent: Mark[] = []

  add(seq: number, at: number): void {
    const last = this.#recent.at(-1)
    if (last !== undefined && seq <= last.seq) return
    this.#recent.push({ seq, at })
    if (this.#recent.length <= RECENT_MARKS) return
    const aged = this.#recent.shift() as Mark
    const before = this.#old.at(-1)
    if (before === undefined || aged.at - before.at >= OLD_MARK_EVERY) this.#old.push(aged)
    if (this.#old.length > OLD_MARKS) this.#old = this.#old.filter((_, i) => i % 2 === 0)
  }

  /** How long the first record after the cursor has waited, at least. */
  waited(cursor: number, at: number): number {
    const beyond = ({ seq }: Mark) => seq > cursor
    const mark = this.#old.find(beyond) ?? this.#recent.find(beyond)
    return mark === undefined ? 0 : at - mark.at
  }

  forget(cursor: number): void {
    const beyond = ({ seq }: Mark) => seq > cursor
    this.#old = this.#old.filter(beyond)
    this.#recent = this.#recent.filter(beyond)
  }
}
