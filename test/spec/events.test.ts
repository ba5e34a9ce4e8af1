import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Service } from '../support/service.ts'
import { type Events, watchEvents } from '../support/sse.ts'
import { act, flood, openCase } from '../support/story.ts'

let service: Service
let events: Events
beforeAll(async () => {
  service = await Service.start()
  events = await watchEvents(service)
})
afterAll(async () => {
  events?.close()
  await service?.stop()
})

describe('the stream of events tells', () => {
  it('a device that comes and goes', async () => {
    const device = await service.register('waterlogging')
    await events.expect('device', (it) => it.id === device.id && it.online === false)
    const client = await service.connect(device)
    const online = await events.expect('device', (it) => it.id === device.id && it.online === true)
    expect(online).toEqual(await service.get(`/devices/${device.id}`))
    expect(JSON.stringify(online)).not.toMatch(/secret/i)
    const seen = events.received.length
    await client.endAsync()
    await events.expect(
      'device',
      (it) =>
        it.id === device.id &&
        it.online === false &&
        events.received.findIndex((one) => one.data === it) >= seen,
    )
  })

  it('a device that someone changed', async () => {
    const device = await service.register('waterlogging')
    await service.api('PATCH', `/devices/${device.id}`, { name: 'renamed' })
    await events.expect('device', (it) => it.id === device.id && it.name === 'renamed')
  })

  it('a device that was removed', async () => {
    const device = await service.register('waterlogging')
    await service.api('DELETE', `/devices/${device.id}`)
    await events.expect('device', (data) => data.id === device.id && data.deleted === true)
  })

  it('readings, as a sample', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 1.5 })
    expect(await events.expect('reading', (it) => it.deviceId === device.id)).toEqual({
      deviceId: device.id,
      kind: 'waterlogging',
      ts: expect.stringMatching(/Z$/),
      fields: { depthCm: 1.5 },
    })
  })

  it('an alert, from pending to firing', async () => {
    const { device, id } = await openCase(service)
    const of = (state: string) =>
      events.expect(
        'alert',
        (it) => it.deviceId === device.id && it.level === 'major' && it.state === state,
      )
    await of('pending')
    expect(await of('firing')).toMatchObject({
      ruleId: 'waterlogging-depth',
      ruleVersion: 1,
      value: 18,
      caseId: id,
    })
  })

  it('an alert that ends', async () => {
    const { device } = await openCase(service)
    const off = { ruleOverrides: { 'waterlogging-depth': { enabled: false } } }
    await service.api('PATCH', `/devices/${device.id}`, off)
    await events.expect('alert', (it) => it.deviceId === device.id && it.state === 'resolved')
  })

  it('a case at each of its steps, as the API shows it', async () => {
    const { device, client, id } = await openCase(service)
    await events.expect('case', (it) => it.id === id && it.status === 'open')
    await flood(service, client, device, 30)
    await events.expect('case', (it) => it.id === id && it.severity === 'critical')
    await act(service, id, 'dispatch')
    const dispatched = await events.expect(
      'case',
      (it) => it.id === id && it.status === 'dispatched',
    )
    const { history: _history, ...shown } = await service.get(`/cases/${id}`)
    expect(dispatched).toEqual(shown)
  })

  it('to everyone who watches, also to who comes later', async () => {
    const later = await watchEvents(service)
    const { id } = await openCase(service)
    await Promise.all([events, later].map((one) => one.expect('case', (it) => it.id === id)))
    later.close()
  })
})
