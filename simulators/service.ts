import { type City, citySchema } from '../src/model/city.ts'
import { parseIso } from '../src/model/time.ts'
import { monotonicMs, type ServiceClock, serviceClock } from './clock.ts'
import { SimulationError } from './failure.ts'

/** The service's HTTP API as a fleet uses it; every failure says what to do about it. */
export interface Service {
  readonly clock: ServiceClock
  /** The city that the service runs, so that the fleet fits it. */
  city(): Promise<City>
  get(path: string): Promise<unknown>
  /** Sends JSON lines or nothing; the answer's JSON. */
  post(path: string, jsonLines?: string): Promise<unknown>
  postJson(path: string, json: string): Promise<unknown>
}

/** Asks the service for its time. Throws SimulationError where no service answers. */
export async function findService(api: string, token: string): Promise<Service> {
  const base = api.replace(/\/+$/, '')
  const authorization = `Bearer ${token}`
  const clock = await readClock(base)
  return {
    clock,
    city: async () => {
      const answer = await call(`${base}/api/v1/city`, { headers: { authorization } })
      const city = citySchema.safeParse(answer)
      if (city.success) return city.data
      throw new SimulationError(
        `${base}/api/v1/city does not answer a city: ${city.error.issues[0]?.message}`,
        'fleet and service must be of the same version',
        city.error,
      )
    },
    get: (path) => call(`${base}/api/v1${path}`, { headers: { authorization } }),
    postJson: (path, body) =>
      call(`${base}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body,
      }),
    post: (path, body) =>
      call(`${base}/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization,
          ...(body === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
        },
        ...(body === undefined ? {} : { body }),
      }),
  }
}

/** The first call is slow (name, connection); the quickest of some tells the time best. */
const CLOCK_CALLS = 4

/** The service's clock, from `/healthz`. An answer counts as made half-way through its call. */
async function readClock(base: string): Promise<ServiceClock> {
  let quickest = await readHealth(base)
  for (let i = 1; i < CLOCK_CALLS; i++) {
    const health = await readHealth(base)
    if (health.took < quickest.took) quickest = health
  }
  return serviceClock(quickest.time, quickest.speed, quickest.heardAt)
}

async function readHealth(base: string) {
  const asked = monotonicMs()
  const health = Object(await call(`${base}/healthz`, {}))
  const took = monotonicMs() - asked
  const time = typeof health.time === 'string' ? parseIso(health.time) : null
  if (time === null) {
    throw new SimulationError(
      `${base}/healthz does not tell the service's time`,
      'is this address a curbwatch service? Give it with --api',
    )
  }
  const { clockSpeed } = health
  const speed = typeof clockSpeed === 'number' && clockSpeed > 0 ? clockSpeed : 1
  return { time, speed, took, heardAt: asked + took / 2 }
}

async function call(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new SimulationError(
      `no service answers at ${url}: ${causeOf(error)}`,
      'start one with `npm start`, or name its address with --api http://host:port',
      error,
    )
  })
  const text = await response.text()
  if (!response.ok) throw refusal(url, response.status, text)
  return parseJson(text, url)
}

/** A refused call, in the words of its problem document (RFC 9457) where there is one. */
function refusal(url: string, status: number, text: string): SimulationError {
  const problem = readProblem(text)
  const said = [problem.code, problem.title, problem.detail].filter(Boolean).join(', ')
  const hint =
    status === 401 || status === 403
      ? 'CURBWATCH_ADMIN_TOKEN must hold the admin token: it lies in DATA_DIR/admin-token'
      : String(problem.hint ?? 'the log of the service says more')
  return new SimulationError(`${url} answers ${status}${said === '' ? '' : `: ${said}`}`, hint)
}

function readProblem(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function parseJson(text: string, url: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const hint = 'is this address a curbwatch service? Give it with --api'
    throw new SimulationError(`${url} does not answer JSON`, hint, error)
  }
}

/** `fetch failed` alone helps nobody: the reason lies in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
