import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { AT_NOON, Service } from '../support/service.ts'
import { act, flood, openCase } from '../support/story.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start(AT_NOON)
})
afterAll(() => service?.stop())

describe('alerts', () => {
  it('are pending while the condition is young, firing when it has held', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 18 })
    await service.settled()
    const [pending, ...others] = await service.list(`/alerts?deviceId=${device.id}`)
    expect(others).toEqual([])
    expect(pending).toMatchObject({
      ruleId: 'waterlogging-depth',
      ruleVersion: 1,
      deviceId: device.id,
      state: 'pending',
      level: 'major',
      value: 18,
      caseId: null,
    })
    await service.send(client, device, { depthCm: 19 })
    await service.send(client, device, { depthCm: 20 })
    await service.settled()
    const [firing] = await service.list(`/alerts?deviceId=${device.id}`)
    expect(firing).toMatchObject({ state: 'firing', level: 'major', value: 20 })
    expect(firing.caseId).toMatch(/./)
    expect((await service.get(`/cases/${firing.caseId}`)).deviceId).toBe(device.id)
  })

  it('below the level of a case are listed, and open none', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await flood(service, client, device, 5)
    await service.settled()
    const [alert] = await service.list(`/alerts?deviceId=${device.id}`)
    expect(alert).toMatchObject({ state: 'firing', level: 'attention', caseId: null })
    expect(await service.list(`/cases?deviceId=${device.id}`)).toEqual([])
  })

  it('that never fired are gone when the condition ends', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 18 })
    await service.settled()
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toHaveLength(1)
    await service.send(client, device, { depthCm: 0 })
    await service.settled()
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual([])
  })

  it('are filtered by state, rule, kind and device, and paged', async () => {
    const { device } = await openCase(service)
    await openCase(service)
    const of = async (query: string) =>
      (await service.list(`/alerts?deviceId=${device.id}&${query}`)).length
    expect(await of('state=firing&ruleId=waterlogging-depth&kind=waterlogging')).toBe(1)
    expect(await of('state=pending')).toBe(0)
    expect(await of('ruleId=dust-noise')).toBe(0)
    expect(await of('kind=dust')).toBe(0)
    const all = await service.list('/alerts?limit=500')
    const paged: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`/alerts?limit=1${next}`)
      paged.push(...page.items)
      cursor = page.nextCursor
    }
    expect(all.length).toBeGreaterThan(1)
    expect(paged).toEqual(all)
  })

  it('go with their device; its case stays, with its signal clear', async () => {
    const { device, id } = await openCase(service)
    await service.api('DELETE', `/devices/${device.id}`)
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual([])
    expect(await service.get(`/cases/${id}`)).toMatchObject({
      status: 'open',
      signal: { state: 'clear' },
    })
  })
})

const ends: [string, (service: Service) => Promise<void>][] = [
  ['was stopped', (it) => it.halt()],
  ['was killed', (it) => it.kill9()],
]
describe.each(ends)('after the service %s and started again', (_how, end) => {
  it('the alert still fires, the case is as it was, and the same water opens no second one', async () => {
    const { device, id } = await openCase(service)
    await act(service, id, 'dispatch', { note: 'before the end' })
    const before = {
      alerts: await service.list(`/alerts?deviceId=${device.id}`),
      opened: await service.get(`/cases/${id}`),
    }
    await end(service)
    await service.restart()
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual(before.alerts)
    expect(await service.get(`/cases/${id}`)).toEqual(before.opened)
    const client = await service.connect(device)
    await flood(service, client, device, 18)
    await service.settled()
    expect((await service.list(`/cases?deviceId=${device.id}`)).map((one) => one.id)).toEqual([id])
    expect((await service.list(`/alerts?deviceId=${device.id}`))[0]).toMatchObject({
      state: 'firing',
      since: before.alerts[0].since,
      caseId: id,
    })
  })

  it('a condition that had begun to hold goes on counting', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 18 })
    await service.send(client, device, { depthCm: 18 })
    await service.settled()
    await end(service)
    await service.restart()
    const again = await service.connect(device)
    await service.send(again, device, { depthCm: 18 })
    await eventually(async () => (await service.list(`/cases?deviceId=${device.id}`)).length === 1)
  })

  it('everything that was acknowledged is there, in the ledger and in the readings', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const before = await service.settled()
    const sent = Array.from({ length: 100 }, (_, i) =>
      service.send(client, device, { seq: i, depthCm: 1 }),
    )
    await Promise.all(sent)
    // At once after the last acknowledgement.
    await end(service)
    await service.restart()
    const after = await service.settled()
    expect(after.received - before.received).toBe(100)
    expect(after.stored + after.duplicate - before.stored - before.duplicate).toBe(100)
    expect(after.balanced).toBe(true)
    const items = await service.list(`/devices/${device.id}/readings?limit=500`)
    expect(items.map((one) => one.seq).sort((a, b) => a - b)).toEqual(sent.map((_, i) => i))
  })

  it('nobody is online until they come back', async () => {
    const device = await service.register('waterlogging')
    await service.connect(device)
    await eventually(async () => (await service.get(`/devices/${device.id}`)).online)
    await end(service)
    await service.restart()
    await eventually(async () => !(await service.get(`/devices/${device.id}`)).online)
    await service.connect(device)
    await eventually(async () => (await service.get(`/devices/${device.id}`)).online)
  })
})
