import { Publisher } from '../support/publisher.ts'
import { ADMIN_TOKEN, type Doc, type Registered, type Service } from '../support/service.ts'

/** A fleet of the six kinds, and the load that it makes: realistic readings, QoS 1, a window. */
const WINDOW = 20

const READINGS: Readonly<Record<string, (n: number) => object>> = {
  waterlogging: (n) => ({
    depthCm: (n % 20) / 10,
    rainfallMmH: n % 7,
    batteryPct: 90,
    rssiDbm: -80,
  }),
  dust: (n) => ({
    pm10: 60 + (n % 20),
    pm25: 30 + (n % 5),
    tsp: 120 + (n % 9),
    noiseDb: 55,
    temperatureC: 20.5,
    humidityPct: 50,
    windSpeedMs: 2.4,
    windDirDeg: 90,
  }),
  'tree-tilt': (n) => ({ tiltXDeg: (n % 10) / 100, tiltYDeg: 0.1, windSpeedMs: 3.1 }),
  'oil-fume': (n) => ({
    oilFumeMgM3: (n % 10) / 10,
    particulateMgM3: 2,
    nmhcMgM3: 3,
    fanOn: true,
    purifierOn: true,
  }),
  'manhole-cover': (n) => ({
    tiltDeg: (n % 10) / 10,
    open: false,
    waterLevelCm: 20,
    methanePctLel: 1,
  }),
  'sprinkler-truck': () => ({
    tankPct: 50,
    speedKmh: 30,
    lat: 35.05,
    lon: 118.3,
    spraying: false,
    flowLpm: 0,
  }),
}

export async function registerFleet(service: Service, size: number): Promise<Registered[]> {
  const kinds = Object.keys(READINGS)
  const rows = Array.from({ length: size }, (_, i) => ({
    id: `load-${i}`,
    kind: kinds[i % kinds.length] as string,
  }))
  const { body } = await service.request('POST', '/api/v1/devices/import', {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/x-ndjson' },
    body: rows.map((row) => JSON.stringify(row)).join('\n'),
  })
  const secrets = new Map<string, string>(body.accepted.map((one: Doc) => [one.id, one.secret]))
  return rows.map((row) => ({ ...row, secret: secrets.get(row.id) as string }))
}

/**
 * Publishes so many messages over all devices; closed loop, window of WINDOW a connection.
 * `stage`: they go on after `from` messages of a run that began at `start`.
 */
export async function drive(
  port: number,
  fleet: readonly Registered[],
  messages: number,
  stage: { start: number; from: number } | null = null,
): Promise<{ perSecond: number }> {
  const each = Math.floor(messages / fleet.length)
  const past = stage === null ? 0 : Math.floor(stage.from / fleet.length)
  const start = (stage?.start ?? Date.now() - each * 5) + past * 5
  const began = performance.now()
  const publishers = fleet.map((device, i) => {
    const count = each + (i < messages - each * fleet.length ? 1 : 0)
    const reading = READINGS[device.kind] as (n: number) => object
    const payload = (n: number) =>
      n > count ? null : JSON.stringify({ ts: start + n * 5, seq: past + n, ...reading(n) })
    return new Publisher({ port, device, window: WINDOW, payload })
  })
  await Promise.all(publishers.map((publisher) => publisher.until((one) => one.done)))
  const seconds = (performance.now() - began) / 1000
  for (const publisher of publishers) publisher.stop()
  return { perSecond: messages / seconds }
}
