import fc from 'fast-check'
import { expect } from 'vitest'
import { createDecoder } from '../../src/decode/decode.ts'
import { createWorld } from '../../src/engine/world.ts'
import { openJournal, openJournalReader } from '../../src/journal/open.ts'
import type { JournalReader } from '../../src/journal/port.ts'
import type { JournalRecord } from '../../src/model/record.ts'
import { createDevices } from '../../src/processor/operations.ts'
import { type Committed, Processor } from '../../src/processor/processor.ts'
import { TelemetryWriter } from '../../src/processor/telemetry-writer.ts'
import { openStateStore, openTelemetryStore } from '../../src/store/open.ts'
import { PROBE, PROBE_RULES } from './kind.ts'
import { freshFolder } from './places.ts'
import { record } from './records.ts'
import { journal as streams } from './streams.ts'
import { TEST_CITY, testDevice } from './world.ts'

/** Journal, state and telemetry at work together, on files, without threads. */

export const KNOWN = ['dev-a', 'dev-b']
const decoders = new Map([[PROBE.name, createDecoder(PROBE)]])

/** Writes records as commits of the sizes given. */
async function writeJournal(
  folder: string,
  records: readonly JournalRecord[],
  sizes: readonly number[],
) {
  const journal = await openJournal(folder)
  for (let at = 0, i = 0; at < records.length; i++) {
    const batch = records.slice(at, at + (sizes[i % sizes.length] as number))
    // What is appended in one turn of the loop is one commit.
    const outcomes = batch.map(
      (one) => new Promise<Error | null>((resolve) => journal.append(one, resolve)),
    )
    expect(await Promise.all(outcomes)).toEqual(batch.map(() => null))
    at += batch.length
  }
  await journal.close()
}

/** Journal and rules, with the devices that are known. */
export async function openRules(
  records: readonly JournalRecord[],
  sizes: readonly number[],
  rules = PROBE_RULES,
) {
  const folder = freshFolder()
  await writeJournal(folder, records, sizes)
  const journal = openJournalReader(folder)
  const state = openStateStore({ dataDir: folder })
  /** As after a start: with what is stored, and nothing else. */
  const start = async (reader: Partial<JournalReader> = {}) => {
    const processor = new Processor({
      // A commit at a time, so that there are many decisions.
      journal: { ...journal, read: (after) => journal.read(after, 1), close() {}, ...reader },
      state,
      newWorld: () => createWorld(TEST_CITY, [PROBE]),
      catalogRules: rules,
      endedCase: async () => null,
    })
    await processor.load()
    return processor
  }
  const processor = await start()
  createDevices(
    processor.desk,
    KNOWN.map((id) => testDevice('probe', id)),
  )
  await processor.commit()
  return { folder, journal, state, processor, start }
}

/** Journal, rules and telemetry. */
export async function openPipeline(records: readonly JournalRecord[], sizes: readonly number[]) {
  const { folder, journal, state, processor } = await openRules(records, sizes)
  const at = {
    dataDir: folder,
    kinds: [PROBE],
    location: { type: 'sqlite' as const },
    districtOf: () => null,
  }
  const telemetry = openTelemetryStore(at)
  const writerOf = async (store = telemetry) =>
    new TelemetryWriter({ store, state, journal, decoders, cursor: await store.cursor() })
  return { at, journal, state, telemetry, processor, writerOf }
}

/** Takes one commit of the journal; null at its end. */
export async function turn(processor: Processor): Promise<Committed | null> {
  return (await processor.takeRecords()) ? await processor.commit() : null
}

/** Some quarantined messages are replayed at the end, once or twice, good or still bad. */
function withReplays(records: readonly JournalRecord[], which: readonly number[]): JournalRecord[] {
  const all = [...records]
  for (const place of which) {
    const of = records[place % records.length] as JournalRecord
    const replay = {
      quarantineId: `q-${of.seq}`,
      receivedAt: of.receivedAt,
      topic: of.topic,
      indices: null,
      payloadBase64: Buffer.from(of.payload).toString('base64'),
    }
    const now = (all.at(-1) as JournalRecord).receivedAt
    all.push(record(all.length + 1, 'replay', now, '', JSON.stringify(replay)))
  }
  return all
}

export const journals = fc
  .tuple(streams({ maxLength: 25 }, [...KNOWN, 'stranger']), fc.array(fc.nat(), { maxLength: 4 }))
  .map(([records, which]) => withReplays(records, which))
export const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })
