import { parentPort, workerData } from 'node:worker_threads'
import { catalogRules, loadKinds } from './catalog/catalog.ts'
import { createDecoder } from './decode/decode.ts'
import { createWorld } from './engine/world.ts'
import { openJournalReader } from './journal/open.ts'
import type { City } from './model/city.ts'
import type { Duration } from './model/time.ts'
import { Pipeline } from './processor/pipeline.ts'
import { Processor } from './processor/processor.ts'
import type { PipelineMessage, PipelineRequest } from './processor/protocol.ts'
import { TelemetryWriter } from './processor/telemetry-writer.ts'
import { openStateReader, openStateStore, openTelemetryStore } from './store/open.ts'

/**
 * The composition root of the pipeline's thread: decode, rules, cases and stores live here, so
 * that a slow rule or a slow disk never delays an acknowledgement.
 */
export interface PipelineSettings {
  readonly dataDir: string
  readonly city: City
  readonly retention: { readonly telemetry: Duration; readonly quarantine: Duration }
}

const port = parentPort
if (port === null) throw new Error('the pipeline runs in a thread of its own')
const post = (message: PipelineMessage) => port.postMessage(message)
const { dataDir, city, retention } = workerData as PipelineSettings

const kinds = await loadKinds()
const at = { dataDir, kinds }
const state = openStateStore(at)
const reader = openStateReader(at)
const telemetry = openTelemetryStore(at)
const journal = openJournalReader(dataDir)
const processor = new Processor({
  journal,
  state,
  newWorld: () => createWorld(city, kinds),
  catalogRules: kinds.flatMap(catalogRules),
  endedCase: async (id) => (await reader.case(id))?.case ?? null,
})
await processor.load()
const writer = new TelemetryWriter({
  store: telemetry,
  state,
  journal,
  decoders: new Map(kinds.map((kind) => [kind.name, createDecoder(kind)])),
  cursor: await telemetry.cursor(),
})
const pipeline = new Pipeline({ processor, writer, journal, state, telemetry, post, retention })

port.on('message', (request: PipelineRequest) => pipeline.receive(request))
post({ type: 'ready', cursor: processor.cursor, now: processor.world.now })
await pipeline.run()
// The writer of a file closes after its readers: it folds the write-ahead log into it.
for (const part of [journal, reader, state, telemetry]) await part.close()
port.close()
