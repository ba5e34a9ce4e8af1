import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_TOKEN, type Doc, Service } from '../support/service.ts'
import { openCase } from '../support/story.ts'

let service: Service
let openapi: Doc
beforeAll(async () => {
  service = await Service.start()
  openapi = (await service.request('GET', '/openapi.json')).body
})
afterAll(() => service?.stop())

const authorization = `Bearer ${ADMIN_TOKEN}`
const METHODS = ['get', 'post', 'put', 'patch', 'delete']

function operations(): [method: string, path: string][] {
  return Object.entries(openapi.paths as Doc).flatMap(([path, item]) =>
    METHODS.filter((method) => method in (item as Doc)).map(
      (method) => [method.toUpperCase(), path] as [string, string],
    ),
  )
}

describe('the documentation', () => {
  it('is OpenAPI 3.1 at /openapi.json', () => {
    expect(openapi.openapi).toMatch(/^3\.1\./)
    expect(openapi.info.title).toBe('curbwatch')
    expect(openapi.components.securitySchemes.token).toEqual({ type: 'http', scheme: 'bearer' })
  })

  it('names every call of the contract', () => {
    const calls = operations().map(([method, path]) => `${method} ${path}`)
    expect(calls).toEqual(
      expect.arrayContaining([
        'GET /healthz',
        'GET /readyz',
        'GET /metrics',
        ...[
          'GET /kinds',
          'GET /devices',
          'POST /devices',
          'GET /devices/{id}',
          'PATCH /devices/{id}',
          'DELETE /devices/{id}',
          'POST /devices/{id}/rotate-secret',
          'POST /devices/import',
          'GET /devices/{id}/readings',
          'POST /devices/{id}/commands',
          'GET /commands/{id}',
          'GET /alerts',
          'GET /rules',
          'POST /rules',
          'GET /rules/{id}',
          'PUT /rules/{id}',
          'DELETE /rules/{id}',
          'GET /cases',
          'GET /cases/{id}',
          'POST /cases/{id}/actions',
          'GET /quarantine',
          'POST /quarantine/{id}/replay',
          'GET /ledger',
          'GET /events',
          'GET /telemetry/refused',
          'GET /grafana/alerts',
          'POST /grafana/alerts',
        ].map((call) => call.replace(' ', ' /api/v1')),
      ]),
    )
  })

  it('says of every call what it does', () => {
    for (const [method, path] of operations()) {
      const operation = openapi.paths[path][method.toLowerCase()]
      expect([method, path, operation.summary]).toEqual([method, path, expect.stringMatching(/./)])
    }
  })

  it('can be read at /docs', async () => {
    const { status, headers, body } = await service.request('GET', '/docs/')
    expect([status, headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/html/),
    ])
    expect(body).toContain('swagger')
  })
})

describe('without the token', () => {
  it('no call under /api/v1 is answered: 401 UNAUTHORIZED', async () => {
    // Grafana's webhook signs instead (deliveries.test.ts).
    const signed = 'POST /api/v1/grafana/alerts'
    const guarded = operations().filter(
      ([method, path]) => path.startsWith('/api/v1') && `${method} ${path}` !== signed,
    )
    expect(guarded.length).toBeGreaterThan(20)
    for (const [method, path] of guarded) {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: ADMIN_TOKEN },
      ]) {
        const url = path.replace('{id}', 'x')
        const answer = await service.request(method, url, { headers })
        expect([method, path, answer.status, answer.body.code]).toEqual([
          method,
          path,
          401,
          'UNAUTHORIZED',
        ])
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
  })

  it('health, readiness, metrics, documentation and the console are', async () => {
    const pages = ['/', '/cases/case-0', '/docs/']
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', ...pages]) {
      expect([path, (await service.request('GET', path)).status]).toEqual([path, 200])
    }
  })
})

describe('the service tells', () => {
  it('that it lives and is ready', async () => {
    const health = await service.request('GET', '/healthz')
    expect(health.body).toMatchObject({ status: 'ok', time: expect.stringMatching(/Z$/) })
    expect((await service.request('GET', '/readyz')).body).toEqual({
      status: 'ready',
      troubles: [],
      warnings: [],
    })
  })

  it('its metrics as Prometheus text', async () => {
    const { headers, body } = await service.request('GET', '/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    expect(body).toMatch(/^# HELP curbwatch_messages_received_total /m)
    const before = await service.metric(
      'curbwatch_messages_received_total{channel="telemetry",qos="1"}',
    )
    await openCase(service)
    const after = await service.metric(
      'curbwatch_messages_received_total{channel="telemetry",qos="1"}',
    )
    expect(after - before).toBe(3)
  })

  it('its console at /, and lets it load nothing from elsewhere', async () => {
    const { headers, body } = await service.request('GET', '/')
    expect(headers.get('content-type')).toMatch(/^text\/html/)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const files = [...String(body).matchAll(/(?:src|href)="(\/[^"#]+)"/g)].map(([, path]) => path)
    expect(files.length).toBeGreaterThan(0)
    for (const file of files as string[]) {
      expect([file, (await service.request('GET', file)).status]).toEqual([file, 200])
    }
  })

  it('the kinds with fields, units, default rules, in both languages', async () => {
    const kinds = await service.list('/kinds')
    expect(kinds.map((kind) => kind.name).sort()).toEqual([
      'dust',
      'manhole-cover',
      'oil-fume',
      'sprinkler-truck',
      'tree-tilt',
      'waterlogging',
    ])
    for (const kind of kinds) {
      expect(kind.title).toEqual({
        'zh-CN': expect.stringMatching(/[一-鿿]/),
        en: expect.any(String),
      })
      expect(kind.rules.length).toBeGreaterThan(0)
      for (const field of Object.values(kind.fields as Doc) as Doc[]) {
        expect(field.label['zh-CN']).toMatch(/./)
        if (field.type === 'number') expect(field.unit).toMatch(/./)
      }
    }
  })
})

describe('an error', () => {
  it('is a problem with code, hint and places, in English', async () => {
    const { status, headers, body } = await service.api('POST', '/devices', { id: 'a b' })
    expect(status).toBe(400)
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(body).toMatchObject({
      type: expect.stringContaining('VALIDATION'),
      title: 'The request is not valid',
      status: 400,
      code: 'VALIDATION',
      hint: expect.stringMatching(/[a-z]/),
    })
    expect(body.errors.map((one: Doc) => one.path)).toEqual(
      expect.arrayContaining(['body.id', 'body.kind']),
    )
  })

  it.each(['zh-CN', 'zh', 'zh-CN,zh;q=0.9,en;q=0.8'])(
    'is in Chinese for Accept-Language %s',
    async (language) => {
      const headers = { authorization, 'accept-language': language }
      const { body } = await service.request('GET', '/api/v1/cases/none', { headers })
      expect(body.code).toBe('CASE_NOT_FOUND')
      expect(body.title).toBe('没有这个案件')
      expect(body.hint).toMatch(/[一-鿿]/)
    },
  )

  it('is 413 for a body over 1 MB, before anyone reads it, but for an import', async () => {
    const body = JSON.stringify({ id: 'x', kind: 'dust', name: 'x'.repeat(1_100_000) })
    for (const path of ['/api/v1/devices', '/nothing']) {
      const { status } = await service.request('POST', path, {
        headers: { authorization, 'content-type': 'application/json' },
        body,
      })
      expect([path, status]).toEqual([path, 413])
    }
    const imported = await service.request('POST', '/api/v1/devices/import', {
      headers: { authorization, 'content-type': 'application/x-ndjson' },
      body: `${body}\n`,
    })
    expect(imported.status).toBe(200)
  })

  it('has a type that explains it', async () => {
    const { body } = await service.request('GET', '/api/v1/cases')
    const explained = await service.request('GET', body.type)
    expect(explained.body).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
    expect(explained.body.hint['zh-CN']).toMatch(/Bearer/)
  })

  it('is 404 ROUTE_NOT_FOUND for an address that is not there', async () => {
    for (const path of ['/nothing', '/api/v1/nothing', '/api/v2/cases', '/console/nothing.js']) {
      const { status, headers, body } = await service.request('GET', path, {
        headers: { authorization },
      })
      expect([path, status, body.code]).toEqual([path, 404, 'ROUTE_NOT_FOUND'])
      expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
    }
  })

  it('is never a fault of ours for what someone sends', async () => {
    const json = { authorization, 'content-type': 'application/json' }
    const requests: [string, string, RequestInit][] = [
      ['POST', '/devices', { headers: json, body: '{"id":' }],
      ['POST', '/devices', { headers: json, body: '' }],
      ['POST', '/devices', { headers: json, body: 'null' }],
      ['POST', '/devices', { headers: json, body: '[]' }],
      [
        'POST',
        '/devices',
        { headers: { authorization, 'content-type': 'text/xml' }, body: '<a/>' },
      ],
      ['POST', '/devices', { headers: json, body: '{"__proto__":{"a":1},"id":"x","kind":"dust"}' }],
      ['POST', '/rules', { headers: json, body: '[]' }],
      [
        'POST',
        '/rules',
        { headers: json, body: `{"value":${'{"abs":'.repeat(500)}1${'}'.repeat(500)}}` },
      ],
      ['POST', '/cases/none/actions', { headers: json, body: '{"action":"explode"}' }],
      ['GET', `/cases/${'x'.repeat(500)}`, { headers: { authorization } }],
      ['GET', '/devices/%00', { headers: { authorization } }],
      ['GET', '/devices/%E0%A4%A', { headers: { authorization } }],
      ['GET', '/cases?status=open,exploded', { headers: { authorization } }],
      ['GET', '/cases?from=yesterday', { headers: { authorization } }],
      ['GET', '/cases?limit=10&limit=20', { headers: { authorization } }],
      ['GET', '/ledger?day=today', { headers: { authorization } }],
    ]
    for (const [method, path, init] of requests) {
      const { status, body } = await service.request(method, `/api/v1${path}`, init)
      expect([method, path.slice(0, 40), init.body, status >= 400 && status < 500]).toEqual([
        method,
        path.slice(0, 40),
        init.body,
        true,
      ])
      expect(body.code).toMatch(/^[A-Z_]+$/)
    }
  })
})

describe('a list', () => {
  const lists = [
    '/devices',
    '/cases',
    '/alerts',
    '/quarantine',
    '/telemetry/refused',
    '/grafana/alerts',
  ]

  it('takes a limit of 1 to 500', async () => {
    for (const list of lists) {
      for (const limit of ['0', '501', '-1', '1.5', 'many', '']) {
        const { status, body } = await service.api('GET', `${list}?limit=${limit}`)
        expect([list, limit, status, body.code]).toEqual([list, limit, 400, 'VALIDATION'])
      }
      for (const limit of [1, 500]) {
        const { status, body } = await service.api('GET', `${list}?limit=${limit}`)
        expect([list, status]).toEqual([list, 200])
        expect(Object.keys(body).sort()).toEqual(['items', 'nextCursor'])
      }
    }
  })

  it('takes no cursor that it did not give', async () => {
    const { device } = await openCase(service)
    const made = Buffer.from('made up').toString('base64url')
    const readings = `/devices/${device.id}/readings`
    for (const list of [...lists.filter((one) => one !== '/devices'), readings]) {
      for (const cursor of ['***', made]) {
        const { status, body } = await service.api('GET', `${list}?cursor=${cursor}`)
        expect([list, cursor, status, body.code]).toEqual([list, cursor, 400, 'VALIDATION'])
      }
    }
  })
})
