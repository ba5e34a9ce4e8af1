import { realTime } from '../../../ops/clock.ts'

/** One question over HTTP, answered or not within seconds; it never throws. */
export interface Asked {
  /** 0: there was no answer. */
  readonly status: number
  /** The JSON that came, else its text; where there was no answer, null. */
  readonly body: unknown
  /** Why there was no answer; empty where there was one. */
  readonly fault: string
  /** Milliseconds that the other's clock is ahead of ours; null: it did not say its time. */
  readonly ahead: number | null
}

const TIMEOUT_MS = 8_000

export async function ask(url: string, init: RequestInit = {}): Promise<Asked> {
  const sent = realTime()
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { ...init, signal })
    // In the middle of going and coming; the header has whole seconds, cut off.
    const between = (sent + realTime()) / 2
    const date = Date.parse(response.headers.get('date') ?? '')
    const content = await response.text()
    return {
      status: response.status,
      body: parse(content),
      fault: '',
      ahead: Number.isNaN(date) ? null : date + 500 - between,
    }
  } catch (error) {
    return { status: 0, body: null, fault: reasonOf(error), ahead: null }
  }
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return content
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name
}

/** Why an answer was not the one hoped for, in few words and without what was asked. */
export function saidOf({ status, body, fault }: Asked): string {
  if (status === 0) return fault
  const { message, error, detail } = (typeof body === 'object' && body !== null ? body : {}) as {
    [name: string]: unknown
  }
  const words = [message, error, detail].find((one) => typeof one === 'string') ?? ''
  return `${status} ${String(words).slice(0, 200)}`.trim()
}

export function basic(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
