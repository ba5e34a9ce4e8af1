import type { DecodedReading, Decoder } from '../decode/decode.ts'
import { byTime } from '../engine/telemetry.ts'
import { type JournalRecord, type Message, messageOf } from '../model/record.ts'
import type { Instant } from '../model/time.ts'
import { parseTopic } from '../model/topics.ts'
import { type Verdicts, WHOLE } from '../model/verdicts.ts'

/** What a record came to, found by decoding it again and applying the processor's verdicts. */
export interface Decided {
  readonly deviceId: string
  readonly kind: string
  readonly message: Message
  /** The accepted readings, in the processor's order. */
  readonly readings: readonly { readonly one: DecodedReading; readonly observedAt: Instant }[]
}

/** Null for a record that holds no readings, or that no verdict is about. */
export function whatBecameOf(
  record: JournalRecord,
  decoders: ReadonlyMap<string, Decoder>,
  verdicts: readonly Verdicts[],
): Decided | null {
  if (record.type !== 'telemetry' && record.type !== 'replay') return null
  const verdict = verdictOn(record.seq, verdicts)
  const message = messageOf(record)
  const topic = parseTopic(message.topic)
  const decode = decoders.get(topic?.kind ?? '')
  if (verdict === undefined || topic === null || decode === undefined) return null
  const of = <T extends readonly [number, number, ...unknown[]]>(list: readonly T[]) =>
    list.filter(([seq]) => seq === record.seq)
  const refused = new Set(of(verdict.exceptions.refused).map(([, index]) => index))
  const moved = new Map(of(verdict.exceptions.moved).map(([, index, at]) => [index, at]))
  const readings = refused.has(WHOLE)
    ? []
    : // In the processor's order: of two readings of one moment the later one wins.
      byTime(decode(message.payload, message.receivedAt).readings)
        .filter((one) => message.indices?.has(one.index) ?? true)
        .filter((one) => !refused.has(one.index))
        .map((one) => ({
          one,
          observedAt: moved.get(one.index) ?? one.ts ?? message.receivedAt,
        }))
  return { deviceId: topic.deviceId, kind: topic.kind, message, readings }
}

/** The verdict whose stretch holds the record; verdicts are in order and do not overlap. */
function verdictOn(seq: number, verdicts: readonly Verdicts[]): Verdicts | undefined {
  let low = 0
  let high = verdicts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((verdicts[middle] as Verdicts).lastSeq < seq) low = middle + 1
    else high = middle
  }
  const found = verdicts[low]
  return found !== undefined && found.firstSeq <= seq ? found : undefined
}
