import { expect, test, vi } from 'vitest'
import { createEffects, ledgerOf } from '../../../src/engine/effects.ts'
import type { JournalReader } from '../../../src/journal/port.ts'
import { TelemetryWriter } from '../../../src/processor/telemetry-writer.ts'
import type { StateStore } from '../../../src/store/state-port.ts'
import type { TelemetryStore } from '../../../src/store/telemetry-port.ts'

/** What the writer keeps while its store is away. */

const DAY = '2026-11-23'

/** The record of this number came to nothing. */
function nothing(seq: number) {
  return { firstSeq: seq, lastSeq: seq, effects: createEffects() }
}

function oneReading(seq: number) {
  const done = nothing(seq)
  const at = Date.parse(DAY)
  const of = { deviceId: 'dev-1', kind: 'probe', seq: null, fields: {} }
  done.effects.accepted.add({ ...of, observedAt: at, receivedAt: at })
  ledgerOf(done.effects, at, 'probe').accepted++
  return done
}

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
