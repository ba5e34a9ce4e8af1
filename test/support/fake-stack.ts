import { createServer as createHttp, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net'
import { FakeInflux } from './fake-influx.ts'

/** curbwatch, MQTT, InfluxDB and Grafana as `stack check` meets them: fine, until a test spoils it. */
export class FakeStack {
  readonly influx: FakeInflux
  readonly curbwatch = new FakeHttp()
  readonly grafana = new FakeHttp()
  /** What the MQTT port answers to a CONNECT: a refusal, as a stranger gets it. */
  connack: Buffer | null = Buffer.from([0x20, 2, 0, 5])
  #mqtt: Server

  private constructor(influx: FakeInflux) {
    this.influx = influx
    this.#mqtt = createTcp((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (this.connack === null ? socket.end() : socket.end(this.connack)))
    })
  }

  static async start(): Promise<FakeStack> {
    const stack = new FakeStack(await FakeInflux.start())
    await stack.curbwatch.listen()
    await stack.grafana.listen()
    await new Promise<void>((resolve) => stack.#mqtt.listen(0, '127.0.0.1', resolve))
    stack.mend()
    return stack
  }

  /** The options that lead `stack check` here. */
  get options(): string[] {
    const { port } = this.#mqtt.address() as AddressInfo
    return [
      ...['--console', this.curbwatch.url, '--mqtt', `127.0.0.1:${port}`],
      ...['--influx', this.influx.url, '--grafana', this.grafana.url],
    ]
  }

  /** As it should be; what is in InfluxDB, `stack setup` puts there. */
  mend(): void {
    this.connack = Buffer.from([0x20, 2, 0, 5])
    Object.assign(this.influx, { heartbeat: Date.now(), ahead: 0, health: 'pass' })
    this.curbwatch.answers = {
      '/readyz': [200, { status: 'ready', troubles: [] }],
      '/healthz': [200, { status: 'ok', time: new Date().toISOString(), clockSpeed: 1 }],
      '/api/v1/kinds': [200, { items: [] }],
      '/api/v1/grafana/alerts': [200, { recorded: 0, repeated: 0 }],
    }
    this.curbwatch.ahead = 0
    this.grafana.answers = {
      '/api/health': [200, { database: 'ok', version: '13.0.8' }],
      '/api/org': [200, { id: 1 }],
      '/api/plugins': [
        200,
        [{ id: 'prometheus' }, { id: 'influxdb', info: { version: '13.0.8' } }],
      ],
      '/api/datasources/uid/': [200, { status: 'OK', message: 'datasource is working' }],
      '/api/dashboards/uid/': [200, { dashboard: {} }],
      '/api/v1/provisioning/alert-rules': [200, [{ uid: 'a' }, { uid: 'b' }]],
      '/api/prometheus/grafana/api/v1/rules': [
        200,
        { data: { groups: [{ rules: [{ name: 'a', health: 'ok' }] }] } },
      ],
      '/api/v1/provisioning/contact-points': [200, [{ name: 'case-api' }, { name: 'duty' }]],
    }
    this.grafana.ahead = 0
  }

  async stop(): Promise<void> {
    await this.influx.stop()
    await this.curbwatch.close()
    await this.grafana.close()
    await new Promise((resolve) => this.#mqtt.close(resolve))
  }
}

/** A server that answers by the longest beginning of the path that is listed. */
class FakeHttp {
  answers: Record<string, readonly [status: number, body: unknown]> = {}
  ahead = 0
  /** What was asked: paths, each once, with the credentials. */
  readonly asked = new Map<string, string>()
  readonly #server: HttpServer

  constructor() {
    this.#server = createHttp((request, response) => {
      const path = request.url ?? ''
      this.asked.set(path, request.headers.authorization ?? '')
      const found = Object.keys(this.answers)
        .filter((start) => path.startsWith(start))
        .sort((a, b) => b.length - a.length)[0]
      const [status, body] = this.answers[found ?? ''] ?? [404, { message: 'Not found' }]
      response.setHeader('date', new Date(Date.now() + this.ahead).toUTCString())
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
