import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { loadKinds } from '../../src/catalog/catalog.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'
import type { Series } from '../../src/store/influxdb/connection.ts'
import { downsample } from './downsample.ts'
import { eventually } from './eventually.ts'
import type { InfluxServer } from './influx-servers.ts'
import { type Environment, runCurbwatch, spawnCurbwatch } from './process.ts'
import {
  ADMIN_TOKEN,
  DAY,
  type Doc,
  HOUR,
  iso,
  MINUTE,
  type Registered,
  Service,
} from './service.ts'
import { Witnesses, witnessId } from './witnesses.ts'

/**
 * A city as Grafana meets it: the service, the simulated fleet with its faults and officers, and
 * all four buckets filled by what fills them in the field. The clock shows two hours in a minute,
 * so that cases have time to be closed and to be late; then the fleet goes, the service is started
 * again on an ordinary clock, and the city stands still while tests look at it.
 */
export interface GrafanaCity {
  readonly server: InfluxServer
  readonly service: Service
  readonly kinds: readonly DeviceKind[]
  /** The moment of the last snapshot in `ops`: the "now" of boards and rules. */
  readonly now: number
  /** What the API said just before and just after that snapshot. */
  readonly state: CityState
  /** Devices to open the device board with: of each kind one of the fleet and one witness. */
  readonly devices: readonly string[]
  /** InfluxQL as Grafana's own login asks, by the uid of a data source. */
  ask(dataSource: string, influxql: string): Promise<readonly Series[]>
  stop(): Promise<void>
}

export interface CityState {
  /** Open ones. */
  readonly cases: readonly Doc[]
  readonly allCases: readonly Doc[]
  readonly devices: readonly Doc[]
  /** Ids of devices of which the rule about silence fires. */
  readonly silent: readonly string[]
}

const SPEED = '120'
/** Before dinner in the demo city, the day before: kitchens cook, and nothing is in the future. */
const BEGIN = `${iso(Date.now() - DAY).slice(0, 10)}T09:30:00Z`
const GRAFANA_PASSWORD = 'GrafanaReads0123456789'
const DEVICES = '120'
const FAULTS = 'drop=0.01,duplicate=0.02,delay=0.02:2m,skew=0.04:20m,reboot=0.001:20m'
const LIVING_MS = 150_000
/** Longer than the exporter's beat of 30 s. */
const BEAT_MS = 60_000
/** Longer than the rule about unseen critical cases waits. */
const UNSEEN_MS = 6 * MINUTE
const SNAPSHOTS = 3

export async function startGrafanaCity(server: InfluxServer): Promise<GrafanaCity> {
  const service = await Service.start({
    CURBWATCH_CLOCK_SPEED: SPEED,
    CURBWATCH_CLOCK_START: BEGIN,
    ...(await setUpServer(server)),
  })
  const ask = grafanaLogin(server)
  try {
    const kinds = await loadKinds()
    const witnesses = new Witnesses(service, kinds)
    await live(service, kinds, witnesses)
    await leaveOneUnseen(service)
    await service.settled()
    await service.restart({ CURBWATCH_CLOCK_SPEED: '1' })
    await witnesses.connect()
    await witnesses.send()
    await service.settled()
    const { now, state } = await nextSnapshot(service, ask)
    await downsample(server, now)
    const devices: string[] = []
    for (const { name } of kinds) {
      devices.push((await trending(service, name, state.devices)) as string)
      devices.push(witnessId(name, 'laocheng'))
    }
    return { server, service, kinds, now, state, devices, ask, stop: () => service.stop() }
  } catch (error) {
    await service.stop()
    throw error
  }
}

/** The four buckets, and the settings with which the service writes there. */
async function setUpServer(server: InfluxServer): Promise<Environment> {
  const url = `influxdb://${new URL(server.url).host}?org=${server.org}&bucket=telemetry`
  const settings = { CURBWATCH_TELEMETRY_URL: url }
  if (server.name !== 'InfluxDB 2') {
    for (const name of ['telemetry', 'telemetry_5m', 'ops', 'cases'])
      await server.createBucket(name)
    return { ...settings, CURBWATCH_INFLUX_TOKEN: server.token }
  }
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-grafana-'))
  try {
    const ended = await runCurbwatch(['stack', 'setup', '--lang', 'en'], {
      INFLUX_URL: server.url,
      INFLUX_ORG: server.org,
      INFLUX_ADMIN_TOKEN: server.token,
      INFLUX_GRAFANA_PASSWORD: GRAFANA_PASSWORD,
      CURBWATCH_DATA_DIR: folder,
    })
    if (ended.code !== 0) throw new Error(`stack setup: ${ended.stderr}`)
    const token = readFileSync(join(folder, 'influx-token'), 'utf8').trim()
    return { ...settings, CURBWATCH_INFLUX_TOKEN: token }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const DATA_SOURCES = new URL('../../grafana/provisioning/datasources/', import.meta.url)

interface DataSource {
  readonly uid: string
  readonly user: string
  readonly jsonData: { readonly dbName: string; readonly timeInterval: string }
}

/** The data sources as they are provisioned. */
export function dataSources(): ReadonlyMap<string, DataSource> {
  const files = readdirSync(DATA_SOURCES).map((name) =>
    parse(readFileSync(new URL(name, DATA_SOURCES), 'utf8')),
  ) as { datasources: DataSource[] }[]
  return new Map(files.flatMap(({ datasources }) => datasources.map((one) => [one.uid, one])))
}

/** Asks as Grafana does, with the login that may only read. */
function grafanaLogin(server: InfluxServer): GrafanaCity['ask'] {
  const sources = dataSources()
  return async (uid, influxql) => {
    const source = sources.get(uid)
    if (source === undefined) throw new Error(`there is no data source ${uid}`)
    const login = Buffer.from(`${source.user}:${GRAFANA_PASSWORD}`).toString('base64')
    const parameters = new URLSearchParams({ db: source.jsonData.dbName, epoch: 'ms' })
    const answer = await fetch(`${server.url}/query?${parameters}`, {
      method: 'POST',
      headers: { authorization: `Basic ${login}` },
      body: new URLSearchParams({ q: influxql }),
    })
    const { results = [], error } = (await answer.json()) as Answer
    const fault = error ?? results.find((one) => one.error !== undefined)?.error
    if (!answer.ok || fault !== undefined) throw new Error(`${fault ?? answer.status}: ${influxql}`)
    return results.flatMap(({ series = [] }) => series)
  }
}

interface Answer {
  readonly results?: readonly { readonly series?: readonly Series[]; readonly error?: string }[]
  readonly error?: string
}

/** The fleet and its officers at work, until the city has seen everything that boards show. */
async function live(service: Service, kinds: readonly DeviceKind[], witnesses: Witnesses) {
  const fleet = spawnCurbwatch(
    [
      ...['simulate', '--url', service.mqttUrl, '--api', service.http, '--scenario', 'demo'],
      ...['--devices', DEVICES, '--officers', '--faults', FAULTS],
    ],
    { CURBWATCH_ADMIN_TOKEN: ADMIN_TOKEN },
  )
  let said = ''
  fleet.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000)
  })
  fleet.stdout?.resume()
  try {
    const devices = await eventually(async () => {
      if (fleet.exitCode !== null) throw new Error(`the fleet ended: ${said}`)
      const found = await service.everyOne('/devices')
      return found.length >= Number(DEVICES) && found.some(({ latest }) => latest) ? found : null
    })
    await witnesses.register(devices)
    witnesses.keepSending()
    await eventually(() => hasLived(service, kinds), LIVING_MS)
  } finally {
    await witnesses.stopSending()
    await endFleet(fleet)
  }
}

/** Throws while something is missing. */
async function hasLived(service: Service, kinds: readonly DeviceKind[]): Promise<true> {
  const cases = await service.everyOne('/cases')
  const closed = cases.filter(({ status }) => status === 'closed')
  const closings = new Set(closed.map(({ kind }) => kind))
  const missing = [
    closings.size < kinds.length && `closed cases of a kind: only ${[...closings]}`,
    !cases.some(({ overdue, status }) => overdue && status !== 'closed') && 'an overdue case',
    !cases.some(({ reworkCount, status }) => reworkCount > 0 && status === 'closed') &&
      'a case that was sent back and closed',
    (await service.list('/quarantine')).length === 0 && 'a quarantined reading',
  ].filter(Boolean)
  if (missing.length > 0) throw new Error(`not yet: ${missing.join('; ')}`)
  const devices = await service.everyOne('/devices')
  for (const { name } of kinds) {
    const one = await trending(service, name, devices)
    if (one === null) throw new Error(`not yet: a ${name} with a trend over hours`)
  }
  return true
}

/**
 * One of the fleet of a kind that told something in two hours or more, as the board of a device
 * draws them: a lid that lies still tells something every six hours only.
 */
async function trending(service: Service, name: string, devices: readonly Doc[]) {
  for (const { id, kind } of devices) {
    if (kind !== name || /^(witness|mute|mended|unseen)-/.test(id)) continue
    const buckets = await service.list(`/devices/${id}/readings?every=5m&from=${BEGIN}`)
    // A mean of five minutes is kept at their end.
    const hours = buckets.map(({ ts }) => Math.floor((Date.parse(ts) + 5 * MINUTE) / HOUR))
    if (new Set(hours).size > 1) return id as string
  }
  return null
}

async function endFleet(fleet: ChildProcess): Promise<void> {
  if (fleet.exitCode !== null || fleet.signalCode !== null) return
  const ended = once(fleet, 'exit')
  fleet.kill('SIGTERM')
  await ended
}

/** A critical case that is opened when the officers have gone home. */
async function leaveOneUnseen(service: Service): Promise<void> {
  const device: Registered = await service.register('waterlogging', 'unseen-1')
  const client = await service.connect(device)
  let since: number | null = null
  await eventually(async () => {
    await service.send(client, device, { depthCm: 60 })
    const cases = await service.everyOne('/cases?status=open')
    const isThere = cases.some((it) => it.deviceId === device.id && it.severity === 'critical')
    const now = await service.now()
    if (isThere) since ??= now
    return since !== null && now - since > UNSEEN_MS
  })
}

/** The next snapshot around which the API says the same before and after. */
async function nextSnapshot(service: Service, ask: GrafanaCity['ask']) {
  const snapshots = async () => {
    const [series] = await ask('influx-ops', 'SELECT "up" FROM "service"')
    return (series?.values ?? []).map(([time]) => Number(time))
  }
  const firstEnd = (await service.everyOne('/cases?status=closed'))
    .map(({ closedAt }) => Date.parse(closedAt))
    .reduce((a, b) => Math.min(a, b))
  return eventually(async () => {
    const asked = await service.now()
    const before = await stateOf(service)
    const now = await eventually(async () => {
      const later = (await snapshots()).filter((time) => time > firstEnd)
      const last = later.at(-1) ?? 0
      return later.length >= SNAPSHOTS && last > asked ? last : null
    }, BEAT_MS)
    const state = await stateOf(service)
    return JSON.stringify(gist(before)) === JSON.stringify(gist(state)) ? { now, state } : null
  }, 4 * BEAT_MS)
}

async function stateOf(service: Service): Promise<CityState> {
  const allCases = await service.everyOne('/cases')
  const alerts = await service.everyOne('/alerts?state=firing')
  return {
    cases: allCases.filter(({ status }) => status !== 'closed' && status !== 'cancelled'),
    allCases,
    devices: await service.everyOne('/devices'),
    silent: alerts.filter((it) => it.ruleId === `${it.kind}-silent`).map((it) => it.deviceId),
  }
}

function gist({ allCases, devices, silent }: CityState) {
  return [
    allCases.map(({ id, severity, status, overdue, seenAt }) => [
      ...[id, severity, status, overdue, seenAt],
    ]),
    devices.map(({ id, online }) => [id, online]),
    silent.toSorted(),
  ]
}
