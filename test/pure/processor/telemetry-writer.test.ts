import { expect, test, vi } from 'vitest'
import type { AcceptedReading } from '../../../src/engine/effects.ts'
import type { JournalReader } from '../../../src/journal/port.ts'
import { TelemetryWriter } from '../../../src/processor/telemetry-writer.ts'
import type { StateStore } from '../../../src/store/state-port.ts'
import type { TelemetryStore } from '../../../src/store/telemetry-port.ts'

/** What the writer keeps while its store is away. */

const DAY = '2026-11-23'
const ACCEPTED: readonly AcceptedReading[] = [
  {
    seq: 1,
    reading: {
      deviceId: 'dev-1',
      kind: 'probe',
      observedAt: Date.parse(DAY),
      receivedAt: Date.parse(DAY),
      seq: null,
      fields: {},
      unknownFields: [],
    },
  },
]

function writerOf() {
  const state = {
    verdicts: vi.fn(async () => []),
    unstored: vi.fn(async () => [{ day: DAY, kind: 'probe', readings: 5 }]),
  }
  const append = vi.fn(async () => 0)
  const writer = new TelemetryWriter({
    store: { append, cursor: async () => 0 } as unknown as TelemetryStore,
    state: state as unknown as StateStore,
    journal: {} as JournalReader,
    decoders: new Map(),
    cursor: 0,
  })
  return { writer, state, append }
}

test('batches without a reading are not held without end: the journal is read again', async () => {
  const { writer, state, append } = writerOf()
  for (let seq = 1; seq <= 100_001; seq++) writer.offer(seq, seq, [])
  writer.offer(100_002, 100_002, [])
  expect(await writer.writeNext()).toBeNull()
  expect(state.verdicts).toHaveBeenCalledOnce()
  expect(append).not.toHaveBeenCalled()
})

test('what is not stored is counted once, at the start, and then kept count of', async () => {
  const { writer, state } = writerOf()
  await writer.count()
  writer.offer(1, 1, ACCEPTED)
  expect(await writer.unstored(0)).toEqual([{ day: DAY, kind: 'probe', readings: 6 }])
  await writer.writeNext()
  expect(await writer.unstored(1)).toEqual([{ day: DAY, kind: 'probe', readings: 5 }])
  expect(state.unstored).toHaveBeenCalledOnce()
})
