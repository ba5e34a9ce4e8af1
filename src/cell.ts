import { Worker } from 'node:worker_threads'
import { Credentials } from './broker/credentials.ts'
import { openEmbeddedBroker } from './broker/embedded.ts'
import type { MqttPorts } from './broker/listen.ts'
import type { CellSample } from './cells/protocol.ts'
import type { Core, CoreParts } from './core.ts'
import { HealthSampler } from './exporter/health-sample.ts'
import { Ingest } from './ingest/ingest.ts'
import { openJournal } from './journal/open.ts'
import { AppError } from './model/errors.ts'
import type { Partition } from './model/partition.ts'
import { DAY, type Instant } from './model/time.ts'
import type { Clock } from './ops/clock.ts'
import { watchJournalHold } from './ops/data-dir.ts'
import { giveBackAfterRushes, setUpCollector } from './ops/memory.ts'
import { metricValues } from './ops/metric-values.ts'
import { lowerThreads } from './ops/priority.ts'
import { secretMatches } from './ops/secret.ts'
import type { PipelineSettings } from './pipeline-thread.ts'
import { PipelineClient } from './processor/client.ts'
import { openStateReader, openTelemetryReader } from './store/open.ts'
import { startTicker } from './ticker.ts'
import {
  createGate,
  healthPlaces,
  LiveHub,
  publishCommands,
  publishWaiting,
  replayMessage,
  reportNews,
} from './wiring.ts'

/**
 * What a cell is; it reads as the flow: broker → ingest → journal → pipeline. It has all devices,
 * in the process of the API, or some of them in a process of its own (cell-process.ts). The
 * pipeline's own root is pipeline-thread.ts.
 */
export interface CellParts extends CoreParts {
  readonly partition: Partition
  /** null: connections come by `serve` only. */
  readonly ports: MqttPorts | null
  /** Gives the clock; `reached` is the time that is in the books. */
  readonly clockFrom: (reached: Instant) => Clock | Promise<Clock>
}

export interface Cell extends Core {
  /** How it is, in numbers that can be added to those of other cells. */
  detail(): Promise<CellSample>
}

/** The largest packet of MQTT. */
export const PACKET_BYTES = 256 * 1024
const TOPIC_LEVELS = 8
/**
 * An acknowledgement goes before the rules, these before what nobody waits for: nice values that
 * threads are below the main thread. Unsourced (docs/adr/0024).
 */
const LOWER_BY = new Map([
  ['pipeline', 4],
  ['telemetry', 10],
  // Those that compile and collect garbage for V8.
  ['V8Worker', 10],
])

export async function openCell(parts: CellParts): Promise<Cell> {
  const { dataDir, partition, settings, kinds, location, metrics, health, log, onFatal } = parts
  // Of this process, so of the threads that begin below as well.
  setUpCollector()
  const journal = await openJournal(dataDir)
  const pipeline = await startPipeline(parts, journal.end)
  lowerThreads(LOWER_BY)
  const reached = Math.max(pipeline.cursor, pipeline.stored)
  if (reached > journal.lastSeq) {
    // New messages would get numbers that count as processed.
    const message = `the journal in ${dataDir} ends at record ${journal.lastSeq}, rules or store have come to ${reached}`
    throw new AppError('JOURNAL_BEHIND', message)
  }
  const clock = await parts.clockFrom(Math.max(journal.openedAt, pipeline.reachedAt))
  const state = openStateReader({ dataDir })
  const telemetry = openTelemetryReader({ dataDir, kinds, location })

  const credentials = new Credentials(secretMatches, partition)
  for (const credential of await state.credentials()) credentials.set(credential)
  // What all cells may hold, and may have before them, is shared out evenly.
  const maxJournalBytes = (settings.CURBWATCH_JOURNAL_MAX_MB * 1024 * 1024) / partition.of
  const ingest = new Ingest({
    journal,
    now: clock.now,
    real: clock.real,
    messagesPerSecond: settings.CURBWATCH_DEVICE_RATE,
    maxJournalBytes,
    maxBacklog: Math.ceil(settings.CURBWATCH_BACKLOG_MAX / partition.of),
    observe: health.observeIngest(metrics, log),
  })
  await markStart(ingest)

  const broker = await openEmbeddedBroker({
    ports: parts.ports,
    limits: { packetBytes: PACKET_BYTES, topicLevels: TOPIC_LEVELS },
    gate: createGate(credentials, metrics, log),
    receiver: ingest,
    onListening: (device) => {
      publishWaiting(device, { state, broker, clock }).catch((error: unknown) => {
        log.warn({ err: error, deviceId: device.id }, 'waiting commands were not sent')
      })
    },
  })
  const hub = new LiveHub()
  const sampler = new HealthSampler(performance.now())
  const ticker = startTicker({ journal, pipeline, ingest, clock, broker, metrics, sampler })
  const hold = watchJournalHold(dataDir)
  const stopGivingBack = giveBackAfterRushes('foreground')
  reportNews(pipeline, {
    ...{ journal, ingest, credentials, broker, hub, metrics, health, log },
    journalHeld: hold.held,
  })
  publishCommands(pipeline, broker)
  pipeline.on('died', onFatal)
  const places = () => healthPlaces({ journal, pipeline, clock, maxJournalBytes })

  return {
    clock,
    state,
    telemetry,
    address: broker.address,
    metrics: metrics.registry,
    serve: (connection, remote) => broker.serve(connection, remote),
    async ask(name, input) {
      if (name === 'ledger.page') await ticker.reportShed()
      return pipeline.ask(name, input)
    },
    troubles: () => health.troubles(),
    warnings: () => health.warnings(),
    replay: (id) => replayMessage(id, { state, ingest, journal, pipeline }),
    watch: (listener) => hub.watch(listener),
    sample: async () => sampler.sample(await metricValues(metrics), places(), performance.now()),
    async detail() {
      const counters = await metricValues(metrics)
      const now = places()
      const { lagProcessorS, lagTelemetryS } = sampler.sample(counters, now, performance.now())
      return { counters, places: now, lagProcessorS, lagTelemetryS }
    },
    async stop() {
      ticker.stop()
      stopGivingBack()
      await broker.close()
    },
    async finish() {
      await ticker.reportShed()
      await pipeline.ask('processed', { seq: journal.lastSeq })
    },
    async close() {
      // The writer closes last: it folds the write-ahead log into the file.
      await state.close()
      await telemetry.close()
      await pipeline.close()
      await journal.close()
      hold.close()
    },
  }
}

function startPipeline(parts: CellParts, journalEnd: SharedArrayBuffer): Promise<PipelineClient> {
  const { dataDir, city, partition, location, settings, log } = parts
  // An InfluxDB is everybody's: one cell lets go of what is old there.
  const hasItsOwn = location.type === 'sqlite' || partition.cell === 0
  const workerData: PipelineSettings = {
    dataDir,
    journalEnd,
    city,
    partition,
    telemetry: location,
    retention: {
      telemetry: hasItsOwn ? settings.CURBWATCH_TELEMETRY_DAYS * DAY : null,
      quarantine: settings.CURBWATCH_QUARANTINE_DAYS * DAY,
    },
  }
  const worker = new Worker(new URL('./pipeline-thread.ts', import.meta.url), {
    name: 'pipeline',
    workerData,
  })
  return PipelineClient.connect(worker, ({ kind, devices, of }) => {
    log.info({ kind, devices, of }, 'readings of a former version are taken over')
  })
}

/** Tells the rules that nobody was heard until now because nobody was listening. */
function markStart(ingest: Ingest): Promise<void> {
  return new Promise((resolve, reject) => {
    ingest.append('mark', '', Buffer.from('started'), (error) => {
      if (error === null) resolve()
      else reject(new AppError('JOURNAL_UNAVAILABLE', error.message, { cause: error }))
    })
  })
}
