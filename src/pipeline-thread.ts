import { parentPort, workerData } from 'node:worker_threads'
import { catalogRules, loadKinds } from './catalog/catalog.ts'
import { createDecoder } from './decode/decode.ts'
import { createWorld } from './engine/world.ts'
import { openJournalReader } from './journal/open.ts'
import type { City } from './model/city.ts'
import type { Partition } from './model/partition.ts'
import type { TelemetryLocation } from './model/store-location.ts'
import type { Duration } from './model/time.ts'
import { giveBackAfterRushes } from './ops/memory.ts'
import { Pipeline } from './processor/pipeline.ts'
import { Processor } from './processor/processor.ts'
import type { PipelineMessage, PipelineRequest } from './processor/protocol.ts'
import { TelemetryFeed } from './processor/telemetry-feed.ts'
import { TelemetryWriter } from './processor/telemetry-writer.ts'
import { openStateReader, openStateStore, openTelemetryStore } from './store/open.ts'

/**
 * The composition root of the pipeline's thread: decode, rules, cases and stores live here, so
 * that a slow rule or a slow disk never delays an acknowledgement.
 */
export interface PipelineSettings {
  readonly dataDir: string
  /** How far the journal may be read (`Journal.end`). */
  readonly journalEnd: SharedArrayBuffer
  readonly city: City
  readonly partition: Partition
  readonly telemetry: TelemetryLocation
  readonly retention: { readonly telemetry: Duration | null; readonly quarantine: Duration }
}

/** A remote store takes a request for a few commits rather than one for each. */
const remoteLinger = (readings: number) => (readings < 1_000 ? 200 : 0)
/** The local store takes what a commit has brought: it costs by readings, not by batches. */
const localLinger = () => 0
/** How long a stop waits for a store that does not answer; the rest is in the journal. */
const CLOSING_MS = 5_000

const port = parentPort
if (port === null) throw new Error('the pipeline runs in a thread of its own')
const post = (message: PipelineMessage) => port.postMessage(message)
const settings = workerData as PipelineSettings
const { dataDir, city, partition, retention } = settings

const kinds = await loadKinds()
const state = openStateStore({ dataDir })
const reader = openStateReader({ dataDir })
const journal = openJournalReader(dataDir, settings.journalEnd)
const processor = new Processor({
  journal,
  state,
  newWorld: () => createWorld(city, kinds, partition),
  catalogRules: kinds.flatMap(catalogRules),
  endedCase: async (id) => (await reader.case(id))?.case ?? null,
})
await processor.load()
const telemetry = openTelemetryStore({
  dataDir,
  kinds,
  location: settings.telemetry,
  districtOf: (deviceId) => processor.world.devices.get(deviceId)?.device.districtId ?? null,
  onTakeOver: (kind, devices, of) => post({ type: 'takingOver', kind, devices, of }),
})
const writer = new TelemetryWriter({
  store: telemetry,
  state,
  journal,
  decoders: new Map(kinds.map((kind) => [kind.name, createDecoder(kind)])),
  cursor: await telemetry.cursor(),
})
await writer.count()
const releasable = () => Math.min(processor.statesUpTo, writer.cursor)
const feed = new TelemetryFeed({
  writer,
  store: telemetry,
  lingerMs: settings.telemetry.type === 'sqlite' ? localLinger : remoteLinger,
  onStored: (upTo) =>
    post({
      type: 'stored',
      upTo,
      releasable: releasable(),
      refused: writer.refused,
    }),
  onTrouble: (message) => post({ type: 'trouble', where: 'telemetry', message }),
})
const pipeline = new Pipeline({
  processor,
  writer,
  feed,
  journal,
  state,
  telemetry,
  releasable,
  post,
  storeIsLocal: settings.telemetry.type === 'sqlite',
  retention,
})

port.on('message', (request: PipelineRequest) => pipeline.receive(request))
post({
  type: 'ready',
  cursor: processor.cursor,
  stored: writer.cursor,
  now: processor.world.now,
})
feed.follow(processor.cursor)
const stopGivingBack = giveBackAfterRushes('background')
await pipeline.run()
stopGivingBack()
await feed.close(CLOSING_MS)
// The writer of a file closes after its readers: it folds the write-ahead log into it.
for (const part of [journal, reader, state, telemetry]) await part.close()
port.close()
