import { expect, test, vi } from 'vitest'
import { createDecoder } from '../../../src/decode/decode.ts'
import { createEffects, ledgerOf } from '../../../src/engine/effects.ts'
import type { JournalReader } from '../../../src/journal/port.ts'
import type { JournalRecord } from '../../../src/model/record.ts'
import type { Verdicts } from '../../../src/model/verdicts.ts'
import { TelemetryWriter } from '../../../src/processor/telemetry-writer.ts'
import type { StateStore } from '../../../src/store/state-port.ts'
import type { TelemetryStore } from '../../../src/store/telemetry-port.ts'
import { PROBE, probed } from '../../support/kind.ts'
import { T0, telemetryRecord } from '../../support/records.ts'

/** What the writer keeps while its store is away. */

const DAY = '2026-11-23'

/** The record of this number came to nothing. */
function nothing(seq: number) {
  return { firstSeq: seq, lastSeq: seq, effects: createEffects() }
}

function oneReading(seq: number) {
  const done = nothing(seq)
  const at = Date.parse(DAY)
  const of = { deviceId: 'dev-1', seq: null, values: probed({}) }
  done.effects.accepted.add({ ...of, observedAt: at, receivedAt: at })
  ledgerOf(done.effects, at, 'probe').accepted++
  return done
}

function writerOf(more: { verdicts?: Verdicts[]; records?: JournalRecord[] } = {}) {
  const { verdicts = [], records = [] } = more
  const state = {
    verdicts: vi.fn(async () => verdicts),
    unstored: vi.fn(async () => [{ day: DAY, kind: 'probe', readings: 5 }]),
  }
  const append = vi.fn(async () => 0)
  const writer = new TelemetryWriter({
    store: { append, cursor: async () => 0 } as unknown as TelemetryStore,
    state: state as unknown as StateStore,
    // One record a stretch: a large one.
    journal: {
      read: (after: number) => records.filter(({ seq }) => seq === after + 1),
    } as unknown as JournalReader,
    decoders: new Map([['probe', createDecoder(PROBE)]]),
    cursor: 0,
  })
  return { writer, state, append }
}

test('batches without a reading are not held without end: the journal is read again', async () => {
  const { writer, state, append } = writerOf()
  for (let seq = 1; seq <= 100_001; seq++) writer.offer(nothing(seq))
  writer.offer(nothing(100_002))
  expect(await writer.writeNext()).toBeNull()
  expect(state.verdicts).toHaveBeenCalledOnce()
  expect(append).not.toHaveBeenCalled()
})

test('what is not stored is counted once, at the start, and then kept count of', async () => {
  const { writer, state } = writerOf()
  await writer.count()
  writer.offer(oneReading(1))
  expect(await writer.unstored(0)).toEqual([{ day: DAY, kind: 'probe', readings: 6 }])
  await writer.writeNext()
  expect(await writer.unstored(1)).toEqual([{ day: DAY, kind: 'probe', readings: 5 }])
  expect(state.unstored).toHaveBeenCalledOnce()
})

test('a stretch that is read again counts for itself, not for the decisions after it', async () => {
  const records = [1, 2].map((seq) => telemetryRecord(seq, T0, 'dev-1', { level: seq }))
  const verdicts = records.map(({ seq }) => ({
    firstSeq: seq,
    lastSeq: seq,
    accepted: [{ day: DAY, kind: 'probe', readings: seq }],
    exceptions: { refused: [], moved: [] },
  }))
  const { writer, append } = writerOf({ verdicts, records })
  await writer.count()
  expect(await writer.writeNext()).toBe(1)
  expect(append).toHaveBeenCalledWith(expect.objectContaining({ upTo: 1 }))
  expect(await writer.unstored(1)).toEqual([{ day: DAY, kind: 'probe', readings: 4 }])
})
