import type { Decoder } from '../decode/decode.ts'
import type { AcceptedReading } from '../engine/effects.ts'
import { byTime } from '../engine/telemetry.ts'
import type { JournalReader } from '../journal/port.ts'
import type { Reading } from '../model/reading.ts'
import { type JournalRecord, messageOf } from '../model/record.ts'
import { parseTopic } from '../model/topics.ts'
import { type Verdicts, WHOLE } from '../model/verdicts.ts'
import type { StateStore } from '../store/state-port.ts'
import type { TelemetryStore } from '../store/telemetry-port.ts'

/**
 * Fills the telemetry store from the journal, with a cursor of its own, never ahead of the
 * processor. Readings that the processor has just decoded are taken as they are; after a restart
 * or an outage they are decoded again and the processor's verdicts applied, with the same result.
 */

/** Decisions applied in one batch while catching up. */
const CATCH_UP_VERDICTS = 20
const CATCH_UP_BYTES = 4 * 1024 * 1024
/** Readings held for the store at the most; beyond, they are read from the journal again. */
const HELD_READINGS = 100_000

interface Held {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly readings: readonly Reading[]
}

export class TelemetryWriter {
  readonly #store: TelemetryStore
  readonly #state: StateStore
  readonly #journal: JournalReader
  readonly #decoders: ReadonlyMap<string, Decoder>
  #cursor: number
  /** The last batch had no answer: it may be stored or not. */
  #unsure = false
  #held: Held[] = []

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

  /** Hands over what the processor has just committed. */
  offer(firstSeq: number, lastSeq: number, accepted: readonly AcceptedReading[]): void {
    const held = this.#held.reduce((sum, one) => sum + one.readings.length, 0)
    if (held + accepted.length > HELD_READINGS) {
      this.#held = []
      return
    }
    this.#held.push({ firstSeq, lastSeq, readings: accepted.map((one) => one.reading) })
  }

  /** Writes what is there, up to the processor's cursor. */
  async writeUpTo(processed: number): Promise<void> {
    while (this.#cursor < processed) {
      // Only the store knows how far it came; the next batch may be cut differently.
      if (this.#unsure) this.#cursor = await this.#store.cursor()
      this.#unsure = false
      const batch = this.#takeHeld() ?? (await this.#readAgain())
      if (batch === null) return
      this.#unsure = true
      await this.#store.append({ readings: batch.readings, upTo: batch.lastSeq })
      this.#unsure = false
      this.#cursor = batch.lastSeq
    }
  }

  /** What is held and joins on to the cursor, as one batch. */
  #takeHeld(): Held | null {
    const held = this.#held.filter((one) => one.lastSeq > this.#cursor)
    const joined = held[0]?.firstSeq === this.#cursor + 1
    this.#held = joined ? [] : held
    if (!joined) return null
    return {
      firstSeq: (held[0] as Held).firstSeq,
      lastSeq: (held.at(-1) as Held).lastSeq,
      readings: held.flatMap((one) => one.readings),
    }
  }

  async #readAgain(): Promise<Held | null> {
    const verdicts = await this.#state.verdicts(this.#cursor, CATCH_UP_VERDICTS)
    const last = verdicts.at(-1)
    if (last === undefined) return null
    const readings: Reading[] = []
    for (let at = this.#cursor; at < last.lastSeq; ) {
      const records = this.#journal.read(at, CATCH_UP_BYTES)
      if (records.length === 0) throw new Error(`the journal ends before record ${last.lastSeq}`)
      for (const record of records) {
        if (record.seq <= last.lastSeq)
          readings.push(...acceptedReadings(record, this.#decoders, verdicts))
      }
      at = (records.at(-1) as JournalRecord).seq
    }
    return { firstSeq: this.#cursor + 1, lastSeq: last.lastSeq, readings }
  }
}

/** The accepted readings of a record, by decoding it and applying the processor's verdicts. */
export function acceptedReadings(
  record: JournalRecord,
  decoders: ReadonlyMap<string, Decoder>,
  verdicts: readonly Verdicts[],
): Reading[] {
  if (record.type !== 'telemetry' && record.type !== 'replay') return []
  const verdict = verdicts.find((one) => one.firstSeq <= record.seq && record.seq <= one.lastSeq)
  const message = messageOf(record)
  const topic = parseTopic(message.topic)
  const decode = decoders.get(topic?.kind ?? '')
  if (verdict === undefined || topic === null || decode === undefined) return []
  const of = <T extends readonly [number, number, ...unknown[]]>(list: readonly T[]) =>
    list.filter(([seq]) => seq === record.seq)
  const refused = new Set(of(verdict.exceptions.refused).map(([, index]) => index))
  if (refused.has(WHOLE)) return []
  const moved = new Map(of(verdict.exceptions.moved).map(([, index, at]) => [index, at]))
  // In the processor's order: of two readings of one moment the later one wins.
  return byTime(decode(message.payload, message.receivedAt).readings)
    .filter((one) => message.indices?.has(one.index) ?? true)
    .filter((one) => !refused.has(one.index))
    .map((one) => ({
      deviceId: topic.deviceId,
      kind: topic.kind,
      observedAt: moved.get(one.index) ?? one.ts ?? message.receivedAt,
      receivedAt: message.receivedAt,
      seq: one.seq,
      fields: one.fields,
      unknownFields: one.unknownFields,
    }))
}
