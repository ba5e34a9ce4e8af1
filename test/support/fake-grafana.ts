import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a Grafana that is fine answers, by path; a test takes away or changes single answers. */
export interface FakeGrafana {
  readonly address: string
  /** Path to status and body; a path that is not there answers 404. */
  readonly answers: Map<string, readonly [status: number, body: unknown]>
  /** Paths asked with a wrong login. */
  readonly refusals: string[]
  close(): Promise<void>
}

const SOURCES = ['influx-telemetry', 'influx-telemetry-5m', 'influx-ops', 'influx-cases']
const BOARDS = ['city-duty-zh', 'city-duty-en', 'city-pipeline-zh', 'city-pipeline-en']
const CONTACTS = ['case-api', 'duty-default', 'duty-critical']

export async function startFakeGrafana(
  password: string,
  ruleUids: readonly string[],
): Promise<FakeGrafana> {
  const answers = new Map<string, readonly [number, unknown]>([
    ['/api/health', [200, { database: 'ok', version: '13.0.8' }]],
    ['/api/org', [200, { id: 1, name: 'Main Org.' }]],
    ['/api/v1/provisioning/alert-rules', [200, ruleUids.map((uid) => ({ uid, title: uid }))]],
    ['/api/v1/provisioning/contact-points', [200, CONTACTS.map((name) => ({ name }))]],
  ])
  for (const uid of SOURCES) {
    answers.set(`/api/datasources/uid/${uid}`, [200, { uid, type: 'influxdb' }])
    const health = { message: 'datasource is working. 6 measurements found', status: 'OK' }
    answers.set(`/api/datasources/uid/${uid}/health`, [200, health])
  }
  for (const uid of BOARDS) {
    answers.set(`/api/dashboards/uid/${uid}`, [200, { dashboard: { uid } }])
  }
  const refusals: string[] = []
  const login = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  const server = createServer((request: IncomingMessage, response) => {
    const path = request.url ?? ''
    const known = path === '/api/health' || request.headers.authorization === login
    if (!known) refusals.push(path)
    const [status, body] = known
      ? (answers.get(path) ?? [404, { message: 'Not found' }])
      : [401, { message: 'Invalid username or password' }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}`, answers, refusals, close: () => stop(server) }
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
