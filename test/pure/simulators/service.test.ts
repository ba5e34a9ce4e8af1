import { afterEach, describe, expect, test, vi } from 'vitest'
import type { PlacedDevice } from '../../../simulators/place.ts'
import { registerDevices } from '../../../simulators/register.ts'
import { findService } from '../../../simulators/service.ts'
import { TEST_CITY } from './fixture-city.ts'

afterEach(() => vi.unstubAllGlobals())

/** Answers by path, as a service would. */
function serve(answers: Record<string, [status: number, body: unknown]>): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    const path = new URL(url).pathname
    asked.push(path)
    const [status, body] = answers[path] ?? [404, { code: 'ROUTE_NOT_FOUND', title: 'No route' }]
    return new Response(JSON.stringify(body), { status })
  })
  return asked
}

const HEALTH = { status: 'ok', time: '2026-11-23T08:00:00.000Z', clockSpeed: 60 }

describe('the service', () => {
  test('tells its time, its pace and its city', async () => {
    serve({ '/healthz': [200, HEALTH], '/api/v1/city': [200, TEST_CITY] })
    const service = await findService('http://x:1/', 't')
    expect(service.clock.speed).toBe(60)
    expect(Math.abs(service.clock.now() - Date.parse(HEALTH.time))).toBeLessThan(60_000)
    expect((await service.city()).name.en).toBe('Test City')
  })

  test('is missed in words', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    })
    await expect(findService('http://x:1', 't')).rejects.toThrow(
      'no service answers at http://x:1/healthz: connect ECONNREFUSED',
    )
  })

  test('a refusal gives its code and a hint', async () => {
    serve({
      '/healthz': [200, HEALTH],
      '/api/v1/city': [401, { code: 'UNAUTHORIZED', title: 'No' }],
    })
    const service = await findService('http://x:1', 'wrong')
    await expect(service.city()).rejects.toMatchObject({
      message: 'http://x:1/api/v1/city answers 401: UNAUTHORIZED, No',
      hint: expect.stringContaining('CURBWATCH_ADMIN_TOKEN'),
    })
  })

  test('another server is recognised as such', async () => {
    serve({ '/healthz': [200, { up: true }] })
    await expect(findService('http://x:1', 't')).rejects.toThrow("does not tell the service's time")
  })
})

describe('registration', () => {
  const device = (id: string): PlacedDevice => ({
    id,
    kind: 'dust',
    index: 0,
    name: '滨河路1号',
    gridCode: null,
    attributes: {},
    site: { lat: 35, lon: 118, route: [] },
  })
  const post = (rejected: object[]) => async (path: string, body?: string) => {
    if (path !== '/devices/import') return { secret: `new ${path}` }
    expect(body?.trim().split('\n')).toHaveLength(2)
    return { accepted: [{ id: 'ds-1', secret: 'first' }], rejected }
  }

  test('new devices get a secret, known ones a new one', async () => {
    const known = [{ row: 2, id: 'ds-2', code: 'DEVICE_EXISTS', message: '' }]
    const secrets = await registerDevices({ post: post(known) }, [device('ds-1'), device('ds-2')])
    expect([...secrets]).toEqual([
      ['ds-1', 'first'],
      ['ds-2', 'new /devices/ds-2/rotate-secret'],
    ])
  })

  test('a row that is refused stops the fleet, with its reason', async () => {
    const bad = [{ row: 2, id: 'ds-2', code: 'KIND_UNKNOWN', message: 'no kind' }]
    await expect(
      registerDevices({ post: post(bad) }, [device('ds-1'), device('ds-2')]),
    ).rejects.toThrow('refuses 1 of 2 devices: ds-2: KIND_UNKNOWN no kind')
  })
})
