import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { createApi } from './api/server.ts'
import { Credentials } from './broker/credentials.ts'
import { type EmbeddedBroker, type EmbeddedOptions, openEmbeddedBroker } from './broker/embedded.ts'
import { serveWebSockets } from './broker/websocket.ts'
import { loadKinds } from './catalog/catalog.ts'
import type { Settings } from './config/settings.ts'
import { startExporter } from './exporter/client.ts'
import { HealthSampler } from './exporter/health-sample.ts'
import { Ingest } from './ingest/ingest.ts'
import { openJournal } from './journal/open.ts'
import type { City } from './model/city.ts'
import { AppError } from './model/errors.ts'
import { parseInfluxUrl, type TelemetryLocation } from './model/store-location.ts'
import { DAY } from './model/time.ts'
import { type Clock, createClock, realTime, startClock } from './ops/clock.ts'
import { adminToken, influxToken, takeDataDir, watchJournalHold } from './ops/data-dir.ts'
import type { Logger } from './ops/logger.ts'
import { createMetrics } from './ops/metrics.ts'
import { createSecret, hashSecret, secretMatches } from './ops/secret.ts'
import type { PipelineSettings } from './pipeline-thread.ts'
import { PipelineClient } from './processor/client.ts'
import { openStateReader, openTelemetryReader } from './store/open.ts'
import { startTicker } from './ticker.ts'
import {
  createGate,
  Health,
  healthSample,
  LiveHub,
  publishCommands,
  publishWaiting,
  replayMessage,
  reportNews,
} from './wiring.ts'

/**
 * The composition root. It reads as the flow: broker → ingest → journal → pipeline → API; the
 * only file of the main thread that knows all stages. The pipeline's own root is
 * pipeline-thread.ts.
 */
export interface Service {
  readonly token: string
  readonly address: { readonly http: number; readonly mqtt: number; readonly mqtts: number | null }
  /** Takes nothing new, finishes what was taken, closes. */
  close(): Promise<void>
}

const PACKET_BYTES = 256 * 1024
const TOPIC_LEVELS = 8

export async function startService(
  settings: Settings,
  city: City,
  log: Logger,
  onFatal: (error: Error) => void,
): Promise<Service> {
  const dataDir = takeDataDir(settings.CURBWATCH_DATA_DIR)
  const token = adminToken(dataDir.path, settings.CURBWATCH_ADMIN_TOKEN)
  const kinds = await loadKinds()
  const metrics = createMetrics()
  const health = new Health()

  const journal = await openJournal(dataDir.path)
  const location = telemetryLocation(settings, dataDir.path)
  const pipeline = await startPipeline(dataDir.path, city, location, settings)
  const clock = setClock(settings, Math.max(journal.openedAt, pipeline.reachedAt), log)
  const state = openStateReader({ dataDir: dataDir.path })
  const telemetry = openTelemetryReader({ dataDir: dataDir.path, kinds, location })

  const credentials = new Credentials(secretMatches)
  for (const credential of await state.credentials()) credentials.set(credential)
  const ingest = new Ingest({
    journal,
    now: clock.now,
    real: clock.real,
    messagesPerSecond: settings.CURBWATCH_DEVICE_RATE,
    maxJournalBytes: settings.CURBWATCH_JOURNAL_MAX_MB * 1024 * 1024,
    maxBacklog: settings.CURBWATCH_BACKLOG_MAX,
    observe: health.observeIngest(metrics, log),
  })
  await markStart(ingest)

  const broker = await openBroker(settings, {
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
  const hold = watchJournalHold(dataDir.path)
  reportNews(pipeline, {
    journal,
    ingest,
    credentials,
    broker,
    hub,
    metrics,
    health,
    log,
    journalHeld: hold.held,
  })
  publishCommands(pipeline, broker)
  pipeline.on('died', onFatal)
  journal.onBroken(onFatal)

  const api = await createApi(
    {
      token,
      webhookSecret: settings.CURBWATCH_GRAFANA_WEBHOOK_SECRET,
      city,
      kinds,
      state,
      telemetry,
      clock: { now: clock.now, real: realTime, speed: clock.setting.speed },
      secrets: { create: createSecret, hash: hashSecret, newId: randomUUID },
      metrics: metrics.registry,
      ask: async (name, input) => {
        if (name === 'ledger.page') await ticker.reportShed()
        return pipeline.ask(name, input)
      },
      troubles: () => health.troubles(),
      warnings: () => health.warnings(),
      replay: (id) => replayMessage(id, { state, ingest, journal, pipeline }),
      delivered: (status) => metrics.deliveries.inc({ status }),
      watch: (listener) => hub.watch(listener),
    },
    log,
  )
  serveWebSockets(api.server, PACKET_BYTES, (connection, remote) =>
    broker.serve(connection, remote),
  )
  await listenHttp(api, settings)
  const exporter =
    location.type === 'sqlite'
      ? null
      : startExporter({
          dataDir: dataDir.path,
          city,
          location,
          sample: () => healthSample(sampler, { metrics, journal, pipeline, clock, settings }),
          onTrouble: (message) => health.exporterTrouble(message, metrics, log),
          onExported: () => health.exported(),
        })
  const address = { http: (api.server.address() as AddressInfo).port, ...broker.address }
  log.info(
    { host: settings.CURBWATCH_MQTT_HOST, port: address.mqtt, tlsPort: address.mqtts },
    'mqtt listening',
  )
  log.info({ host: settings.CURBWATCH_HTTP_HOST, port: address.http }, 'http listening')

  const close = async () => {
    ticker.stop()
    await broker.close()
    await api.close()
    await ticker.reportShed()
    await pipeline.ask('processed', { seq: journal.lastSeq })
    // The writer closes last: it folds the write-ahead log into the file.
    await exporter?.close()
    await state.close()
    await telemetry.close()
    await pipeline.close()
    await journal.close()
    hold.close()
    dataDir.release()
  }
  return { token, address, close }
}

function startPipeline(
  dataDir: string,
  city: City,
  telemetry: TelemetryLocation,
  settings: Settings,
): Promise<PipelineClient> {
  const workerData: PipelineSettings = {
    dataDir,
    city,
    telemetry,
    retention: {
      telemetry: settings.CURBWATCH_TELEMETRY_DAYS * DAY,
      quarantine: settings.CURBWATCH_QUARANTINE_DAYS * DAY,
    },
  }
  const worker = new Worker(new URL('./pipeline-thread.ts', import.meta.url), {
    name: 'pipeline',
    workerData,
  })
  return PipelineClient.connect(worker)
}

/** Where telemetry goes; the token is the one given, or the one that `stack setup` has left. */
function telemetryLocation(settings: Settings, dataDir: string): TelemetryLocation {
  const influx = parseInfluxUrl(settings.CURBWATCH_TELEMETRY_URL)
  if (influx === null) return { type: 'sqlite' }
  return { ...influx, token: settings.CURBWATCH_INFLUX_TOKEN ?? influxToken(dataDir) }
}

/** The clock never shows less than what is already in the books. */
function setClock(settings: Settings, reached: number, log: Logger): Clock {
  const wanted =
    settings.CURBWATCH_CLOCK_START === null
      ? realTime()
      : Date.parse(settings.CURBWATCH_CLOCK_START)
  if (reached > wanted)
    log.warn(
      { reached: new Date(reached) },
      'the books are ahead of the clock: going on from there',
    )
  return createClock(startClock(settings.CURBWATCH_CLOCK_SPEED, Math.max(wanted, reached)))
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

async function openBroker(
  settings: Settings,
  ends: Pick<EmbeddedOptions, 'gate' | 'receiver' | 'onListening'>,
): Promise<EmbeddedBroker> {
  const { CURBWATCH_TLS_CERT, CURBWATCH_TLS_KEY, CURBWATCH_TLS_CLIENT_CA, CURBWATCH_MQTTS_PORT } =
    settings
  const tls =
    CURBWATCH_MQTTS_PORT === null || CURBWATCH_TLS_CERT === null || CURBWATCH_TLS_KEY === null
      ? null
      : {
          port: CURBWATCH_MQTTS_PORT,
          cert: readPem('CURBWATCH_TLS_CERT', CURBWATCH_TLS_CERT),
          key: readPem('CURBWATCH_TLS_KEY', CURBWATCH_TLS_KEY),
          ...(CURBWATCH_TLS_CLIENT_CA === null
            ? {}
            : {
                ca: readPem('CURBWATCH_TLS_CLIENT_CA', CURBWATCH_TLS_CLIENT_CA),
                requestCert: true,
                rejectUnauthorized: true,
              }),
        }
  try {
    return await openEmbeddedBroker({
      host: settings.CURBWATCH_MQTT_HOST,
      port: settings.CURBWATCH_MQTT_PORT,
      tls,
      limits: { packetBytes: PACKET_BYTES, topicLevels: TOPIC_LEVELS },
      ...ends,
    })
  } catch (cause) {
    throw portTaken(cause, 'CURBWATCH_MQTT_PORT')
  }
}

function readPem(setting: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new AppError('SETTINGS_INVALID', `${setting}: ${(cause as Error).message}`, { cause })
  }
}

async function listenHttp(
  api: Awaited<ReturnType<typeof createApi>>,
  settings: Settings,
): Promise<void> {
  try {
    await api.listen({ host: settings.CURBWATCH_HTTP_HOST, port: settings.CURBWATCH_HTTP_PORT })
  } catch (cause) {
    throw portTaken(cause, 'CURBWATCH_HTTP_PORT')
  }
}

function portTaken(cause: unknown, setting: string): unknown {
  if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') return cause
  return new AppError('PORT_TAKEN', `${setting}: ${(cause as Error).message}`, { cause })
}
