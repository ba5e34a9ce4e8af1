import type { Case } from '../cases/case.ts'
import type { City } from '../model/city.ts'
import { HOUR, type Instant } from '../model/time.ts'
import type { OpsPoint, OpsStore, Refused } from '../store/ops-port.ts'
import type { CaseMoment, CaseMomentMark, StateReader } from '../store/state-reader-port.ts'
import { caseEventPoint } from './case-events.ts'
import { type CasePast, casePast, casePoints, ENDED_SHOWN } from './case-points.ts'
import { caseCounts, devicePoints } from './count-points.ts'
import type { ExporterMessage, HealthSample } from './protocol.ts'
import { servicePoint } from './service-points.ts'

/**
 * Writes, for each sample of the service's health, how the city stands, and the case events that
 * are not written yet. One turn at a time; of samples that come meanwhile only the last counts.
 *
 * Nothing is buffered. A snapshot that could not be written is out of date by the next one, and
 * case events are read from the state again, where they are kept.
 */

/** Committed events may be older than the newest by what a reading may be late, and then some. */
const EVENT_OVERLAP = HOUR
const EVENT_PAGE = 2_000
/** Pages written in a turn at the most, so that a long history does not delay the snapshots. */
const EVENT_PAGES = 50

export interface ExporterParts {
  readonly state: Pick<StateReader, 'case' | 'casesSince' | 'caseMoments' | 'deviceCounts'>
  readonly store: OpsStore
  readonly city: City
  /** Names of the kinds in the catalogue. */
  readonly kinds: readonly string[]
  readonly tell: (message: ExporterMessage) => void
}

export class Exporter {
  readonly #parts: ExporterParts
  readonly #pasts = new Map<string, CasePast & { readonly of: string }>()
  readonly #events: EventFollower
  #next: HealthSample | null = null
  #running: Promise<void> = Promise.resolve()
  #busy = false
  #closing = false

  constructor(parts: ExporterParts) {
    this.#parts = parts
    this.#events = new EventFollower(parts)
  }

  /** Takes a sample: now, or when the turn that is under way has ended. */
  take(sample: HealthSample): void {
    this.#next = sample
    if (this.#busy || this.#closing) return
    this.#busy = true
    this.#running = this.#run()
  }

  /** Begins nothing new; resolves when the turn that is under way has ended. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#next !== null && !this.#closing) {
      const sample = this.#next
      this.#next = null
      await this.#turn(sample)
    }
    this.#busy = false
  }

  /** Both halves are tried: a bucket that is missing does not keep the other empty. */
  async #turn(sample: HealthSample): Promise<void> {
    const { now } = sample
    const points = await this.#attempt('ops', () => this.#writeSnapshot(sample))
    if (this.#closing) return
    const caseEvents = await this.#attempt('cases', () =>
      this.#events.follow(now, () => this.#closing),
    )
    if (points === null || caseEvents === null) return
    this.#parts.tell({ type: 'exported', at: now, points, caseEvents })
  }

  /** The number of points written; null where it failed. */
  async #attempt(what: string, work: () => Promise<Written>): Promise<number | null> {
    const trouble = (reason: string) => {
      // Whatever is cut off by the closing is no trouble.
      if (!this.#closing) {
        this.#parts.tell({ type: 'trouble', message: `bucket "${what}": ${reason}` })
      }
    }
    try {
      const { points, refused } = await work()
      if (refused !== null) trouble(`refused: ${refused}`)
      return points
    } catch (error) {
      trouble(error instanceof Error ? error.message : String(error))
      return null
    }
  }

  async #writeSnapshot(sample: HealthSample): Promise<Written> {
    const { state, store, city, kinds } = this.#parts
    const { now } = sample
    const cases = await state.casesSince(now - ENDED_SHOWN)
    const districts = city.districts.map(({ id }) => id)
    const points: OpsPoint[] = [
      ...(await this.#casePoints(cases, now)),
      ...caseCounts(cases, { districts, kinds }, now),
      ...devicePoints(await state.deviceCounts(), now),
      // Last: where there is a heartbeat, the snapshot before it is there too.
      servicePoint(sample),
    ]
    return { points: points.length, refused: await store.write(points) }
  }

  async #casePoints(cases: readonly Case[], now: Instant): Promise<OpsPoint[]> {
    const points: OpsPoint[] = []
    for (const it of cases) points.push(...casePoints(it, await this.#pastOf(it), now))
    const shown = new Set(cases.map(({ id }) => id))
    for (const id of this.#pasts.keys()) if (!shown.has(id)) this.#pasts.delete(id)
    return points
  }

  /** What the history says, looked up when the case is new here or not what it was. */
  async #pastOf(it: Case): Promise<CasePast> {
    const of = `${it.severity} ${it.seenAt}`
    const known = this.#pasts.get(it.id)
    if (known?.of === of) return known
    const history = (await this.#parts.state.case(it.id))?.history ?? []
    const past = { ...casePast(it, history), of }
    this.#pasts.set(it.id, past)
    return past
  }
}

interface Written {
  readonly points: number
  readonly refused: Refused
}

/** Case events: which are written, and where reading goes on. */
class EventFollower {
  readonly #parts: Pick<ExporterParts, 'state' | 'store'>
  /** All events before this are written; null: the store was not asked yet. */
  #doneBefore: Instant | null = null
  /** Events after it that are written too. */
  readonly #written = new Map<string, Instant>()

  constructor(parts: Pick<ExporterParts, 'state' | 'store'>) {
    this.#parts = parts
  }

  async follow(now: Instant, stopped: () => boolean): Promise<Written> {
    const { state } = this.#parts
    this.#doneBefore ??= await this.#begin(now)
    let mark: CaseMomentMark = { at: this.#doneBefore, caseId: '', ended: false }
    let points = 0
    let refused: Refused = null
    for (let pages = 0; pages < EVENT_PAGES && !stopped(); ) {
      const moments = await state.caseMoments(mark, EVENT_PAGE)
      const fresh = moments.filter((moment) => !this.#written.has(eventKey(moment)))
      if (fresh.length > 0) {
        refused = (await this.#write(fresh)) ?? refused
        points += fresh.length
        pages++
      }
      const last = moments.at(-1)
      if (last === undefined) break
      mark = { at: last.at, caseId: last.case.id, ended: last.ended }
      this.#forgetBefore(mark.at - EVENT_OVERLAP)
      if (moments.length < EVENT_PAGE) break
    }
    return { points, refused }
  }

  /** Where the store has none, or its newest is of another clock, all are written. */
  async #begin(now: Instant): Promise<Instant> {
    const newest = await this.#parts.store.newestCaseEvent()
    return newest === null || newest > now ? 0 : Math.max(0, newest - EVENT_OVERLAP)
  }

  async #write(fresh: readonly CaseMoment[]): Promise<Refused> {
    const refused = await this.#parts.store.writeCaseEvents(fresh.map(caseEventPoint))
    for (const moment of fresh) this.#written.set(eventKey(moment), moment.at)
    return refused
  }

  #forgetBefore(at: Instant): void {
    if (at <= (this.#doneBefore ?? 0)) return
    this.#doneBefore = at
    for (const [key, writtenAt] of this.#written) {
      if (writtenAt < at) this.#written.delete(key)
    }
  }
}

function eventKey({ case: it, ended }: CaseMoment): string {
  return `${it.id} ${ended}`
}
