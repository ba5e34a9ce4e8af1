import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AT_NOON, type Doc, SECOND, Service } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start(AT_NOON)
})
afterAll(() => service?.stop())

describe('the ledger', () => {
  it('is empty and balanced before anything came', async () => {
    const page = await service.get('/ledger')
    expect(page).toMatchObject({ received: 0, stored: 0, pending: 0, balanced: true, kinds: [] })
  })

  it('balances at every look while messages flow, and at the end', async () => {
    const devices = await Promise.all(
      ['waterlogging', 'dust', 'tree-tilt'].map((kind) => service.register(kind)),
    )
    const fields: Doc = { waterlogging: 'depthCm', dust: 'pm10', 'tree-tilt': 'tiltXDeg' }
    const now = await service.now()
    const flows = devices.map(async (device) => {
      const client = await service.connect(device)
      const reading = (i: number) => ({ ts: now - i * SECOND, [fields[device.kind]]: 1 })
      const sent: Promise<void>[] = []
      for (let i = 0; i < 200; i++) {
        // Good, redelivered, bad and arrays, mixed.
        sent.push(service.send(client, device, reading(i)))
        if (i % 10 === 0) sent.push(service.send(client, device, reading(i)))
        if (i % 20 === 0) sent.push(service.send(client, device, 'not JSON'))
        if (i % 50 === 0) sent.push(service.send(client, device, [reading(1000 + i), {}, null]))
      }
      await Promise.all(sent)
    })
    let flowing = true
    const end = Promise.all(flows).finally(() => {
      flowing = false
    })
    let looks = 0
    while (flowing) {
      const page = await service.get('/ledger')
      expectBalance(page)
      looks++
    }
    await end
    expect(looks).toBeGreaterThan(0)
    const page = await service.settled()
    expectBalance(page)
    expect(page).toMatchObject({
      received: 3 * (200 + 20 + 10 + 12),
      stored: 3 * (200 + 4),
      duplicate: 3 * 20,
      quarantined: 3 * (10 + 8),
      shed: 0,
      pending: 0,
    })
    expect(page.kinds.map((one: Doc) => one.kind)).toEqual(['dust', 'tree-tilt', 'waterlogging'])
  })

  it('counts a bad reading inside an array alone: the others are stored', async () => {
    const before = await service.settled()
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const now = await service.now()
    await service.send(client, device, [
      { ts: now - 3 * SECOND, depthCm: 1 },
      { ts: now - 2 * SECOND, depthCm: 'deep' },
      { ts: now - SECOND, depthCm: 3 },
    ])
    const after = await service.settled()
    expectBalance(after)
    expect(after.stored - before.stored).toBe(2)
    expect(after.quarantined - before.quarantined).toBe(1)
    expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(2)
    const [message, ...more] = await service.list(`/quarantine?deviceId=${device.id}`)
    expect(more).toEqual([])
    expect(message).toMatchObject({
      code: 'FIELD_TYPE',
      field: 'depthCm',
      readings: [{ index: 1, code: 'FIELD_TYPE', field: 'depthCm' }],
    })
  })

  it('stays the same over a restart', async () => {
    const before = await service.settled()
    await service.restart()
    expect(await service.settled()).toEqual(before)
  })

  it('has a page a day', async () => {
    const page = await service.get('/ledger?day=2020-02-29')
    expect(page).toMatchObject({ day: '2020-02-29', received: 0, balanced: true })
    const wrong = await service.api('GET', '/ledger?day=2020-02-30')
    expect([wrong.status, wrong.body.code]).toEqual([400, 'VALIDATION'])
  })
})

describe('a device that sends faster than it may', () => {
  it('gets no acknowledgement for what is refused, and it is counted as shed', async () => {
    const slow = await Service.start({ ...AT_NOON, CURBWATCH_DEVICE_RATE: '1' })
    try {
      const device = await slow.register('waterlogging')
      const client = await slow.connect(device)
      const topic = `v1/waterlogging/${device.id}/telemetry`
      const sent = Array.from({ length: 30 }, (_, i) =>
        slow.publish(client, topic, { seq: i, depthCm: 1 }).then(
          () => true,
          () => false,
        ),
      )
      const acknowledged = (await Promise.all(sent)).filter(Boolean).length
      expect(acknowledged).toBeLessThan(30)
      const page = await slow.settled()
      expectBalance(page)
      expect(page.shed).toBeGreaterThan(0)
      expect(page.stored).toBeGreaterThanOrEqual(acknowledged)
      expect(await slow.metric('curbwatch_messages_shed_total{code="RATE_EXCEEDED"}')).toBe(
        page.shed,
      )
    } finally {
      await slow.stop()
    }
  })
})

function expectBalance(page: Doc): void {
  for (const line of [page, ...page.kinds]) {
    const { received, stored, quarantined, duplicate, shed, pending } = line
    expect(stored + quarantined + duplicate + shed + pending).toBe(received)
  }
  expect(page.balanced).toBe(true)
}
