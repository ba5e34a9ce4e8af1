import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import type { InfluxLocation } from '../../src/model/store-location.ts'
import { connectInflux, type Series } from '../../src/store/influxdb/connection.ts'
import { eventually } from './eventually.ts'
import { startInflux1Shim } from './influx1-shim.ts'
import { freePort } from './ports.ts'

/**
 * Real InfluxDB servers for tests, each on free ports of this machine with a data folder of its
 * own: Debian's 1.6.7 behind a small shim, and 2.x where the environment names one (INFLUXD2).
 * Who starts one stops it.
 */
export interface InfluxServer {
  readonly name: string
  /** Address of the v2 write API and of InfluxQL. */
  readonly url: string
  readonly org: string
  /** Id of the organization in InfluxDB 2; of no meaning in 1. */
  readonly orgId: string
  /** May do everything. */
  readonly token: string
  /** As the settings would say it; the other buckets are `<bucket>_5m`, `<bucket>_ops` and so on. */
  location(bucket: string): InfluxLocation
  createBucket(name: string, retentionSeconds?: number): Promise<void>
  /** InfluxQL; times are epoch milliseconds. */
  query(db: string, influxql: string): Promise<readonly Series[]>
  /** Ends it like a power cut; requests are refused until `restart`. */
  kill9(): Promise<void>
  /** Starts it again on the same port and data. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

const ORG = 'city'
const TOKEN = 'test-token-of-influxdb'
const INFLUXD2 = process.env['INFLUXD2'] ?? null

/** The servers that a suite runs against, each with how to start it. */
export const INFLUX_SERVERS = [
  { name: 'InfluxDB 1.6 (shim)', missing: missing1(), start: startInflux1 },
  { name: 'InfluxDB 2', missing: missing2(), start: startInflux2 },
] as const

/**
 * `describe`, or a skip that says what is missing. In CI the 1.x server must be there; 2.x is
 * asked for by INFLUXD2, and then it must be there too.
 */
export function describeWith(server: { name: string; missing: string | null }) {
  if (server.missing === null) return describe
  if (process.env['CI'] === 'true' && !(server.name === 'InfluxDB 2' && INFLUXD2 === null)) {
    throw new Error(`${server.name}: ${server.missing}`)
  }
  return (title: string, body: () => void) => describe.skip(`${title} (${server.missing})`, body)
}

function missing1(): string | null {
  const version = spawnSync('influxd', ['version'], { encoding: 'utf8' }).stdout ?? ''
  return / v?1\./.test(version) ? null : "no influxd 1.x on PATH (Debian's package influxdb)"
}

function missing2(): string | null {
  if (INFLUXD2 === null) return 'INFLUXD2 does not name an influxd 2.x'
  return existsSync(INFLUXD2) ? null : `INFLUXD2=${INFLUXD2} is not there`
}

/** InfluxDB 1.6 in its own process, behind the shim in this one. */
export async function startInflux1(): Promise<InfluxServer> {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-influx1-'))
  const port = await freePort()
  const config = join(folder, 'influxdb.conf')
  writeFileSync(config, influx1Config(folder, port))
  const engine = `http://127.0.0.1:${port}`
  const daemon = new Daemon('influxd', ['-config', config], `${engine}/ping`)
  await daemon.start()
  const shimPort = await freePort()
  let shim = await startInflux1Shim(engine, shimPort, TOKEN)
  const run = async (influxql: string) => {
    const body = new URLSearchParams({ q: influxql })
    const answer = await (await fetch(`${engine}/query`, { method: 'POST', body })).text()
    if (answer.includes('"error"')) throw new Error(answer)
  }
  return {
    ...common('InfluxDB 1.6 (shim)', `http://127.0.0.1:${shimPort}`, TOKEN),
    orgId: '0',
    createBucket: (name, seconds = 0) =>
      run(`CREATE DATABASE "${name}"${seconds === 0 ? '' : ` WITH DURATION ${seconds}s`}`),
    async kill9() {
      await shim.close()
      await daemon.end('SIGKILL')
    },
    async restart() {
      await daemon.start()
      shim = await startInflux1Shim(engine, shimPort, TOKEN)
    },
    async stop() {
      await shim.close()
      await daemon.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function influx1Config(folder: string, port: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
`
}

/** InfluxDB 2 as INFLUXD2 names it, set up with the organization `city`. */
export async function startInflux2(): Promise<InfluxServer> {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-influx2-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const places = ['bolt-path', 'engine-path', 'sqlite-path'].map(
    (name) => `--${name}=${join(folder, name)}`,
  )
  const bind = [`--http-bind-address=127.0.0.1:${port}`, '--reporting-disabled']
  const daemon = new Daemon(INFLUXD2 ?? 'influxd', [...bind, ...places], `${url}/health`)
  await daemon.start()
  const post = async (path: string, body: object) => {
    const headers = { authorization: `Token ${TOKEN}`, 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${url}${path}`, init)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as { org?: { id: string } }
  }
  const user = { username: 'admin', password: 'test-password', org: ORG, bucket: 'first' }
  const made = await post('/api/v2/setup', { ...user, token: TOKEN })
  const orgID = made.org?.id as string
  return {
    ...common('InfluxDB 2', url, TOKEN),
    orgId: orgID,
    async createBucket(name, everySeconds = 0) {
      const retentionRules = everySeconds === 0 ? [] : [{ type: 'expire', everySeconds }]
      await post('/api/v2/buckets', { orgID, name, retentionRules })
    },
    kill9: () => daemon.end('SIGKILL'),
    restart: () => daemon.start(),
    async stop() {
      await daemon.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function common(name: string, url: string, token: string) {
  const location = (bucket: string): InfluxLocation => ({
    type: 'influxdb',
    url,
    org: ORG,
    bucket,
    downsampledBucket: `${bucket}_5m`,
    opsBucket: `${bucket}_ops`,
    casesBucket: `${bucket}_cases`,
    token,
  })
  async function query(db: string, influxql: string): Promise<readonly Series[]> {
    const connection = connectInflux(location(db))
    try {
      return await connection.query(db, influxql, 'ms')
    } finally {
      await connection.close()
    }
  }
  return { name, url, org: ORG, token, location, query }
}

/** A server program: started until it answers, ended by its process id. */
class Daemon {
  readonly #command: string
  readonly #args: readonly string[]
  readonly #health: string
  #child: ChildProcess | null = null
  #said = ''

  constructor(command: string, args: readonly string[], health: string) {
    this.#command = command
    this.#args = args
    this.#health = health
    process.once('exit', () => this.#child?.kill('SIGKILL'))
  }

  async start(): Promise<void> {
    const child = spawn(this.#command, this.#args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const hear = (chunk: Buffer) => {
      this.#said = (this.#said + chunk).slice(-4_000)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${this.#command} ended: ${this.#said}`)
      return (await fetch(this.#health)).ok
    }, 60_000)
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill(signal)
    await ended
  }
}
