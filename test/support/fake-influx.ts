import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * InfluxDB 2's administrative calls from memory, with answers as 2.9.1 gives them; for machines
 * that have no real one, and for faults that a real one does not have when a test wants them.
 */
export const FAKE_TOKEN = 'test-token-of-influxdb'

interface Permission {
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
}
interface Row {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever was posted
  [name: string]: any
}

type Answer = readonly [status: number, body?: unknown]

const ORG = { id: 'dd9976094d404c5d', name: 'city' }

export class FakeInflux {
  readonly token = FAKE_TOKEN
  readonly buckets: Row[] = []
  readonly tasks: Row[] = []
  readonly logins: Row[] = []
  readonly tokens: Row[] = []
  /** Time of the last point of `service`, epoch milliseconds; null: there is none. */
  heartbeat: number | null = null
  /** Milliseconds that its clock is ahead. */
  ahead = 0
  health = 'pass'
  /** Nobody has set it up yet: there is no user, no token, no bucket. */
  fresh = false
  #server: Server
  #ids = 0

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const [status, body] = this.#answer(request, await bodyOf(request))
      response.setHeader('date', new Date(Date.now() + this.ahead).toUTCString())
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === undefined ? '' : JSON.stringify(body))
    })
  }

  static async start(): Promise<FakeInflux> {
    const fake = new FakeInflux()
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, body: Row): Answer {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    const authorization = request.headers.authorization ?? ''
    if (pathname === '/health') return [200, { status: this.health, version: 'v2.9.1' }]
    if (pathname === '/api/v2/setup') return this.#setUp(request.method ?? '')
    const may = this.fresh ? null : this.#rights(authorization)
    if (may === null) return [401, { code: 'unauthorized', message: 'unauthorized access' }]
    if (pathname === '/query') return this.#query(searchParams.get('q') ?? '', may)
    if (pathname === '/write' || pathname === '/api/v2/write') {
      const name = searchParams.get('db') ?? searchParams.get('bucket')
      const id = this.buckets.find((bucket) => bucket['name'] === name)?.id ?? ''
      return may === 'all' || may.has(`write ${id}`) ? [204] : [403, { message: 'forbidden' }]
    }
    if (pathname === '/api/v2/buckets' && request.method === 'GET') {
      const name = searchParams.get('name')
      const seen = this.buckets.filter(
        (bucket) =>
          (may === 'all' || may.has(`read ${bucket.id}`)) &&
          (name === null || bucket['name'] === name),
      )
      return [200, { buckets: seen }]
    }
    if (may !== 'all') return [403, { message: 'forbidden' }]
    return this.#manage(request.method ?? '', pathname, searchParams, body)
  }

  /** What a login may do: everything, a list of rights, or null where it is none. */
  #rights(authorization: string): 'all' | Set<string> | null {
    const [scheme, value = ''] = authorization.split(' ')
    if (scheme === 'Token' && value === FAKE_TOKEN) return 'all'
    const [user, password] = Buffer.from(value, 'base64').toString().split(':')
    const found =
      scheme === 'Token'
        ? this.tokens.find((row) => row['token'] === value)
        : this.logins.find((row) => row['token'] === user && row['password'] === password)
    if (found === undefined) return null
    const permissions: Permission[] = found['permissions']
    return new Set(permissions.map(({ action, resource }) => `${action} ${resource.id}`))
  }

  #setUp(method: string): Answer {
    if (method === 'GET') return [200, { allowed: this.fresh }]
    if (!this.fresh) return [422, { message: 'onboarding has already been completed' }]
    this.fresh = false
    return [201, {}]
  }

  #query(q: string, may: 'all' | Set<string>): Answer {
    const series = (values: unknown[][]) => [200, { results: [{ series: [{ values }] }] }] as const
    if (q !== 'SHOW DATABASES') {
      return this.heartbeat === null ? [200, { results: [{}] }] : series([[this.heartbeat, 1]])
    }
    const seen = this.buckets.filter(({ id }) => may === 'all' || may.has(`read ${id}`))
    return series(seen.map((bucket) => [bucket['name']]))
  }

  #manage(method: string, path: string, query: URLSearchParams, body: Row): Answer {
    const [, table, id, verb] =
      /^\/(?:api\/v2\/|private\/legacy\/)(\w+)(?:\/(\w+))?(?:\/(\w+))?$/.exec(path) ?? []
    if (table === 'orgs') {
      return query.get('org') === ORG.name
        ? [200, { orgs: [ORG] }]
        : [404, { message: 'not found' }]
    }
    if (table === 'dbrps') return this.#databases(query.get('db') ?? '')
    const rows = path.startsWith('/private') ? this.logins : this.#table(table ?? '')
    if (verb === 'password') return this.#setPassword(id ?? '', body)
    if (method === 'GET') return this.#list(rows, table ?? '', query)
    if (method === 'DELETE') {
      rows.splice(
        rows.findIndex((row) => row.id === id),
        1,
      )
      return [204]
    }
    if (method === 'PATCH') {
      const row = rows.find((one) => one.id === id)
      return [200, Object.assign(row ?? {}, body)]
    }
    const made = { status: 'active', ...body, ...this.#more(table ?? '', body), id: this.#newId() }
    rows.push(made)
    return [201, made]
  }

  #table(name: string): Row[] {
    return name === 'buckets' ? this.buckets : name === 'tasks' ? this.tasks : this.tokens
  }

  /** A 404 where a login is asked for that is not there; else a list, empty or not. */
  #list(rows: Row[], table: string, query: URLSearchParams): Answer {
    const token = query.get('token')
    const name = query.get('name')
    const found = rows.filter(
      (row) =>
        (token === null || row['token'] === token) && (name === null || row['name'] === name),
    )
    if (token !== null && found.length === 0) return [404, { message: 'authorization not found' }]
    return [200, { [table]: found }]
  }

  #databases(db: string): Answer {
    const bucket = this.buckets.find((one) => one['name'] === db)
    const content =
      bucket === undefined ? [] : [{ database: db, bucketID: bucket.id, default: true }]
    return [200, { content }]
  }

  #setPassword(id: string, { password }: Row): Answer {
    const row = this.logins.find((one) => one.id === id)
    if (row === undefined) return [404, { message: 'not found' }]
    row['password'] = password
    return [204]
  }

  #more(table: string, body: Row): object {
    if (table === 'tasks') {
      const name = /name: "([^"]+)"/.exec(body['flux'])?.[1]
      return { name, latestCompleted: new Date().toISOString() }
    }
    return table === 'authorizations' && body['token'] === undefined
      ? { token: `token-${this.#newId()}` }
      : {}
  }

  #newId(): string {
    return (++this.#ids).toString(16).padStart(16, '0')
  }
}

async function bodyOf(request: IncomingMessage): Promise<Row> {
  let content = ''
  for await (const chunk of request) content += chunk
  return JSON.parse(content || '{}')
}
