import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { HOUR, iso, MINUTE, Service } from '../support/service.ts'
import { act, caseOf, flood, openCase } from '../support/story.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start()
})
afterAll(() => service?.stop())

describe('a case opens', () => {
  it('when three readings stand above the limit: major, due in two hours, bilingual', async () => {
    const { device, id } = await openCase(service)
    const opened = await service.get(`/cases/${id}`)
    expect(opened).toMatchObject({
      id,
      status: 'open',
      severity: 'major',
      kind: 'waterlogging',
      deviceId: device.id,
      ruleId: 'waterlogging-depth',
      code: { standard: 'GB/T 30428.2-2013', class: '0506', name: '道路积水' },
      title: { 'zh-CN': '道路积水深度', en: 'Water depth on the road' },
      unitId: 'drainage',
      overdue: false,
      suspended: false,
      reworkCount: 0,
      signal: { state: 'firing', value: 18, level: 'major' },
      closedAt: null,
    })
    expect(opened.number).toMatch(/^\d{6}\d{8}\d{5}$/)
    expect(Date.parse(opened.dueAt) - Date.parse(opened.openedAt)).toBe(2 * HOUR)
  })

  it('not for two readings above the limit and one below', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    for (const depthCm of [18, 18, 2, 18, 18]) await service.send(client, device, { depthCm })
    await service.settled()
    expect(await service.list(`/cases?deviceId=${device.id}`)).toEqual([])
  })

  it('once: what goes on raises it to critical, and opens no second one', async () => {
    const { device, client, id } = await openCase(service)
    await flood(service, client, device, 30)
    const raised = await eventually(async () => {
      const it = await service.get(`/cases/${id}`)
      return it.severity === 'critical' && it
    })
    expect(raised).toMatchObject({
      status: 'open',
      signal: { state: 'firing', level: 'critical', value: 30 },
    })
    expect(await service.list(`/cases?deviceId=${device.id}`)).toHaveLength(1)
  })

  it('where the device stands: with its grid, district and place', async () => {
    const [grid] = (await service.get('/city')).grids
    const [lon, lat] = centre(grid.boundary)
    const { id } = await openCase(service, { lat, lon })
    expect(await service.get(`/cases/${id}`)).toMatchObject({
      gridCode: grid.code,
      districtId: grid.districtId,
      lat,
      lon,
    })
  })

  it('with numbers that nobody else has', async () => {
    const { id } = await openCase(service)
    const other = await openCase(service)
    const numbers = await Promise.all(
      [id, other.id].map(async (one) => (await service.get(`/cases/${one}`)).number),
    )
    expect(new Set(numbers).size).toBe(2)
  })
})

describe('a case goes through five steps', () => {
  it('open, dispatched, accepted, handled, closed; a rejection is a rework', async () => {
    const { id } = await openCase(service)
    const steps: [string, string, number][] = [
      ['dispatch', 'dispatched', 0],
      ['accept', 'accepted', 0],
      ['handle', 'handled', 0],
      ['reject', 'dispatched', 1],
      ['accept', 'accepted', 1],
      ['handle', 'handled', 1],
      ['verify', 'closed', 1],
    ]
    for (const [action, status, reworkCount] of steps) {
      const after = await act(service, id, action, { note: `note on ${action}`, actor: 'li.wei' })
      expect(after).toMatchObject({ status, reworkCount })
    }
    const closed = await service.get(`/cases/${id}`)
    expect(closed.closedAt).not.toBeNull()
    const { history } = closed
    expect(history.map((one: { action: string }) => one.action)).toEqual([
      'open',
      ...steps.map(([action]) => action),
    ])
    expect(history[0]).toMatchObject({
      from: null,
      to: 'open',
      actor: expect.stringMatching(/^sensor:/),
    })
    steps.forEach(([action, status], i) => {
      expect(history[i + 1]).toMatchObject({
        action,
        to: status,
        from: history[i].to,
        actor: 'li.wei',
        note: `note on ${action}`,
      })
      expect(Date.parse(history[i + 1].at)).toBeGreaterThanOrEqual(Date.parse(history[i].at))
    })
  })

  it('tells at each step what may be done next', async () => {
    const { id } = await openCase(service)
    expect((await service.get(`/cases/${id}`)).actions).toContain('dispatch')
    expect((await act(service, id, 'dispatch')).actions).toContain('accept')
    expect((await act(service, id, 'accept')).actions).toContain('handle')
    const { actions } = await act(service, id, 'handle')
    expect(actions).toEqual(expect.arrayContaining(['verify', 'reject']))
    expect((await act(service, id, 'verify')).actions).toEqual(['comment'])
  })

  const wrong: [string, string[], string[]][] = [
    ['open', [], ['accept', 'handle', 'verify', 'reject', 'resume']],
    ['dispatched', ['dispatch'], ['handle', 'verify', 'reject']],
    ['accepted', ['dispatch', 'accept'], ['dispatch', 'accept', 'verify', 'reject']],
    ['handled', ['dispatch', 'accept', 'handle'], ['dispatch', 'accept', 'handle']],
    [
      'closed',
      ['dispatch', 'accept', 'handle', 'verify'],
      ['dispatch', 'accept', 'handle', 'verify', 'reject', 'suspend', 'resume', 'cancel'],
    ],
    ['cancelled', ['cancel'], ['dispatch', 'accept', 'suspend', 'resume', 'cancel']],
  ]
  it.each(wrong)(
    'refuses with 409 CASE_TRANSITION what a case that is %s does not allow',
    async (status, path, refused) => {
      const { id } = await openCase(service)
      for (const action of path) await act(service, id, action)
      for (const action of refused) {
        const answer = await service.api('POST', `/cases/${id}/actions`, { action })
        expect([action, answer.status, answer.body.code]).toEqual([action, 409, 'CASE_TRANSITION'])
      }
      const after = await service.get(`/cases/${id}`)
      expect(after.status).toBe(status)
      expect(after.history).toHaveLength(path.length + 1)
    },
  )

  it('can be suspended and resumed; its time stands still meanwhile', async () => {
    const { id } = await openCase(service)
    const { dueAt } = await act(service, id, 'suspend', { note: 'waiting for a pump' })
    expect(await service.get(`/cases/${id}`)).toMatchObject({ suspended: true, status: 'open' })
    const refused = await service.api('POST', `/cases/${id}/actions`, { action: 'dispatch' })
    expect([refused.status, refused.body.code]).toEqual([409, 'CASE_SUSPENDED'])
    const before = await service.now()
    await eventually(async () => (await service.now()) > before + 300)
    const resumed = await act(service, id, 'resume')
    expect(resumed.suspended).toBe(false)
    expect(Date.parse(resumed.dueAt)).toBeGreaterThan(Date.parse(dueAt))
    await act(service, id, 'dispatch')
  })

  it('can be cancelled; a cancelled case is over', async () => {
    const { id } = await openCase(service)
    const cancelled = await act(service, id, 'cancel', { note: 'a test' })
    expect(cancelled).toMatchObject({ status: 'cancelled', overdue: false })
    expect(cancelled.closedAt).not.toBeNull()
  })

  it('takes comments at any time, also after it was closed', async () => {
    const { id } = await openCase(service)
    await act(service, id, 'comment', { note: 'first' })
    await act(service, id, 'cancel')
    await act(service, id, 'comment', { note: 'afterwards' })
    const { history, status } = await service.get(`/cases/${id}`)
    expect(status).toBe('cancelled')
    expect(history.map((one: { note: string | null }) => one.note)).toEqual([
      null,
      'first',
      null,
      'afterwards',
    ])
  })

  it('keeps the evidence that comes with an action', async () => {
    const { id } = await openCase(service)
    const attachments = ['https://photos.example/before.jpg', 'https://photos.example/after.jpg']
    const answer = await service.api('POST', `/cases/${id}/actions`, {
      action: 'comment',
      attachments,
    })
    expect(answer.status).toBe(200)
    const { history } = await service.get(`/cases/${id}`)
    expect(history.at(-1)).toMatchObject({ action: 'comment', data: { attachments } })
  })

  it('can be dispatched to a unit of the city, and to no other', async () => {
    const { id } = await openCase(service)
    const body = { action: 'dispatch', unitId: 'no-such-unit' }
    const refused = await service.api('POST', `/cases/${id}/actions`, body)
    expect([refused.status, refused.body.code]).toEqual([400, 'UNIT_UNKNOWN'])
    expect(await act(service, id, 'dispatch', { unitId: 'municipal-works' })).toMatchObject({
      unitId: 'municipal-works',
      status: 'dispatched',
    })
  })

  it('answers 404 CASE_NOT_FOUND for a case that is not there', async () => {
    const read = await service.api('GET', '/cases/case-0')
    const acted = await service.api('POST', '/cases/case-0/actions', { action: 'dispatch' })
    expect([read.status, read.body.code]).toEqual([404, 'CASE_NOT_FOUND'])
    expect([acted.status, acted.body.code]).toEqual([404, 'CASE_NOT_FOUND'])
  })
})

describe('the list of cases', () => {
  it('is filtered by status, severity, kind, device, grid, unit and time of opening', async () => {
    const [, grid] = (await service.get('/city')).grids
    const [lon, lat] = centre(grid.boundary)
    const { device, client, id } = await openCase(service, { lat, lon, unitId: 'duty-desk' })
    await flood(service, client, device, 30)
    await eventually(async () => (await service.get(`/cases/${id}`)).severity === 'critical')
    const { openedAt } = await service.get(`/cases/${id}`)
    const later = iso(Date.parse(openedAt) + 1)
    const of = async (query: string) =>
      (await service.list(`/cases?limit=500&deviceId=${device.id}&${query}`)).map((one) => one.id)
    for (const query of [
      'status=open',
      'status=open,closed',
      'severity=critical',
      'kind=waterlogging',
      `gridCode=${grid.code}`,
      'unitId=duty-desk',
      'overdue=false',
      `from=${openedAt}&to=${later}`,
    ])
      expect([query, await of(query)]).toEqual([query, [id]])
    for (const query of [
      'status=closed',
      'severity=minor',
      'kind=dust',
      'gridCode=000000000000000',
      'unitId=gardens',
      'overdue=true',
      `from=${later}`,
      `to=${openedAt}`,
    ])
      expect([query, await of(query)]).toEqual([query, []])
  })

  it('is given newest first, page by page, each case once', async () => {
    const all = await service.list('/cases?limit=500')
    const opened = all.map((one) => Date.parse(one.openedAt))
    expect(opened).toEqual([...opened].sort((a, b) => b - a))
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`/cases?limit=3${query}`)
      paged.push(...page.items.map((one: { id: string }) => one.id))
      cursor = page.nextCursor
    }
    expect(paged).toEqual(all.map((one) => one.id))
  })
})

/** The clock is set ahead at a restart: hours pass without waiting for them. */
describe('as time goes by', () => {
  it('the signal clears when the water has been low for ten minutes; the case stays open', async () => {
    const { device, id } = await openCase(service)
    const openedAt = Date.parse((await service.get(`/cases/${id}`)).openedAt)
    await service.restart({ CURBWATCH_CLOCK_START: iso(openedAt + 12 * MINUTE) })
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 0, ts: iso(openedAt + MINUTE) })
    await service.settled()
    expect((await service.get(`/cases/${id}`)).signal.state).toBe('firing')
    await service.send(client, device, { depthCm: 0 })
    const cleared = await eventually(async () => {
      const it = await service.get(`/cases/${id}`)
      return it.signal.state === 'clear' && it
    })
    expect(cleared).toMatchObject({ status: 'open', closedAt: null, severity: 'major' })
    expect(cleared.history.at(-1)).toMatchObject({ action: 'signal', actor: `sensor:${device.id}` })
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual([])

    // Water that comes back belongs to the case that is still open ...
    await flood(service, client, device, 18)
    await eventually(async () => (await service.get(`/cases/${id}`)).signal.state === 'firing')
    expect(await service.list(`/cases?deviceId=${device.id}`)).toHaveLength(1)
  })

  it('water that comes back after the case was closed opens another case', async () => {
    const { device, id } = await openCase(service)
    const openedAt = Date.parse((await service.get(`/cases/${id}`)).openedAt)
    await service.restart({ CURBWATCH_CLOCK_START: iso(openedAt + 12 * MINUTE) })
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 0, ts: iso(openedAt + MINUTE) })
    await service.send(client, device, { depthCm: 0 })
    await eventually(async () => (await service.get(`/cases/${id}`)).signal.state === 'clear')
    for (const action of ['dispatch', 'accept', 'handle', 'verify']) await act(service, id, action)
    await flood(service, client, device, 18)
    const second = await eventually(async () => {
      const newest = await caseOf(service, device)
      return newest.id !== id && newest
    })
    expect(second).toMatchObject({ status: 'open', severity: 'major' })
    expect((await service.get(`/cases/${id}`)).status).toBe('closed')
  })

  it('a case that is not closed by its due time is overdue', async () => {
    const { id } = await openCase(service)
    const { dueAt, overdue } = await service.get(`/cases/${id}`)
    expect(overdue).toBe(false)
    await service.restart({ CURBWATCH_CLOCK_START: iso(Date.parse(dueAt) + MINUTE) })
    expect((await service.get(`/cases/${id}`)).overdue).toBe(true)
    const late = await service.list('/cases?overdue=true&limit=500')
    expect(late.map((one) => one.id)).toContain(id)
  })
})

function centre(boundary: [number, number][]): [number, number] {
  const points = boundary.slice(0, -1)
  const sum = (i: 0 | 1) => points.reduce((total, point) => total + point[i], 0) / points.length
  return [sum(0), sum(1)]
}
