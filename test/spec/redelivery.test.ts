import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AT_NOON, type Doc, iso, SECOND, Service } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start(AT_NOON)
})
afterAll(() => service?.stop())

async function connected() {
  const device = await service.register('waterlogging')
  return { device, client: await service.connect(device) }
}

/** What the ledger counted between two looks. */
async function counted(work: () => Promise<unknown>): Promise<Doc> {
  const before = await service.settled()
  await work()
  const after = await service.settled()
  expect(after.balanced).toBe(true)
  const names = ['received', 'stored', 'duplicate', 'quarantined'] as const
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]]))
}

describe('a redelivered reading has no second effect', () => {
  it('with the same time and the same content: stored once, fires nothing, counted', async () => {
    const { device, client } = await connected()
    const ts = iso((await service.now()) - SECOND)
    const count = await counted(async () => {
      for (let i = 0; i < 3; i++) await service.send(client, device, { ts, depthCm: 18 })
    })
    expect(count).toEqual({ received: 3, stored: 1, duplicate: 2, quarantined: 0 })
    expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)
    expect(await service.list(`/cases?deviceId=${device.id}`)).toEqual([])
  })

  it('with the same time and the same seq, whatever else it says', async () => {
    const { device, client } = await connected()
    const ts = iso((await service.now()) - SECOND)
    const count = await counted(async () => {
      await service.send(client, device, { ts, seq: 7, depthCm: 1 })
      await service.send(client, device, { ts, seq: 7, depthCm: 2 })
    })
    expect(count).toEqual({ received: 2, stored: 1, duplicate: 1, quarantined: 0 })
    const [item] = await service.list(`/devices/${device.id}/readings`)
    expect(item.depthCm).toBe(1)
  })

  it('also inside one array, and of a whole array', async () => {
    const { device, client } = await connected()
    const now = await service.now()
    const array = [3, 2, 1, 1].map((back) => ({ ts: now - back * SECOND, depthCm: 1 }))
    const count = await counted(async () => {
      await service.send(client, device, array)
      await service.send(client, device, array)
    })
    expect(count).toEqual({ received: 8, stored: 3, duplicate: 5, quarantined: 0 })
  })

  it('also when a hundred others came in between', async () => {
    const { device, client } = await connected()
    const now = await service.now()
    const readings = Array.from({ length: 120 }, (_, i) => ({
      ts: now - (120 - i) * SECOND,
      depthCm: 0.5,
    }))
    const count = await counted(async () => {
      for (const reading of readings) await service.send(client, device, reading)
      await service.send(client, device, readings.slice(0, 40))
    })
    expect(count).toEqual({ received: 160, stored: 120, duplicate: 40, quarantined: 0 })
  })

  it('also after a restart', async () => {
    const { device, client } = await connected()
    const reading = { ts: iso((await service.now()) - SECOND), seq: 1, depthCm: 3 }
    await service.send(client, device, reading)
    await service.settled()
    await service.restart()
    const again = await service.connect(device)
    const count = await counted(() => service.send(again, device, reading))
    expect(count).toEqual({ received: 1, stored: 0, duplicate: 1, quarantined: 0 })
  })
})

describe('what is no redelivery is taken', () => {
  it('another content at the same time: both fields belong to one moment', async () => {
    const { device, client } = await connected()
    const ts = iso((await service.now()) - SECOND)
    const count = await counted(async () => {
      await service.send(client, device, { ts, depthCm: 1 })
      await service.send(client, device, { ts, rainfallMmH: 5 })
    })
    expect(count).toMatchObject({ received: 2, duplicate: 0 })
    const [item, ...more] = await service.list(`/devices/${device.id}/readings`)
    expect(item).toMatchObject({ ts, depthCm: 1, rainfallMmH: 5 })
    expect(more).toEqual([])
  })

  it('the same content at another time, and without any time', async () => {
    const { device, client } = await connected()
    const now = await service.now()
    const count = await counted(async () => {
      await service.send(client, device, { ts: now - 2 * SECOND, depthCm: 1 })
      await service.send(client, device, { ts: now - SECOND, depthCm: 1 })
      await service.send(client, device, { depthCm: 1 })
      await service.send(client, device, { depthCm: 1 })
    })
    expect(count).toEqual({ received: 4, stored: 4, duplicate: 0, quarantined: 0 })
  })

  it("another device's reading that is the same word for word", async () => {
    const one = await connected()
    const other = await connected()
    const reading = { ts: (await service.now()) - SECOND, seq: 1, depthCm: 1 }
    const count = await counted(async () => {
      await service.send(one.client, one.device, reading)
      await service.send(other.client, other.device, reading)
    })
    expect(count).toMatchObject({ stored: 2, duplicate: 0 })
  })
})
