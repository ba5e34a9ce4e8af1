import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import type { InfluxLocation } from '../../src/model/store-location.ts'

/**
 * An HTTP server that answers as the test says: for what no real InfluxDB does when it is asked
 * to, such as a lost answer, a proxy's word, or a limit on the size of a request.
 */
export interface ScriptedInflux {
  readonly requests: readonly ScriptedRequest[]
  location(bucket?: string): InfluxLocation
}

export interface ScriptedRequest {
  /** Without the query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Unpacked. */
  readonly body: string
}

export interface ScriptedAnswer {
  readonly status: number
  readonly body?: string
  readonly type?: string
}

/** `hang up` closes the connection without an answer; `silence` never answers. */
type Outcome = ScriptedAnswer | 'hang up' | 'silence'

export const SCRIPTED_TOKEN = 'scripted-token-0123456789'

/** Starts it for one test; it is gone when the test is over. */
export async function startScriptedInflux(
  behave: (request: ScriptedRequest) => Promise<Outcome> | Outcome,
): Promise<ScriptedInflux> {
  const requests: ScriptedRequest[] = []
  const server = createServer(async (request, response) => {
    const seen = await readRequest(request)
    requests.push(seen)
    const answer = await behave(seen)
    if (answer === 'silence') return
    if (answer === 'hang up') return void request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' })
    response.end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { requests, location: (bucket = 'telemetry') => locationAt(url, bucket) }
}

async function readRequest(request: IncomingMessage): Promise<ScriptedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const raw = Buffer.concat(chunks)
  const packed = request.headers['content-encoding'] === 'gzip'
  return {
    path: (request.url ?? '').split('?')[0] as string,
    headers: request.headers,
    body: (packed ? gunzipSync(raw) : raw).toString(),
  }
}

function locationAt(url: string, bucket: string): InfluxLocation {
  return {
    type: 'influxdb',
    url,
    org: 'city',
    bucket,
    downsampledBucket: `${bucket}_5m`,
    opsBucket: 'ops',
    casesBucket: 'cases',
    token: SCRIPTED_TOKEN,
  }
}
