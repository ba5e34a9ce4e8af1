import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createApi } from './api/server.ts'
import type { MqttPorts } from './broker/listen.ts'
import { serveWebSockets } from './broker/websocket.ts'
import { loadKinds } from './catalog/catalog.ts'
import { openCell, PACKET_BYTES } from './cell.ts'
import type { Settings } from './config/settings.ts'
import type { Core, CoreParts } from './core.ts'
import { startExporter } from './exporter/client.ts'
import { openFront } from './front.ts'
import type { City } from './model/city.ts'
import { AppError } from './model/errors.ts'
import { ONE_CELL } from './model/partition.ts'
import { parseInfluxUrl, type TelemetryLocation } from './model/store-location.ts'
import type { Instant } from './model/time.ts'
import { type Clock, createClock, realTime, startClock } from './ops/clock.ts'
import { adminToken, claimCells, influxToken, takeDataDir } from './ops/data-dir.ts'
import type { Logger } from './ops/logger.ts'
import { createMetrics } from './ops/metrics.ts'
import { createSecret, hashSecret } from './ops/secret.ts'
import { Health } from './wiring.ts'

/**
 * The composition root: the API on top of what takes, keeps and works off the messages. That is
 * one cell in this process (cell.ts), or a front with cells in processes of their own (front.ts).
 */
export interface Service {
  readonly token: string
  readonly address: { readonly http: number; readonly mqtt: number; readonly mqtts: number | null }
  /** Takes nothing new, finishes what was taken, closes. */
  close(): Promise<void>
}

export async function startService(
  settings: Settings,
  city: City,
  log: Logger,
  onFatal: (error: Error) => void,
): Promise<Service> {
  const dataDir = takeDataDir(settings.CURBWATCH_DATA_DIR)
  claimCells(dataDir.path, settings.CURBWATCH_CELLS)
  const token = adminToken(dataDir.path, settings.CURBWATCH_ADMIN_TOKEN)
  const kinds = await loadKinds()
  const location = telemetryLocation(settings, dataDir.path)
  const metrics = createMetrics()
  const health = new Health()
  const core = await openCore(
    { dataDir: dataDir.path, settings, city, kinds, location, metrics, health, log, onFatal },
    mqttPorts(settings),
  )

  const api = await createApi(
    {
      token,
      webhookSecret: settings.CURBWATCH_GRAFANA_WEBHOOK_SECRET,
      city,
      kinds,
      ...core,
      clock: { now: core.clock.now, real: realTime, speed: core.clock.setting.speed },
      secrets: { create: createSecret, hash: hashSecret, newId: randomUUID },
      delivered: (status) => metrics.deliveries.inc({ status }),
    },
    log,
  )
  serveWebSockets(api.server, PACKET_BYTES, (connection, remote) => core.serve(connection, remote))
  await listenHttp(api, settings)
  const exporter =
    location.type === 'sqlite'
      ? null
      : startExporter({
          dataDir: dataDir.path,
          cells: settings.CURBWATCH_CELLS,
          city,
          location,
          sample: () => core.sample(),
          onTrouble: (message) => health.exporterTrouble(message, metrics, log),
          onExported: () => health.exported(),
        })
  const address = { http: (api.server.address() as AddressInfo).port, ...core.address }
  log.info(
    { host: settings.CURBWATCH_MQTT_HOST, port: address.mqtt, tlsPort: address.mqtts },
    'mqtt listening',
  )
  log.info({ host: settings.CURBWATCH_HTTP_HOST, port: address.http }, 'http listening')

  const close = async () => {
    await core.stop()
    await api.close()
    await core.finish()
    await exporter?.close()
    await core.close()
    dataDir.release()
  }
  return { token, address, close }
}

/** With one cell there is no other process, and nothing between it and the API. */
async function openCore(parts: CoreParts, ports: MqttPorts): Promise<Core> {
  const { settings, log } = parts
  const clockFrom = (reached: Instant) => setClock(settings, reached, log)
  try {
    return settings.CURBWATCH_CELLS === 1
      ? await openCell({ ...parts, partition: ONE_CELL, ports, clockFrom })
      : await openFront({ ...parts, ports, clockFrom })
  } catch (cause) {
    throw portTaken(cause, 'CURBWATCH_MQTT_PORT')
  }
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

function mqttPorts(settings: Settings): MqttPorts {
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
  return { host: settings.CURBWATCH_MQTT_HOST, port: settings.CURBWATCH_MQTT_PORT, tls }
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
