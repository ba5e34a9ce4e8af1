import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../model/errors.ts'
import type { Text } from '../../model/text.ts'

/**
 * The part of InfluxDB 2's HTTP API that set-up needs: JSON in, JSON out, every failure an AppError
 * that names the call and repeats the server's own words.
 */
export interface InfluxApi {
  /** The answer's body; null where the server says 404, or has nothing to say. */
  call(method: string, path: string, body?: object): Promise<unknown>
  /** The answer's status, for calls where a refusal is an answer. */
  status(method: string, path: string, authorization: string): Promise<number>
}

/** Where a step says what it did, a line each. */
export type Tell = (line: Text) => void

/** A server that accepts a connection and then says nothing must not hold up a start for ever. */
const TIMEOUT_MS = 15_000
const RETRY_MS = 500

export function influxApi(url: string, token: string): InfluxApi {
  return {
    async call(method, path, body) {
      const response = await send(url, path, {
        method,
        headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answer = parse(await response.text())
      if (response.status === 404) return null
      if (!response.ok) throw refusal(`${method} ${path}`, response.status, answer)
      return answer
    },
    async status(method, path, authorization) {
      const response = await send(url, path, { method, headers: { authorization } })
      await response.body?.cancel()
      return response.status
    },
  }
}

async function send(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (cause) {
    throw new AppError('INFLUX_UNAVAILABLE', `${url}: ${reasonOf(cause)}`, { cause })
  }
}

/** fetch hides the reason (`connect ECONNREFUSED`) in its error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    return { message: text.slice(0, 200) }
  }
}

function refusal(call: string, status: number, answer: unknown): AppError {
  const { message } = (answer ?? {}) as { message?: string }
  const code =
    status === 401 || status === 403
      ? 'INFLUX_UNAUTHORIZED'
      : status >= 500
        ? 'INFLUX_UNAVAILABLE'
        : 'INFLUX_REFUSED'
  return new AppError(code, `${call}: ${status} ${message ?? ''}`.trim())
}

/** Waits until the server says it is healthy; tells every time that it has to wait on. */
export async function untilUp(
  url: string,
  withinMs: number,
  waiting: (reason: string) => void,
): Promise<string> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const health = await look(url)
    if (health.up) return health.version
    if (performance.now() >= deadline) {
      throw new AppError('INFLUX_UNAVAILABLE', health.reason)
    }
    waiting(health.reason)
    await sleep(RETRY_MS)
  }
}

async function look(
  url: string,
): Promise<{ up: true; version: string } | { up: false; reason: string }> {
  try {
    const response = await send(url, '/health', {})
    const answer = parse(await response.text()) as { status?: string; version?: string } | null
    if (response.ok && answer?.status === 'pass') {
      return { up: true, version: answer.version ?? '' }
    }
    return { up: false, reason: `${url}/health: ${response.status} ${answer?.status ?? ''}`.trim() }
  } catch (error) {
    return { up: false, reason: error instanceof Error ? error.message : String(error) }
  }
}
