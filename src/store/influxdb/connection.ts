import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { HttpError, InfluxDB, setLogger } from '@influxdata/influxdb-client'
import { AppError } from '../../model/errors.ts'
import type { InfluxLocation } from '../../model/store-location.ts'

/**
 * One InfluxDB as this process talks to it: one request is one answer, nothing is queued, retried
 * or dropped behind the caller's back. What a refusal means is said here, once, for readings and
 * for everything else that is written. No message holds the token.
 */
export interface InfluxConnection {
  /** Writes the lines in one request; resolves with the server's answer, never rejects for it. */
  write(bucket: string, precision: 'ms' | 'ns', lines: readonly string[]): Promise<WriteAnswer>
  /**
   * InfluxQL, one statement; with `epoch` times are numbers, else RFC 3339. Rejects with
   * TELEMETRY_UNAVAILABLE where there is no answer.
   */
  query(db: string, influxql: string, epoch?: 'ms'): Promise<readonly Series[]>
  /** Lets go of readings of a bucket before a time: `unsupported` by servers without that call. */
  deleteBefore(bucket: string, before: string): Promise<'done' | 'unsupported'>
  /** Seconds after which the server itself lets go of what is in a bucket; null: not known. */
  retention(bucket: string): Promise<number | null>
  close(): Promise<void>
}

export type WriteAnswer = { readonly ok: true } | WriteRefusal

export interface WriteRefusal {
  readonly ok: false
  /** Null: there was no answer. */
  readonly status: number | null
  /** The server's own words, or what kept them from us. */
  readonly message: string
  /**
   * `retry`: nothing is wrong with the lines, the same request may succeed later.
   * `refused`: the server will never take these lines as they are; some may be stored already.
   * `too-large`: it may take them in smaller requests.
   */
  readonly verdict: 'retry' | 'refused' | 'too-large'
}

export interface Series {
  readonly name: string
  readonly tags?: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  readonly values: readonly (readonly (string | number | boolean | null)[])[]
}

/** A request that has no answer after this is given up: it is sent again. */
const DEADLINE_MS = 30_000
const SOCKETS = 4
/** Shorter than servers and proxies keep one, or a request would meet it being closed. */
const IDLE_SOCKET_MS = 60_000
const GZIP_FROM_BYTES = 1_000
/** Words of a server that are kept of its answer. */
const MESSAGE_LENGTH = 1_000

/** Opens no connection yet: a server that is away is seen by the first request. */
export function connectInflux(
  location: InfluxLocation,
  deadlineMs: number = DEADLINE_MS,
): InfluxConnection {
  // The client writes failures to the console; here they are answers.
  setLogger({ error: () => {}, warn: () => {} })
  return new Connection(location, deadlineMs)
}

class Connection implements InfluxConnection {
  readonly #location: InfluxLocation
  readonly #agent: HttpAgent
  readonly #deadlineMs: number
  readonly #closed = new AbortController()

  constructor(location: InfluxLocation, deadlineMs: number) {
    this.#location = location
    this.#deadlineMs = deadlineMs
    const options = { keepAlive: true, maxSockets: SOCKETS, timeout: IDLE_SOCKET_MS }
    this.#agent = location.url.startsWith('https:')
      ? new HttpsAgent(options)
      : new HttpAgent(options)
  }

  async write(
    bucket: string,
    precision: 'ms' | 'ns',
    lines: readonly string[],
  ): Promise<WriteAnswer> {
    if (lines.length === 0) return { ok: true }
    if (this.#closed.signal.aborted) return this.#noAnswer()
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), this.#deadlineMs)
    const stop = () => deadline.abort()
    this.#closed.signal.addEventListener('abort', stop, { once: true })
    try {
      await this.#send(bucket, precision, lines, deadline.signal)
      return { ok: true }
    } catch (error) {
      return deadline.signal.aborted ? this.#noAnswer() : this.#refusal(error)
    } finally {
      clearTimeout(timer)
      this.#closed.signal.removeEventListener('abort', stop)
    }
  }

  async #send(
    bucket: string,
    precision: 'ms' | 'ns',
    lines: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const { url, org, token } = this.#location
    // A client for each request, because the signal is an option of the client. Without it a
    // request that timed out would keep its socket, and the fifth would wait for one for ever.
    const client = new InfluxDB({
      url,
      ...(token === null ? {} : { token }),
      timeout: this.#deadlineMs,
      transportOptions: { agent: this.#agent, signal },
    })
    const writing = client.getWriteApi(org, bucket, precision, {
      // One record of all lines, and a buffer that has room for more: only flush() sends.
      batchSize: 2,
      maxBatchBytes: Number.MAX_SAFE_INTEGER,
      maxBufferLines: Number.MAX_SAFE_INTEGER,
      flushInterval: 0,
      maxRetries: 0,
      gzipThreshold: GZIP_FROM_BYTES,
    })
    writing.writeRecord(lines.join('\n'))
    await writing.flush()
  }

  #noAnswer(): WriteRefusal {
    const message = this.#closed.signal.aborted
      ? 'the connection was closed'
      : `no answer within ${this.#deadlineMs} ms`
    return { ok: false, status: null, message, verdict: 'retry' }
  }

  #refusal(error: unknown): WriteRefusal {
    if (!(error instanceof HttpError)) {
      return { ok: false, status: null, message: this.#words(causeOf(error)), verdict: 'retry' }
    }
    const message = this.#words(error.body ? saidIn(error.body) : error.message)
    return { ok: false, status: error.statusCode, message, verdict: verdictOf(error) }
  }

  async query(db: string, influxql: string, epoch?: 'ms'): Promise<readonly Series[]> {
    const body = new URLSearchParams({ db, q: influxql, ...(epoch === undefined ? {} : { epoch }) })
    const answer = await this.#request('POST', '/query', body)
    const text = await this.#text(answer)
    if (!answer.ok) throw this.#unavailable(answer.status, saidIn(text))
    const parsed = parseQueryAnswer(text)
    const fault = parsed?.error ?? parsed?.results?.find((one) => one.error !== undefined)?.error
    if (parsed === null || fault !== undefined) {
      throw this.#unavailable(answer.status, fault ?? 'not an answer to a query')
    }
    return parsed.results?.flatMap((one) => one.series ?? []) ?? []
  }

  async deleteBefore(bucket: string, before: string): Promise<'done' | 'unsupported'> {
    const path = `/api/v2/delete?${new URLSearchParams({ org: this.#location.org, bucket })}`
    const answer = await this.#request(
      'POST',
      path,
      JSON.stringify({ start: '1970-01-01T00:00:00Z', stop: before }),
    )
    const text = await this.#text(answer)
    if (answer.status === 404 || answer.status === 405) return 'unsupported'
    if (!answer.ok) throw this.#unavailable(answer.status, saidIn(text))
    return 'done'
  }

  async retention(bucket: string): Promise<number | null> {
    const names = new URLSearchParams({ org: this.#location.org, name: bucket })
    const answer = await this.#request('GET', `/api/v2/buckets?${names}`)
    const text = await this.#text(answer)
    return answer.ok ? retentionIn(text) : null
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#agent.destroy()
  }

  async #request(method: string, path: string, body?: URLSearchParams | string): Promise<Response> {
    const { url, token } = this.#location
    try {
      return await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Token ${token}` }),
          ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.any([AbortSignal.timeout(this.#deadlineMs), this.#closed.signal]),
      })
    } catch (error) {
      throw this.#unavailable(null, causeOf(error))
    }
  }

  async #text(answer: Response): Promise<string> {
    try {
      return await answer.text()
    } catch (error) {
      throw this.#unavailable(answer.status, causeOf(error))
    }
  }

  #unavailable(status: number | null, words: string): AppError {
    return unavailable(status, this.#words(words))
  }

  /** The server's words, short, and without the token should it have repeated it. */
  #words(text: string): string {
    const { token } = this.#location
    const clean = token === null ? text : text.replaceAll(token, '…')
    return clean.slice(0, MESSAGE_LENGTH)
  }
}

/** The failure that a refusal or a missing answer is to whoever asked. */
export function unavailable(status: number | null, words: string): AppError {
  const answer = status === null ? 'no answer' : `answer ${status}`
  return new AppError('TELEMETRY_UNAVAILABLE', `InfluxDB: ${answer}: ${words}`)
}

function verdictOf(error: HttpError): WriteRefusal['verdict'] {
  if (error.statusCode === 413) return 'too-large'
  const lineFault = error.statusCode === 400 || error.statusCode === 422
  // Only InfluxDB's own JSON is about lines. A page or plain words are a proxy's, or those of a
  // server with TLS that was asked without: it has not seen the lines. A wrong token (401, 403) or
  // a bucket that is not there (404) is for people to mend, not for readings to be lost by.
  return lineFault && isInfluxWord(error.body ?? '') ? 'refused' : 'retry'
}

/** 2.x says `message`, 1.x and 3 say `error`. */
function isInfluxWord(body: string): boolean {
  try {
    const { message, error } = JSON.parse(body)
    return typeof message === 'string' || typeof error === 'string'
  } catch {
    return false
  }
}

interface QueryAnswer {
  readonly error?: string
  readonly results?: readonly { readonly error?: string; readonly series?: readonly Series[] }[]
}

function parseQueryAnswer(text: string): QueryAnswer | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' ? (parsed as QueryAnswer | null) : null
  } catch {
    return null
  }
}

function retentionIn(text: string): number | null {
  try {
    const rules: unknown = JSON.parse(text).buckets?.[0]?.retentionRules
    if (!Array.isArray(rules)) return null
    // No rule, or one of 0 seconds, is for ever.
    const expiring = rules.map((rule) => Number(rule.everySeconds)).filter((every) => every > 0)
    return expiring.length === 0 ? null : Math.min(...expiring)
  } catch {
    return null
  }
}

/** The sentence in an answer: 2.x says `message`, 1.x and 3 say `error`, 3 with a list of lines. */
function saidIn(body: string): string {
  try {
    const { message, error, data } = JSON.parse(body)
    const line = data?.[0]?.error_message
    return [message ?? error ?? body, line].filter((one) => typeof one === 'string').join(': ')
  } catch {
    return body.trim()
  }
}

/** What fetch hides in its cause: `connect ECONNREFUSED 127.0.0.1:8086`. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  const code = (cause as { code?: unknown }).code
  return cause.message || (typeof code === 'string' ? code : cause.name)
}
