import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/**
 * The v2 calls that curbwatch makes, in front of InfluxDB 1.6.
 *
 * Why: 1.6 is the engine that Debian has, so every machine can run the tests against real storage
 * and real InfluxQL; the v2 API came with 1.8. The shim translates addresses and the token and
 * nothing else: bodies, gzip, refusals and their words are the engine's own.
 */
export interface Shim {
  close(): Promise<void>
}

const PRECISIONS: Record<string, string> = { ns: 'n', us: 'u', ms: 'ms', s: 's' }

export async function startInflux1Shim(engine: string, port: number, token: string): Promise<Shim> {
  const server = createServer((request, response) => {
    answer(engine, token, request, response).catch((error) => {
      send(response, 503, { code: 'unavailable', message: String(error?.cause ?? error) })
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  engine: string,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const { authorization } = request.headers
  const basic = authorization?.startsWith('Basic ') ?? false
  // A data source of Grafana's comes with user and password; the engine itself asks for none.
  if (!basic && authorization !== `Token ${token}`) {
    return send(response, 401, { code: 'unauthorized', message: 'unauthorized access' })
  }
  const url = new URL(request.url ?? '/', engine)
  const [path, init] = translated(url, request, body)
  if (path === null) return send(response, 404, { code: 'not found', message: 'path not found' })
  const given = await fetch(`${engine}${path}`, init)
  const text = await given.text()
  response.writeHead(
    given.status === 200 && url.pathname === '/api/v2/delete' ? 204 : given.status,
    {
      'content-type': given.headers.get('content-type') ?? 'application/json',
    },
  )
  response.end(text)
}

/** Path and request at the engine; null where it has no such call. */
function translated(
  url: URL,
  request: IncomingMessage,
  body: Buffer,
): readonly [string | null, RequestInit] {
  const query = url.searchParams
  const bucket = query.get('bucket') ?? ''
  if (url.pathname === '/ping' || url.pathname === '/query') {
    const type = request.headers['content-type']
    const init: RequestInit = { method: request.method ?? 'GET' }
    if (body.length > 0) init.body = new Uint8Array(body)
    if (type !== undefined) init.headers = { 'content-type': type }
    return [`${url.pathname}${url.search}`, init]
  }
  if (url.pathname === '/api/v2/write') {
    const precision = PRECISIONS[query.get('precision') ?? 'ns'] ?? 'n'
    const encoding = request.headers['content-encoding']
    const headers: Record<string, string> = encoding ? { 'content-encoding': encoding } : {}
    const path = `/write?${new URLSearchParams({ db: bucket, precision })}`
    return [path, { method: 'POST', headers, body: new Uint8Array(body) }]
  }
  if (url.pathname === '/api/v2/delete') {
    const { stop } = JSON.parse(body.toString()) as { stop: string }
    const form = new URLSearchParams({ db: bucket, q: `DELETE WHERE time <= '${stop}'` })
    return ['/query', { method: 'POST', body: form }]
  }
  return [null, {}]
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
