import type { Decoder } from '../decode/decode.ts'
import type { JournalReader } from '../journal/port.ts'
import type { ReadingCount } from '../model/ledger.ts'
import { type MeasuredReading, PackedReadings } from '../model/packed-readings.ts'
import type { JournalRecord } from '../model/record.ts'
import type { Verdicts } from '../model/verdicts.ts'
import type { StateStore } from '../store/state-port.ts'
import type { TelemetryStore } from '../store/telemetry-port.ts'
import { acceptedCounts } from './change.ts'
import { whatBecameOf } from './decided.ts'
import type { Committed } from './processor.ts'
import { ReadingCounts } from './reading-counts.ts'

/**
 * Fills the telemetry store from the journal, with a cursor of its own, never ahead of the
 * processor. Readings that the processor has just decoded are taken as they are; after a restart
 * or an outage they are decoded again and the processor's verdicts applied, with the same result.
 */

/** Decisions looked up at once while catching up, and bytes of journal decoded for one batch. */
const CATCH_UP_VERDICTS = 500
const CATCH_UP_BYTES = 1024 * 1024
/** Readings, and batches, held for the store at the most; beyond, the journal is read again. */
const HELD_READINGS = 100_000

/** Readings of consecutive records. */
interface Batch {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly readings: PackedReadings
  readonly counts: readonly ReadingCount[]
}

export class TelemetryWriter {
  readonly #store: TelemetryStore
  readonly #state: StateStore
  readonly #journal: JournalReader
  readonly #decoders: ReadonlyMap<string, Decoder>
  #cursor: number
  #refused = 0
  /** The last batch had no answer: it may be stored or not. */
  #unsure = false
  /** Consecutive, the newest last. */
  #held: Batch[] = []
  #heldReadings = 0
  /** Null: not known, to be counted from the stored verdicts. */
  #unstored: ReadingCounts | null = null

  constructor(parts: {
    store: TelemetryStore
    state: StateStore
    journal: JournalReader
    decoders: ReadonlyMap<string, Decoder>
    cursor: number
  }) {
    this.#store = parts.store
    this.#state = parts.state
    this.#journal = parts.journal
    this.#decoders = parts.decoders
    this.#cursor = parts.cursor
  }

  /** Number of the last journal record whose readings are stored. */
  get cursor(): number {
    return this.#cursor
  }

  /** Readings that the store refused since the start. */
  get refused(): number {
    return this.#refused
  }

  /** As much is held as may be in comfort: with a few commits more it would be dropped. */
  get full(): boolean {
    return this.#heldReadings >= HELD_READINGS / 2
  }

  /** Hands over what the processor has just committed. */
  offer({ firstSeq, lastSeq, effects }: Pick<Committed, 'firstSeq' | 'lastSeq' | 'effects'>): void {
    const readings = effects.accepted
    const counts = acceptedCounts(effects)
    this.#unstored?.add(counts)
    const joins = this.#held.length === 0 || this.#held.at(-1)?.lastSeq === firstSeq - 1
    // A batch without readings takes room as well: a flood of refused messages has nothing else.
    const held = this.#heldReadings + this.#held.length
    if (!joins || held + readings.length > HELD_READINGS) this.#hold([])
    this.#held.push({ firstSeq, lastSeq, readings, counts })
    this.#heldReadings += readings.length
  }

  /**
   * Counts what is not stored, before anything waits: after hours of an outage it takes seconds,
   * which later would be the rules'. From then on it is kept count of.
   */
  async count(): Promise<void> {
    await this.unstored(this.#cursor)
  }

  /** Writes what is there, up to the processor's cursor. */
  async writeUpTo(processed: number): Promise<void> {
    while (this.#cursor < processed) {
      if ((await this.writeNext()) === null) return
    }
  }

  /** Writes the next batch: how many readings it had; null where there is none. */
  async writeNext(): Promise<number | null> {
    // Only the store knows how far it came; the next batch may be cut differently.
    if (this.#unsure) {
      const reached = await this.#store.cursor()
      if (reached !== this.#cursor) this.#unstored = null
      this.#cursor = reached
      this.#unsure = false
    }
    const batch = this.#takeHeld() ?? (await this.#readAgain())
    if (batch === null) return null
    this.#unsure = true
    this.#refused += await this.#store.append({ readings: batch.readings, upTo: batch.lastSeq })
    this.#unsure = false
    this.#cursor = batch.lastSeq
    this.#unstored?.subtract(batch.counts)
    return batch.readings.length
  }

  /**
   * Accepted readings that are not stored, as of the store's cursor. They are kept count of,
   * because during an outage there are verdicts without number.
   */
  async unstored(storeCursor: number): Promise<readonly ReadingCount[]> {
    if (storeCursor === this.#cursor && this.#unstored !== null) return this.#unstored.list()
    const counted = await this.#state.unstored(storeCursor)
    // Between the store's commit and its answer the two cursors differ for a moment.
    if (storeCursor === this.#cursor) this.#unstored = new ReadingCounts(counted)
    return counted
  }

  #hold(batches: Batch[]): void {
    this.#held = batches
    this.#heldReadings = batches.reduce((sum, one) => sum + one.readings.length, 0)
  }

  /** What is held and joins on to the cursor, as one batch. */
  #takeHeld(): Batch | null {
    const held = this.#held.filter((one) => one.lastSeq > this.#cursor)
    const first = held[0]
    const joins = first !== undefined && first.firstSeq === this.#cursor + 1
    this.#hold(joins ? [] : held)
    if (!joins) return null
    return {
      firstSeq: first.firstSeq,
      lastSeq: (held.at(-1) as Batch).lastSeq,
      readings: PackedReadings.joined(held.map((one) => one.readings)),
      counts: held.flatMap((one) => one.counts),
    }
  }

  /** A stretch of the journal, decoded again: small, because the rules share this thread. */
  async #readAgain(): Promise<Batch | null> {
    const verdicts = await this.#state.verdicts(this.#cursor, CATCH_UP_VERDICTS)
    if (verdicts.length === 0) return null
    const records: JournalRecord[] = []
    const reached = () => records.at(-1)?.seq ?? this.#cursor
    // A verdict may be about more than one stretch: the first is always read whole.
    do {
      const more = this.#journal.read(reached(), CATCH_UP_BYTES)
      if (more.length === 0) throw new Error(`the journal ends at record ${reached()}`)
      records.push(...more)
    } while (reached() < (verdicts[0] as Verdicts).lastSeq)
    const lastSeq = verdicts.findLast((one) => one.lastSeq <= reached())?.lastSeq as number
    const readings = new PackedReadings()
    for (const record of records) {
      if (record.seq > lastSeq) break
      for (const one of acceptedReadings(record, this.#decoders, verdicts)) readings.add(one)
    }
    const counts = verdicts.filter((one) => one.lastSeq <= lastSeq).flatMap((one) => one.accepted)
    return { firstSeq: this.#cursor + 1, lastSeq, readings, counts }
  }
}

/** The accepted readings of a record, by decoding it and applying the processor's verdicts. */
function acceptedReadings(
  record: JournalRecord,
  decoders: ReadonlyMap<string, Decoder>,
  verdicts: readonly Verdicts[],
): MeasuredReading[] {
  const decided = whatBecameOf(record, decoders, verdicts)
  if (decided === null) return []
  const { deviceId, message } = decided
  return decided.readings.map(({ one, observedAt }) => ({
    deviceId,
    observedAt,
    receivedAt: message.receivedAt,
    seq: one.seq,
    values: one.values,
  }))
}
