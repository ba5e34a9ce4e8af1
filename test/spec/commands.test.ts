import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { connectPacket, openRaw } from '../support/raw.ts'
import { type Doc, Service, topicOf } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start()
})
afterAll(() => service?.stop())

/** A device that listens to its commands. */
async function listening() {
  const device = await service.register('sprinkler-truck')
  const client = await service.connect(device)
  const received: Doc[] = []
  client.on('message', (topic, payload) =>
    received.push({ topic, ...JSON.parse(payload.toString()) }),
  )
  await client.subscribeAsync(topicOf(device, 'command'), { qos: 1 })
  const reply = (answer: Doc) => service.publish(client, topicOf(device, 'reply'), answer)
  return { device, client, received, reply }
}

const send = (deviceId: string, body: Doc) =>
  service.api('POST', `/devices/${deviceId}/commands`, body)

const inState = (id: string, state: string): Promise<Doc> =>
  eventually(async () => {
    const command = await service.get(`/commands/${id}`)
    return command.state === state && command
  })

describe('a command', () => {
  it('is answered with 202 and reaches its device, which has until expiresAt', async () => {
    const { device, received } = await listening()
    const params = { zone: 3, names: ['a', '人'] }
    const { status, body } = await send(device.id, { name: 'spray', params })
    expect([status, body.state, body.deviceId]).toEqual([202, 'sent', device.id])
    const message = await eventually(() => received[0])
    expect(message).toEqual({
      topic: topicOf(device, 'command'),
      id: body.id,
      name: 'spray',
      params,
      expiresAt: body.expiresAt,
    })
    expect(Date.parse(body.expiresAt)).toBeGreaterThan(Date.parse(body.createdAt))
    expect((await service.get(`/commands/${body.id}`)).state).toBe('sent')
  })

  it('that the device says it did is acknowledged', async () => {
    const { device, received, reply } = await listening()
    const { body } = await send(device.id, { name: 'spray' })
    await eventually(() => received.length === 1)
    await reply({ id: body.id, ok: true, detail: 'nozzles 1 to 4' })
    const command = await inState(body.id, 'acknowledged')
    expect(command.detail).toBe('nozzles 1 to 4')
    expect(command.endedAt).not.toBeNull()
  })

  it('that the device says it could not do is failed', async () => {
    const { device, reply } = await listening()
    const { body } = await send(device.id, { name: 'spray' })
    await reply({ id: body.id, ok: false, detail: 'tank empty' })
    expect((await inState(body.id, 'failed')).detail).toBe('tank empty')
  })

  it('that nobody answers is expired; an answer afterwards changes nothing', async () => {
    const { device, reply } = await listening()
    const { body } = await send(device.id, { name: 'spray', lifetimeSeconds: 1 })
    const expired = await inState(body.id, 'expired')
    expect(expired.endedAt).toBe(expired.expiresAt)
    await reply({ id: body.id, ok: true })
    await service.publish(await service.connect(device), topicOf(device, 'telemetry'), {
      tankPct: 1,
    })
    await service.settled()
    expect((await service.get(`/commands/${body.id}`)).state).toBe('expired')
  })

  it('is answered by its own device only', async () => {
    const { device } = await listening()
    const other = await listening()
    const { body } = await send(device.id, { name: 'spray' })
    await other.reply({ id: body.id, ok: true })
    await service.send(other.client, other.device, { tankPct: 1 })
    await service.settled()
    expect((await service.get(`/commands/${body.id}`)).state).toBe('sent')
  })

  it('reaches no other device', async () => {
    const { device, received } = await listening()
    const other = await listening()
    await send(device.id, { name: 'first' })
    await eventually(() => received.length === 1)
    await send(other.device.id, { name: 'second' })
    await eventually(() => other.received.length === 1)
    expect(other.received.map((one) => one.name)).toEqual(['second'])
  })

  it('waits for a device that keeps its session and comes back', async () => {
    const device = await service.register('sprinkler-truck')
    const first = await service.connect(device, { clean: false })
    await first.subscribeAsync(topicOf(device, 'command'), { qos: 1 })
    await first.endAsync()
    await eventually(async () => !(await service.get(`/devices/${device.id}`)).online)
    const { body } = await send(device.id, { name: 'spray' })
    const again = await openRaw(service.mqttPort)
    again.send(connectPacket(device, { clean: false }))
    const message = (await again.expect('publish')) as Doc
    expect(message).toMatchObject({ topic: topicOf(device, 'command'), qos: 1 })
    expect(JSON.parse(message.payload).id).toBe(body.id)
    again.cut()
  })

  it('needs a name, and a life of a second to a week', async () => {
    const { device } = await listening()
    for (const body of [
      {},
      { name: '' },
      { name: 'x', lifetimeSeconds: 0 },
      { name: 'x', now: 1 },
    ]) {
      const answer = await send(device.id, body)
      expect([body, answer.status, answer.body.code]).toEqual([body, 400, 'VALIDATION'])
    }
  })

  it('404 COMMAND_NOT_FOUND for one that is not there', async () => {
    const answer = await service.api('GET', '/commands/none')
    expect([answer.status, answer.body.code]).toEqual([404, 'COMMAND_NOT_FOUND'])
  })

  it('expires also while the service was away', async () => {
    const { device } = await listening()
    const { body } = await send(device.id, { name: 'spray', lifetimeSeconds: 1 })
    await service.kill9()
    await service.restart()
    await inState(body.id, 'expired')
  })

  it('waits for a device that is not there, also over a restart', async () => {
    const { device, client } = await listening()
    await client.endAsync()
    const { body } = await send(device.id, { name: 'spray', lifetimeSeconds: 600 })
    await service.restart()
    const again = await service.connect(device)
    const received: Doc[] = []
    again.on('message', (_topic, payload) => received.push(JSON.parse(payload.toString())))
    await again.subscribeAsync(topicOf(device, 'command'), { qos: 1 })
    expect(await eventually(() => received[0])).toMatchObject({ id: body.id, name: 'spray' })
    await service.publish(again, topicOf(device, 'reply'), { id: body.id, ok: true })
    await inState(body.id, 'acknowledged')
  })
})
