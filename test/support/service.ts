import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { eventually } from './eventually.ts'
import { type Environment, spawnCurbwatch } from './process.ts'

/**
 * A service of one's own: a process on free ports with a data directory under the system's temp
 * dir. It is spoken to over MQTT and HTTP only; what it logs is kept in `logs`.
 */

// What the API answers is a stranger's document; the assertions of the tests are its check.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Doc = any

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Doc
}

/** A registered device, with the secret that was shown once. */
export interface Registered {
  readonly id: string
  readonly kind: string
  readonly secret: string
}

/** Connects as a client of one's own making: another address, other options. */
export const connectTo = connectAsync

export const ADMIN_TOKEN = 'spec-admin-token-0123456789'

/** All that runs services may be run on several cells: TEST_CELLS=3. */
export const TEST_CELLS = process.env['TEST_CELLS'] ?? '1'

export class Service {
  readonly dataDir: string
  readonly logs: string[] = []
  http = ''
  mqttPort = 0
  mqttsPort: number | null = null
  #env: Environment
  #child: ChildProcess | null = null
  #clients = new Set<MqttClient>()
  #names = 0

  private constructor(env: Environment) {
    this.dataDir = mkdtempSync(join(tmpdir(), 'curbwatch-spec-'))
    this.#env = env
  }

  static async start(env: Environment = {}): Promise<Service> {
    const service = new Service(env)
    await service.#open()
    return service
  }

  /** The settings that the service runs with. */
  get env(): Environment {
    return {
      CURBWATCH_DATA_DIR: this.dataDir,
      CURBWATCH_HTTP_PORT: '0',
      CURBWATCH_MQTT_PORT: '0',
      CURBWATCH_ADMIN_TOKEN: ADMIN_TOKEN,
      CURBWATCH_LOG_LEVEL: 'info',
      CURBWATCH_CELLS: TEST_CELLS,
      ...this.#env,
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** The processes of the cells, in their order, as the last start has told them. */
  get cellPids(): number[] {
    const pids = new Map<number, number>()
    for (const line of this.logs) {
      const { msg, cell, cellPid } = JSON.parse(line) as Doc
      if (msg === 'cell running') pids.set(cell, cellPid)
    }
    return [...pids.values()]
  }

  /** Resolves with the exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    const child = this.#child
    if (child === null) throw new Error('it was not started')
    await eventually(() => hasEnded(child))
    return child.exitCode
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${this.mqttPort}`
  }

  /** Ends it as an operator does, and removes its data. */
  async stop(): Promise<void> {
    await this.halt()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  /** Ends it as an operator does; the data stays. */
  async halt(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Ends it as a power cut does; the data stays. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Starts it again on the same data, ended or not; `env` changes settings for good. */
  async restart(env: Environment = {}): Promise<void> {
    await this.halt()
    this.#env = { ...this.#env, ...env }
    await this.#open()
  }

  async api(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.request(method, `/api/v1${path}`, {
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** A request as it is given, without a token. */
  async request(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.http}${path}`, { ...init, method })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const body = isJson && text !== '' ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body }
  }

  /** The body of a GET that must be answered with 200. */
  async get(path: string): Promise<Doc> {
    const { status, body } = await this.api('GET', path)
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  /** The items of a list. */
  async list(path: string): Promise<Doc[]> {
    return (await this.get(path)).items
  }

  /** The items of all pages of a list. */
  async everyOne(path: string): Promise<Doc[]> {
    const all: Doc[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const join = path.includes('?') ? '&' : '?'
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await this.get(`${path}${join}limit=500${after}`)
      all.push(...page.items)
      cursor = page.nextCursor
    }
    return all
  }

  async register(kind: string, id?: string, more: object = {}): Promise<Registered> {
    const wanted = { id: id ?? `${kind}-${++this.#names}`, kind, ...more }
    const { status, body } = await this.api('POST', '/devices', wanted)
    if (status !== 201) throw new Error(`register: ${status} ${JSON.stringify(body)}`)
    return { id: body.device.id, kind, secret: body.secret }
  }

  /** Connects as the device; ended with the service where the test does not. */
  async connect(device: Registered, more: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(this.mqttUrl, { ...credentials(device), ...more })
    client.on('error', () => {})
    client.setMaxListeners(0)
    this.#clients.add(client)
    return client
  }

  /** Publishes; resolves at the PUBACK, rejects where the connection ends before it. */
  publish(client: MqttClient, topic: string, payload: Payload, qos: 0 | 1 = 1): Promise<void> {
    const bytes =
      typeof payload === 'string' || payload instanceof Uint8Array
        ? Buffer.from(payload)
        : JSON.stringify(payload)
    return new Promise((resolve, reject) => {
      const closed = () => reject(new Error('the connection ended before the PUBACK'))
      client.once('close', closed)
      client.publish(topic, bytes, { qos }, (error) => {
        client.off('close', closed)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  /** Publishes a reading, or an array of them, to the device's telemetry topic. */
  send(client: MqttClient, device: Registered, reading: Payload): Promise<void> {
    return this.publish(client, topicOf(device, 'telemetry'), reading)
  }

  /** The service's clock. */
  async now(): Promise<number> {
    return Date.parse((await this.request('GET', '/healthz')).body.time)
  }

  /**
   * Waits until every message acknowledged so far was processed and stored: the ledger counts an
   * acknowledged message as pending until then, on the day of its receipt. Gives today's page.
   */
  async settled(): Promise<Doc> {
    return eventually(async () => {
      const today = await this.get('/ledger')
      const dayBefore = iso(Date.parse(today.day) - DAY).slice(0, 10)
      const yesterday = await this.get(`/ledger?day=${dayBefore}`)
      return today.pending === 0 && yesterday.pending === 0 ? today : null
    })
  }

  /** The value of a metric's line, 0 where there is none. */
  async metric(line: string): Promise<number> {
    const { body } = await this.request('GET', '/metrics')
    const found = String(body)
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
    return found === undefined ? 0 : Number(found.slice(line.length + 1))
  }

  async #open(): Promise<void> {
    const child = spawnCurbwatch(['start'], this.env)
    this.#child = child
    const first = this.logs.length
    let rest = ''
    let errors = ''
    child.stdout?.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      this.logs.push(...lines)
    })
    child.stderr?.on('data', (chunk) => {
      errors += chunk
    })
    const find = (msg: string) =>
      this.logs
        .slice(first)
        .map((line) => JSON.parse(line) as Doc)
        .find((line) => line.msg === msg)
    await eventually(() => hasEnded(child) || find('http listening')).catch(() => {})
    if (hasEnded(child) || !find('http listening')) {
      await this.#end('SIGKILL')
      throw new Error(
        `the service did not start: ${[...this.logs.slice(first), errors].join('\n')}`,
      )
    }
    this.http = `http://127.0.0.1:${find('http listening').port}`
    this.mqttPort = find('mqtt listening').port
    this.mqttsPort = find('mqtt listening').tlsPort
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = null
    for (const client of this.#clients) client.end(true)
    this.#clients.clear()
    if (child === null || hasEnded(child)) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const watchdog = setTimeout(() => child.kill('SIGKILL'), 20_000)
    const [code, by] = await exited
    clearTimeout(watchdog)
    if (signal === 'SIGTERM' && code !== 0)
      throw new Error(`the service did not stop cleanly: code ${code}, signal ${by}`)
  }
}

export type Payload = string | Uint8Array | object

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Options with which a device connects: client id and user name are its id. */
export function credentials(device: Registered): IClientOptions {
  return {
    clientId: device.id,
    username: device.id,
    password: device.secret,
    reconnectPeriod: 0,
    connectTimeout: 10_000,
  }
}

export function topicOf(device: Pick<Registered, 'id' | 'kind'>, channel: string): string {
  return `v1/${device.kind}/${device.id}/${channel}`
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** A clock that begins at noon: no midnight comes between two looks at the ledger. */
export const AT_NOON = { CURBWATCH_CLOCK_START: `${iso(Date.now()).slice(0, 10)}T12:00:00Z` }
