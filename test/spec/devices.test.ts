import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ADMIN_TOKEN, type Doc, Service } from '../support/service.ts'

let service: Service
let grids: Doc[]
beforeAll(async () => {
  service = await Service.start()
  grids = (await service.get('/city')).grids
})
afterAll(() => service?.stop())

describe('a device is registered', () => {
  it('with id and kind alone: the rest follows, the secret is shown once', async () => {
    const { status, body } = await service.api('POST', '/devices', {
      id: 'wl-1',
      kind: 'waterlogging',
    })
    expect(status).toBe(201)
    expect(body.secret.length).toBeGreaterThanOrEqual(24)
    expect(body.device).toMatchObject({
      id: 'wl-1',
      kind: 'waterlogging',
      name: 'wl-1',
      lat: null,
      lon: null,
      gridCode: null,
      districtId: null,
      unitId: 'drainage',
      attributes: {},
      enabled: true,
      online: false,
      lastSeenAt: null,
      latest: null,
    })
    const read = await service.get('/devices/wl-1')
    expect(read).toEqual(body.device)
    const shown = JSON.stringify([read, await service.get('/devices')])
    expect(shown).not.toContain(body.secret)
    expect(shown).not.toContain('secretHash')
  })

  it('with all that is known of it', async () => {
    const known = {
      id: 'wl-2',
      kind: 'waterlogging',
      name: '人民路下穿通道',
      lat: 35.05,
      lon: 118.35,
      gridCode: grids[3].code,
      unitId: 'duty-desk',
      attributes: { owner: 'city', depthLimitCm: 27, heated: true },
    }
    const { body } = await service.api('POST', '/devices', known)
    expect(body.device).toMatchObject({ ...known, districtId: grids[3].districtId })
  })

  it('in the grid that its place lies in; outside the city in none', async () => {
    for (const [i, grid] of grids.slice(0, 5).entries()) {
      const [lon, lat] = centre(grid.boundary)
      const { id } = await service.register('dust', `grid-${i}`, { lat, lon })
      expect(await service.get(`/devices/${id}`)).toMatchObject({
        gridCode: grid.code,
        districtId: grid.districtId,
      })
    }
    await service.register('dust', 'at-sea', { lat: 0, lon: 0 })
    expect((await service.get('/devices/at-sea')).gridCode).toBeNull()
  })

  it('once: 409 DEVICE_EXISTS for the same id again, and the first stays as it was', async () => {
    await service.register('waterlogging', 'twice')
    const before = await service.get('/devices/twice')
    const answer = await service.api('POST', '/devices', { id: 'twice', kind: 'dust' })
    expect([answer.status, answer.body.code]).toEqual([409, 'DEVICE_EXISTS'])
    expect(await service.get('/devices/twice')).toEqual(before)
  })

  const refused: [string, object, string][] = [
    ['an unknown kind', { kind: 'volcano' }, 'KIND_UNKNOWN'],
    ['an unknown unit', { unitId: 'nobody' }, 'UNIT_UNKNOWN'],
    ['an unknown grid', { gridCode: '000000000000000' }, 'GRID_UNKNOWN'],
    ['an id with a separator', { id: 'a/b' }, 'VALIDATION'],
    ['an id with a wildcard', { id: 'a+b' }, 'VALIDATION'],
    ['an id of a system topic', { id: '$SYS' }, 'VALIDATION'],
    ['an id that is too long', { id: 'x'.repeat(65) }, 'VALIDATION'],
    ['an empty id', { id: '' }, 'VALIDATION'],
    ['a latitude beyond the pole', { lat: 91, lon: 0 }, 'VALIDATION'],
    ['a property that a device does not have', { colour: 'red' }, 'VALIDATION'],
  ]
  it.each(refused)('never with %s', async (_what, more, code) => {
    const body = { id: 'refused', kind: 'waterlogging', ...more }
    const answer = await service.api('POST', '/devices', body)
    expect([answer.status, answer.body.code]).toEqual([400, code])
    expect((await service.api('GET', '/devices/refused')).status).toBe(404)
  })
})

describe('a device is changed', () => {
  it('in what is given, and nothing else', async () => {
    await service.register('waterlogging', 'change', { name: 'old', attributes: { a: 1 } })
    const before = await service.get('/devices/change')
    const { status, body } = await service.api('PATCH', '/devices/change', { name: 'new' })
    expect(status).toBe(200)
    expect(body).toEqual({ ...before, name: 'new' })
    expect(await service.get('/devices/change')).toEqual(body)
  })

  it('and found in another grid when it is moved', async () => {
    const [from, to] = [centre(grids[0].boundary), centre(grids[7].boundary)]
    await service.register('dust', 'mover', { lat: from[1], lon: from[0] })
    const moved = await service.api('PATCH', '/devices/mover', { lat: to[1], lon: to[0] })
    expect(moved.body).toMatchObject({ gridCode: grids[7].code, districtId: grids[7].districtId })
    const named = await service.api('PATCH', '/devices/mover', { gridCode: grids[2].code })
    expect(named.body).toMatchObject({ gridCode: grids[2].code, lat: to[1] })
  })

  it('never in its id or kind', async () => {
    await service.register('dust', 'fixed')
    for (const patch of [{ id: 'other' }, { kind: 'waterlogging' }, { secret: 'mine' }]) {
      const answer = await service.api('PATCH', '/devices/fixed', patch)
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION'])
    }
  })

  it('for good: the change is there after a restart, and the secret still opens', async () => {
    const device = await service.register('dust', 'lasting')
    await service.api('PATCH', '/devices/lasting', { name: 'kept' })
    await service.restart()
    expect((await service.get('/devices/lasting')).name).toBe('kept')
    await service.connect(device)
  })

  it('404 DEVICE_NOT_FOUND for one that is not there', async () => {
    for (const [method, path, body] of [
      ['GET', '/devices/none'],
      ['PATCH', '/devices/none', { name: 'x' }],
      ['DELETE', '/devices/none'],
      ['POST', '/devices/none/rotate-secret'],
      ['POST', '/devices/none/commands', { name: 'x' }],
    ] as const) {
      const answer = await service.api(method, path, body)
      expect([method, path, answer.status, answer.body.code]).toEqual([
        method,
        path,
        404,
        'DEVICE_NOT_FOUND',
      ])
    }
  })
})

describe('a device is removed', () => {
  it('and may be registered anew, with another secret and nothing of its past', async () => {
    const first = await service.register('waterlogging', 'phoenix')
    const client = await service.connect(first)
    await service.send(client, first, { depthCm: 5 })
    await service.settled()
    expect((await service.api('DELETE', '/devices/phoenix')).status).toBe(204)
    expect((await service.api('GET', '/devices/phoenix')).status).toBe(404)
    const second = await service.register('waterlogging', 'phoenix')
    expect(second.secret).not.toBe(first.secret)
    expect(await service.get('/devices/phoenix')).toMatchObject({ latest: null, lastSeenAt: null })
    await expect(service.connect(first)).rejects.toMatchObject({ code: 4 })
    await service.connect(second)
  })
})

describe('devices are listed', () => {
  it('by kind, grid, part of id or name, and whether they are online', async () => {
    const code = grids[9].code
    const device = await service.register('tree-tilt', 'ginkgo-17', {
      name: '古银杏 Ginkgo',
      gridCode: code,
    })
    await service.connect(device)
    await eventually(async () => (await service.get('/devices/ginkgo-17')).online)
    const of = async (query: string) =>
      (await service.list(`/devices?limit=500&${query}`)).map((one) => one.id)
    for (const query of ['kind=tree-tilt', `gridCode=${code}`, 'q=KGO-1', 'q=银杏', 'online=true'])
      expect([query, await of(query)]).toEqual([query, expect.arrayContaining(['ginkgo-17'])])
    for (const query of ['kind=dust', `gridCode=${grids[1].code}`, 'q=oak', 'online=false'])
      expect([query, await of(query)]).toEqual([query, expect.not.arrayContaining(['ginkgo-17'])])
    expect(await of(`kind=tree-tilt&q=ginkgo&gridCode=${code}&online=true`)).toEqual(['ginkgo-17'])
    expect(await of('q=%25')).toEqual([])
  })

  it('page by page, each once', async () => {
    const all = (await service.list('/devices?limit=500')).map((one) => one.id)
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`/devices?limit=4${next}`)
      paged.push(...page.items.map((one: Doc) => one.id))
      cursor = page.nextCursor
    }
    expect(all.length).toBeGreaterThan(4)
    expect(paged).toEqual(all)
  })
})

describe('many devices are imported', () => {
  const importAs = (type: string, body: string) =>
    service.request('POST', '/api/v1/devices/import', {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': type },
      body,
    })

  it('from JSON lines: good rows are registered, every bad one is answered', async () => {
    const lines = [
      '{"id":"n-1","kind":"dust","name":"one","attributes":{"site":"A"}}',
      '{"id":"n-2","kind":"volcano"}',
      'not JSON',
      '',
      '{"id":"n 3","kind":"dust"}',
      '{"id":"n-4","kind":"waterlogging","lat":35.05,"lon":118.35}',
      '{"id":"n-1","kind":"dust"}',
    ]
    const { status, body } = await importAs('application/x-ndjson', lines.join('\n'))
    expect(status).toBe(200)
    expect(body.accepted.map((one: Doc) => one.id)).toEqual(['n-1', 'n-4'])
    expect(body.rejected.map((one: Doc) => [one.id, one.code])).toEqual([
      ['n-2', 'KIND_UNKNOWN'],
      [null, 'VALIDATION'],
      ['n 3', 'VALIDATION'],
      ['n-1', 'DEVICE_EXISTS'],
    ])
    expect(await service.get('/devices/n-1')).toMatchObject({
      name: 'one',
      attributes: { site: 'A' },
    })
    for (const { id, secret } of body.accepted) {
      await service.connect({ id, kind: 'dust', secret })
    }
  })

  it('tells the number of each bad row, from 1, without blank lines', async () => {
    const lines = ['{"id":"r-1","kind":"dust"}', '{"id":"r-2"}', '', '{"id":"r-3","kind":7}']
    const { body } = await importAs('application/x-ndjson', lines.join('\n'))
    expect(body.rejected.map((one: Doc) => one.row)).toEqual([2, 3])
    expect(body.rejected[0].errors[0].path).toBe('kind')
  })

  it('from CSV with a header line; columns of its own become attributes', async () => {
    const csv = [
      'id,kind,name,lat,lon,unitId,site',
      'c-1,dust,"West gate, crane",35.05,118.35,dust-control,A12',
      'c-2,dust,,north,118.35,,',
      'c-3,volcano,,,,,',
      'c-4,waterlogging,,,,,',
    ].join('\r\n')
    const { status, body } = await importAs('text/csv', `\uFEFF${csv}`)
    expect(status).toBe(200)
    expect(body.accepted.map((one: Doc) => one.id)).toEqual(['c-1', 'c-4'])
    expect(body.rejected).toEqual([
      expect.objectContaining({ row: 2, id: 'c-2', code: 'VALIDATION' }),
      expect.objectContaining({ row: 3, id: 'c-3', code: 'KIND_UNKNOWN' }),
    ])
    expect(await service.get('/devices/c-1')).toMatchObject({
      name: 'West gate, crane',
      lat: 35.05,
      lon: 118.35,
      unitId: 'dust-control',
      attributes: { site: 'A12' },
    })
    const [{ id, secret }] = body.accepted
    await service.connect({ id, kind: 'dust', secret })
  })

  it('never in another form', async () => {
    for (const [type, body] of [
      ['application/json', '{"id":"x","kind":"dust"}'],
      ['text/plain', 'id,kind'],
      ['text/csv', 'id,kind\n"open'],
    ] as const) {
      const answer = await importAs(type, body)
      expect([type, answer.status, answer.body.code]).toEqual([type, 400, 'VALIDATION'])
    }
  })

  it('thousands at once', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `{"id":"mass-${i}","kind":"dust"}`)
    const { body } = await importAs('application/x-ndjson', lines.join('\n'))
    expect(body.accepted).toHaveLength(5000)
    expect(await service.list('/devices?q=mass-4999')).toHaveLength(1)
  })
})

function centre(boundary: [number, number][]): [number, number] {
  const points = boundary.slice(0, -1)
  const sum = (i: 0 | 1) => points.reduce((total, point) => total + point[i], 0) / points.length
  return [sum(0), sum(1)]
}
