import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Doc, HOUR, iso, MINUTE, SECOND, Service } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start()
})
afterAll(() => service?.stop())

/** A device with a reading a minute: 1, 2, 3 ... cm, the last one a minute ago. */
async function measured(count: number) {
  const device = await service.register('waterlogging')
  const client = await service.connect(device)
  const whole = Math.floor((await service.now()) / MINUTE) * MINUTE
  const begin = whole - count * MINUTE
  const readings = Array.from({ length: count }, (_, i) => ({
    ts: iso(begin + i * MINUTE),
    seq: i,
    depthCm: (i + 1) / 10,
    rainfallMmH: i % 2,
  }))
  await service.send(client, device, readings)
  await service.settled()
  return { device, client, begin, readings, path: `/devices/${device.id}/readings` }
}

describe('readings are given', () => {
  it('newest first, with time of measurement, time of receipt and seq', async () => {
    const { path, readings } = await measured(5)
    const items = await service.list(path)
    expect(items.map((one) => one.ts)).toEqual(readings.map((one) => one.ts).reverse())
    expect(items[0]).toEqual({ ...readings.at(-1), receivedAt: expect.any(String) })
    expect(Date.parse(items[0].receivedAt)).toBeGreaterThan(Date.parse(items[0].ts))
  })

  it('with the fields that are asked for only', async () => {
    const { path } = await measured(2)
    const [item] = await service.list(`${path}?fields=rainfallMmH`)
    expect(item).not.toHaveProperty('depthCm')
    expect(item).toHaveProperty('rainfallMmH')
    const wrong = await service.api('GET', `${path}?fields=depthMm`)
    expect([wrong.status, wrong.body.code]).toEqual([400, 'VALIDATION'])
    expect(wrong.body.errors[0].message).toContain('depthMm')
  })

  it('from a time on, and before another', async () => {
    const { path, begin } = await measured(6)
    const span = `from=${iso(begin + 2 * MINUTE)}&to=${iso(begin + 4 * MINUTE)}`
    const items = await service.list(`${path}?${span}`)
    expect(items.map((one) => one.ts)).toEqual([iso(begin + 3 * MINUTE), iso(begin + 2 * MINUTE)])
    const epoch = await service.list(`${path}?from=${begin + 5 * MINUTE}`)
    expect(epoch.map((one) => one.ts)).toEqual([iso(begin + 5 * MINUTE)])
  })

  it('page by page, each reading once', async () => {
    const { path, readings } = await measured(7)
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`${path}?limit=3${next}`)
      expect(page.items.length).toBeLessThanOrEqual(3)
      seen.push(...page.items.map((one: Doc) => one.ts))
      cursor = page.nextCursor
    }
    expect(seen).toEqual(readings.map((one) => one.ts).reverse())
  })

  const aggregates: [string, number, number][] = [
    ['mean', 0.2, 0.5],
    ['min', 0.1, 0.4],
    ['max', 0.3, 0.6],
    ['last', 0.3, 0.6],
  ]
  it.each(aggregates)('in buckets, oldest first, by their %s', async (aggregate, first, second) => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    // Three minutes of readings in each of two buckets.
    const begin = (Math.floor((await service.now()) / (3 * MINUTE)) - 2) * 3 * MINUTE
    const readings = Array.from({ length: 6 }, (_, i) => ({
      ts: iso(begin + i * MINUTE + 7 * SECOND),
      depthCm: (i + 1) / 10,
    }))
    await service.send(client, device, readings)
    await service.settled()
    const query = `every=3m&aggregate=${aggregate}&from=${iso(begin)}&to=${iso(begin + 6 * MINUTE)}`
    const { items } = await service.get(`/devices/${device.id}/readings?${query}`)
    expect(items).toEqual([
      { ts: iso(begin), count: 3, depthCm: expect.closeTo(first) },
      { ts: iso(begin + 3 * MINUTE), count: 3, depthCm: expect.closeTo(second) },
    ])
  })

  it('in buckets with the last value of each field, switches as what they are', async () => {
    const device = await service.register('sprinkler-truck')
    const client = await service.connect(device)
    const begin = (Math.floor((await service.now()) / HOUR) - 1) * HOUR
    await service.send(client, device, [
      { ts: iso(begin), spraying: true, tankPct: 5 },
      { ts: iso(begin + MINUTE), tankPct: 4 },
      { ts: iso(begin + 2 * MINUTE), spraying: false },
    ])
    await service.settled()
    const bucket = async (aggregate: string) => {
      const span = `from=${iso(begin)}&to=${iso(begin + HOUR)}`
      const path = `/devices/${device.id}/readings?every=1h&aggregate=${aggregate}&${span}`
      return (await service.list(path))[0]
    }
    expect(await bucket('last')).toMatchObject({ count: 3, spraying: false, tankPct: 4 })
    expect(await bucket('max')).toMatchObject({ spraying: true, tankPct: 5 })
    expect(await bucket('mean')).toMatchObject({ spraying: 0.5, tankPct: 4.5 })
  })

  it('also after their device was removed', async () => {
    const { device, path } = await measured(2)
    expect((await service.api('DELETE', `/devices/${device.id}`)).status).toBe(204)
    expect(await service.list(path)).toHaveLength(2)
  })

  it('never in more buckets than anyone can look at', async () => {
    const { path } = await measured(1)
    for (const every of ['1s', '0m', 'soon']) {
      const answer = await service.api('GET', `${path}?every=${every}`)
      expect([every, answer.status, answer.body.code]).toEqual([every, 400, 'VALIDATION'])
    }
  })

  it('404 DEVICE_NOT_FOUND for a device that is not there', async () => {
    const answer = await service.api('GET', '/devices/nobody/readings')
    expect([answer.status, answer.body.code]).toEqual([404, 'DEVICE_NOT_FOUND'])
  })
})

describe('a device shows', () => {
  it('its latest reading and when it was last heard of', async () => {
    const { device, readings } = await measured(3)
    const shown = await service.get(`/devices/${device.id}`)
    const { seq: _seq, ...latest } = readings.at(-1) as Doc
    expect(shown.latest).toEqual(latest)
    expect(Date.parse(shown.lastSeenAt)).toBeGreaterThan(Date.parse(latest.ts))
  })

  it('online while it is connected, offline when it is not', async () => {
    const device = await service.register('waterlogging')
    const online = async () => (await service.get(`/devices/${device.id}`)).online as boolean
    expect(await online()).toBe(false)
    const client = await service.connect(device)
    await eventually(online)
    await client.endAsync()
    await eventually(async () => !(await online()))
  })

  it('online after it connected anew before its old connection was noticed to be dead', async () => {
    const device = await service.register('waterlogging')
    const will = { topic: `v1/waterlogging/${device.id}/status`, payload: Buffer.from('offline') }
    await service.connect(device, { will: { ...will, qos: 1, retain: true } })
    const again = await service.connect(device)
    // What follows an acknowledged message of the new connection is told after all of the old.
    await service.send(again, device, { depthCm: 0 })
    await service.settled()
    expect((await service.get(`/devices/${device.id}`)).online).toBe(true)
  })
})

describe('a device may send', () => {
  it('an array of up to 500 readings, in any order', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const now = await service.now()
    const readings = Array.from({ length: 500 }, (_, i) => ({
      ts: now - ((i * 7) % 500) * MINUTE,
      depthCm: 0.1,
    }))
    await service.send(client, device, readings)
    await service.settled()
    const path = `/devices/${device.id}/readings?limit=500&from=${iso(now - 501 * MINUTE)}`
    const items = await service.list(path)
    expect(items).toHaveLength(500)
    expect(items[0].ts).toBe(iso(now))
    expect((await service.get(`/devices/${device.id}`)).latest.ts).toBe(iso(now))
  })

  it('without a time: that of receipt holds', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 1 })
    await service.settled()
    const [item] = await service.list(`/devices/${device.id}/readings`)
    expect(item.ts).toBe(item.receivedAt)
  })

  it('ISO 8601 with any offset, or epoch milliseconds', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const at = Math.floor((await service.now()) / SECOND) * SECOND - MINUTE
    const shanghai = iso(at + 8 * 60 * MINUTE).replace('.000Z', '+08:00')
    await service.send(client, device, [
      { ts: shanghai, depthCm: 1 },
      { ts: at + 1, depthCm: 2 },
    ])
    await service.settled()
    const items = await service.list(`/devices/${device.id}/readings`)
    expect(items.map((one) => one.ts)).toEqual([iso(at + 1), iso(at)])
  })

  it('fields that the kind does not know: they are ignored', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.send(client, device, { depthCm: 1, colour: 'brown', nested: { a: [1] } })
    await service.settled()
    const [item] = await service.list(`/devices/${device.id}/readings`)
    expect(Object.keys(item).sort()).toEqual(['depthCm', 'receivedAt', 'ts'])
  })

  it('at QoS 0 too', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    await service.publish(client, `v1/waterlogging/${device.id}/telemetry`, { depthCm: 4 }, 0)
    await eventually(async () => (await service.get(`/devices/${device.id}`)).latest?.depthCm === 4)
  })

  it.each([
    ['manhole-cover', { open: false, tiltDeg: 1.5, waterLevelCm: 20, methanePctLel: 0 }],
    ['sprinkler-truck', { tankPct: 50, speedKmh: 10, lat: 35.05, lon: 118.35, spraying: true }],
    ['dust', { pm10: 50, pm25: 20, tsp: 80, noiseDb: 50, spraying: false }],
    ['oil-fume', { oilFumeMgM3: 0.4, fanOn: true, purifierOn: true }],
    ['tree-tilt', { tiltXDeg: 0.1, tiltYDeg: -0.2, windSpeedMs: 3 }],
    ['waterlogging', { depthCm: 0, rainfallMmH: 0, batteryPct: 88, rssiDbm: -90 }],
  ])('what a %s measures, and gets it back as it was', async (kind, fields) => {
    const device = await service.register(kind)
    const client = await service.connect(device)
    await service.send(client, device, fields)
    await service.settled()
    const [item] = await service.list(`/devices/${device.id}/readings`)
    expect(item).toEqual({ ...fields, ts: expect.any(String), receivedAt: expect.any(String) })
  })
})

describe('a reading that comes late', () => {
  it('is stored, but does not become the latest and raises nothing', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const now = await service.now()
    await service.send(client, device, { ts: iso(now), depthCm: 1 })
    for (const back of [5, 4, 3]) {
      await service.send(client, device, { ts: iso(now - back * SECOND), depthCm: 40 })
    }
    await service.settled()
    expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(4)
    expect((await service.get(`/devices/${device.id}`)).latest).toEqual({
      ts: iso(now),
      depthCm: 1,
    })
    expect(await service.list(`/cases?deviceId=${device.id}`)).toEqual([])
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual([])
  })

  it('opens no case out of a backlog that is hours old', async () => {
    const device = await service.register('waterlogging')
    const client = await service.connect(device)
    const old = (await service.now()) - 3 * 60 * MINUTE
    const backlog = [0, 1, 2, 3].map((i) => ({ ts: old + i * MINUTE, depthCm: 40 }))
    await service.send(client, device, backlog)
    await service.settled()
    expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(4)
    expect(await service.list(`/cases?deviceId=${device.id}`)).toEqual([])
  })
})
