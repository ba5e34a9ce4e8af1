import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idsIn } from '../support/cells.ts'
import { eventually } from '../support/eventually.ts'
import { deliver, grafanaAlert, notificationOf, WEBHOOK_SECRET } from '../support/grafana.ts'
import { freshFolder } from '../support/places.ts'
import { runCurbwatch } from '../support/process.ts'
import { bytesOf, connectPacket, openRaw, type Packet } from '../support/raw.ts'
import {
  AT_NOON,
  connectTo,
  credentials,
  type Doc,
  type Registered,
  Service,
  topicOf,
} from '../support/service.ts'
import { watchEvents } from '../support/sse.ts'
import { act, caseOf, flood } from '../support/story.ts'

/** Three cells on one port: for devices and operators it is one service. */
const CELLS = 3
const SETTINGS = {
  ...AT_NOON,
  CURBWATCH_CELLS: String(CELLS),
  CURBWATCH_GRAFANA_WEBHOOK_SECRET: WEBHOOK_SECRET,
}

let service: Service
beforeAll(async () => {
  service = await Service.start(SETTINGS)
})
afterAll(() => service?.stop())

let prefixes = 0
/** New devices of every cell, `each` of one; in an order that changes from cell to cell. */
async function registered(each: number): Promise<Registered[]> {
  const prefix = `wl${++prefixes}`
  const ids = [0, 1, 2].map((cell) => idsIn(cell, CELLS, each, prefix))
  const mixed = Array.from({ length: each }, (_, i) => ids.map((one) => one[i] as string)).flat()
  return Promise.all(mixed.map((id) => service.register('waterlogging', id)))
}

const pages = async (path: string, limit: number): Promise<Doc[]> => {
  const items: Doc[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`
    const page = await service.get(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${after}`)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    items.push(...page.items)
    cursor = page.nextCursor
  }
  return items
}

describe('devices of all cells', () => {
  it('are imported in one list; each row has its answer, in the order of the list', async () => {
    const ids = [0, 1, 2].flatMap((cell) => idsIn(cell, CELLS, 20, 'imported'))
    const rows = ids.map((id) => ({ id, kind: 'waterlogging' }))
    const lines = [...rows, rows[3], { id: 'no-kind' }].map((row) => JSON.stringify(row)).join('\n')
    const { status, body } = await service.request('POST', '/api/v1/devices/import', {
      headers: {
        authorization: `Bearer ${service.env['CURBWATCH_ADMIN_TOKEN']}`,
        'content-type': 'application/x-ndjson',
      },
      body: lines,
    })
    expect(status).toBe(200)
    expect(body.accepted.map((one: Doc) => one.id)).toEqual(ids)
    expect(body.rejected.map((one: Doc) => [one.row, one.code])).toEqual([
      [61, 'DEVICE_EXISTS'],
      [62, 'VALIDATION'],
    ])
    const listed = await pages('/devices?q=imported', 7)
    expect(listed.map(({ id }) => id)).toEqual(ids.toSorted())
    for (const { id, secret } of body.accepted.filter((_: Doc, i: number) => i % 9 === 0)) {
      const client = await service.connect({ id, kind: 'waterlogging', secret })
      await client.endAsync()
    }
  })

  it('connect to one port, publish, and are read, counted and balanced as one city', async () => {
    const devices = await registered(4)
    const before = await service.settled()
    for (const [i, device] of devices.entries()) {
      const client = await service.connect(device)
      await service.send(client, device, [
        { depthCm: i, ts: (await service.now()) - 1_000 },
        { depthCm: i + 0.5 },
      ])
    }
    const ledger = await service.settled()
    expect(ledger).toMatchObject({ balanced: true, shed: 0 })
    expect(ledger.received - before.received).toBe(2 * devices.length)
    expect(ledger.stored - before.stored).toBe(2 * devices.length)
    for (const [i, device] of devices.entries()) {
      const readings = await service.list(`/devices/${device.id}/readings`)
      expect(readings.map(({ depthCm }) => depthCm)).toEqual([i + 0.5, i])
      const { latest, online } = await service.get(`/devices/${device.id}`)
      expect([latest.depthCm ?? latest.fields?.depthCm, online]).toEqual([i + 0.5, true])
    }
    await eventually(async () => (await service.metric('curbwatch_connections')) >= devices.length)
  })

  it('come over WebSocket too', async () => {
    for (const device of await registered(1)) {
      const url = `${service.http.replace('http', 'ws')}/mqtt`
      const client = await connectTo(url, credentials(device))
      await service.send(client, device, { depthCm: 4 })
      await client.endAsync()
      await service.settled()
      expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)
      await eventually(async () => !(await service.get(`/devices/${device.id}`)).online)
    }
  })

  it('raise cases with numbers that are given once, listed newest first', async () => {
    const devices = await registered(3)
    const events = await watchEvents(service)
    for (const device of devices) await flood(service, await service.connect(device), device, 18)
    const cases = await Promise.all(devices.map((device) => caseOf(service, device)))
    expect(new Set(cases.map(({ number }) => number)).size).toBe(devices.length)
    for (const { id } of cases) await events.expect('case', (one) => one.id === id)
    events.close()
    const listed = await pages('/cases', 2)
    const inOrder = listed.toSorted((a, b) =>
      a.openedAt === b.openedAt ? (a.id < b.id ? -1 : 1) : a.openedAt < b.openedAt ? 1 : -1,
    )
    expect(listed).toEqual(inOrder)
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length)
    expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(cases.map(({ id }) => id)))
    const alerts = await pages('/alerts?state=firing', 2)
    expect(alerts.map(({ deviceId }) => deviceId)).toEqual(
      alerts.map(({ deviceId }) => deviceId).toSorted(),
    )
    for (const it of cases) {
      expect((await act(service, it.id, 'acknowledge')).seenAt).not.toBeNull()
      expect((await service.get(`/cases/${it.id}`)).history).toHaveLength(2)
    }
    const { status, body } = await service.api('POST', '/cases/case-0000000000000000/actions', {
      action: 'acknowledge',
    })
    expect([status, body.code]).toEqual([404, 'CASE_NOT_FOUND'])
  })

  it('have bad messages kept under names of their own, and replayed', async () => {
    const devices = await registered(2)
    for (const device of devices) {
      await service.send(await service.connect(device), device, { depthCm: 'deep' })
    }
    await service.settled()
    const kept = (await pages('/quarantine?code=FIELD_TYPE', 2)).filter(({ deviceId }) =>
      devices.some(({ id }) => id === deviceId),
    )
    expect(new Set(kept.map(({ id }) => id)).size).toBe(devices.length)
    for (const { id } of kept) {
      expect((await service.get(`/quarantine/${id}`)).id).toBe(id)
      const { status, body } = await service.api('POST', `/quarantine/${id}/replay`)
      expect([status, body.released]).toEqual([200, false])
    }
    expect(await service.settled()).toMatchObject({ balanced: true })
  })

  it('are sent commands, and answer', async () => {
    for (const device of await registered(1)) {
      const client = await service.connect(device)
      const received: Doc[] = []
      client.on('message', (_, payload) => received.push(JSON.parse(payload.toString())))
      await client.subscribeAsync(topicOf(device, 'command'), { qos: 1 })
      const { body } = await service.api('POST', `/devices/${device.id}/commands`, { name: 'test' })
      const { id } = await eventually(() => received[0])
      expect(id).toBe(body.id)
      await service.publish(client, topicOf(device, 'reply'), { id, ok: true })
      await eventually(async () => (await service.get(`/commands/${id}`)).state === 'acknowledged')
    }
  })

  it('are removed: the connection ends, the readings stay', async () => {
    for (const device of await registered(1)) {
      const client = await service.connect(device)
      await service.send(client, device, { depthCm: 1 })
      await service.settled()
      const closed = once(client as never, 'close')
      expect((await service.api('DELETE', `/devices/${device.id}`)).status).toBe(204)
      await closed
      expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)
    }
  })

  it('have notifications of their cases recorded once, however they are spread', async () => {
    const alerts = Array.from({ length: 9 }, (_, i) => grafanaAlert({ fingerprint: `cells-${i}` }))
    const first = await deliver(service, notificationOf(alerts))
    expect([first.status, first.body]).toEqual([200, { recorded: 9, repeated: 0 }])
    const again = await deliver(service, notificationOf(alerts))
    expect(again.body).toEqual({ recorded: 0, repeated: 9 })
    expect(await pages('/grafana/alerts', 2)).toHaveLength(9)
  })
})

describe('a connection', () => {
  it('takes the place of the one before of the same device', async () => {
    for (const device of await registered(1)) {
      const first = await service.connect(device)
      const ended = once(first as never, 'close')
      const second = await service.connect(device)
      await ended
      await service.send(second, device, { depthCm: 1 })
      await eventually(async () => (await service.get(`/devices/${device.id}`)).online)
    }
  })

  it('loses nothing of what came with its first packet, or right behind it', async () => {
    for (const device of await registered(2)) {
      const raw = await openRaw(service.mqttPort)
      const publish = (n: number): Packet =>
        ({
          cmd: 'publish',
          topic: topicOf(device, 'telemetry'),
          payload: JSON.stringify({ depthCm: n, seq: n }),
          qos: 1,
          messageId: n,
          dup: false,
          retain: false,
        }) as Packet
      const many = Array.from({ length: 500 }, (_, i) => publish(i + 1))
      raw.send(bytesOf(connectPacket(device), ...many.slice(0, 5)))
      for (const packet of many.slice(5)) raw.send(packet)
      await eventually(() => raw.packets.length === 501)
      expect(raw.packets.slice(1).map(({ messageId }) => messageId)).toEqual(
        many.map(({ messageId }) => messageId),
      )
      raw.cut()
      await service.settled()
      const readings = await pages(`/devices/${device.id}/readings`, 100)
      expect(readings).toHaveLength(500)
    }
  })

  it('may say who it is byte by byte', async () => {
    const [device] = (await registered(1)) as [Registered]
    const raw = await openRaw(service.mqttPort)
    for (const byte of bytesOf(connectPacket(device))) {
      raw.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await raw.expect('connack')).toMatchObject({ returnCode: 0 })
    raw.cut()
  })

  it('with a wrong secret is refused, counted and logged, whichever cell it comes to', async () => {
    const refusals = () => service.metric('curbwatch_refusals_total{code="CREDENTIALS_WRONG"}')
    const before = await refusals()
    const devices = await registered(1)
    for (const device of devices) {
      const raw = await openRaw(service.mqttPort)
      raw.send(connectPacket(device, { password: Buffer.from('wrong') }))
      expect(await raw.expect('connack')).toMatchObject({ returnCode: 4 })
      await raw.ended()
      await eventually(() =>
        service.logs.some((line) => line.includes('CREDENTIALS_WRONG') && line.includes(device.id)),
      )
    }
    expect((await refusals()) - before).toBe(devices.length)
  })

  it('that is no MQTT is refused and counted', async () => {
    const errors = () => service.metric('curbwatch_refusals_total{code="PROTOCOL_ERROR"}')
    const before = await errors()
    const raw = await openRaw(service.mqttPort)
    raw.send({ cmd: 'pingreq' } as Packet)
    await raw.ended()
    await eventually(async () => (await errors()) === before + 1)
  })
})

describe('a rule', () => {
  const rule = async () => {
    const depth = await service.get('/rules/waterlogging-depth')
    return { ...depth, id: 'underpass', enabled: true }
  }

  it('is in force in all cells at once, with one version, until it is deleted', async () => {
    const created = await service.api('POST', '/rules', await rule())
    expect([created.status, created.body.version]).toEqual([201, 1])
    const put = await service.api('PUT', '/rules/underpass', await rule())
    expect([put.status, put.body.version]).toEqual([200, 2])
    const devices = await registered(1)
    for (const device of devices) await flood(service, await service.connect(device), device, 18)
    for (const { id } of devices) {
      const alert = await eventually(async () => {
        const alerts = await service.list(`/alerts?deviceId=${id}&ruleId=underpass`)
        return alerts.find(({ state }) => state === 'firing')
      })
      expect(alert.ruleVersion).toBe(2)
    }
    expect((await service.api('DELETE', '/rules/underpass')).status).toBe(204)
    await eventually(async () => (await service.list('/alerts?ruleId=underpass')).length === 0)
    expect((await service.api('DELETE', '/rules/underpass')).status).toBe(404)
  })

  it('that is there already, or is wrong, is refused by all as by one', async () => {
    const again = { ...(await rule()), id: 'waterlogging-depth' }
    const { status, body } = await service.api('POST', '/rules', again)
    expect([status, body.code]).toEqual([409, 'RULE_EXISTS'])
  })
})

describe('a cell', () => {
  it('that stands still is a trouble, by its number, until it goes on', async () => {
    const readiness = async () => (await service.request('GET', '/readyz')).body
    const pid = service.cellPids[1] as number
    process.kill(pid, 'SIGSTOP')
    try {
      const { troubles } = await eventually(async () => {
        const said = await readiness()
        return said.status === 'not ready' && said
      })
      expect(troubles).toEqual([expect.stringMatching(/^cell 1: not heard for \d+ s$/)])
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await eventually(async () => (await readiness()).status === 'ready')
  })
})

describe('the service', () => {
  it('is stopped and started: all is there, in the cells where it was', async () => {
    const devices = await registered(2)
    for (const device of devices) {
      await service.send(await service.connect(device), device, { depthCm: 2 })
    }
    const before = await service.settled()
    await service.restart()
    expect(await service.settled()).toEqual(before)
    expect((await service.request('GET', '/readyz')).body).toMatchObject({ status: 'ready' })
    for (const device of devices) {
      const client = await service.connect(device)
      await service.send(client, device, { depthCm: 3 })
    }
    await service.settled()
    for (const { id } of devices)
      expect(await service.list(`/devices/${id}/readings`)).toHaveLength(2)
  })

  it('is not started with another number of cells, on the data of this one', async () => {
    await service.halt()
    for (const cells of ['1', '2', '4']) {
      const { code, stderr } = await runCurbwatch(['start'], {
        ...service.env,
        CURBWATCH_CELLS: cells,
      })
      expect([cells, code]).toEqual([cells, 78])
      expect(stderr).toContain('CELLS_CHANGED')
      expect(stderr).toContain('CURBWATCH_CELLS=3')
    }
    await service.restart()
  })

  it('of one cell is not started with several', async () => {
    const single = await Service.start({ CURBWATCH_CELLS: '1' })
    await single.halt()
    const { code, stderr } = await runCurbwatch(['start'], { ...single.env, CURBWATCH_CELLS: '3' })
    expect(code).toBe(78)
    expect(stderr).toContain('CELLS_CHANGED')
    await single.stop()
  })

  it('is backed up while it runs, and the copy starts as a service with all of it', async () => {
    const devices = await registered(1)
    for (const device of devices) {
      await service.send(await service.connect(device), device, { depthCm: 2 })
    }
    const before = await service.settled()
    const folder = freshFolder()
    const { code, stderr } = await runCurbwatch(['backup', folder], service.env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const copy = await Service.start({ ...SETTINGS, CURBWATCH_DATA_DIR: folder })
    expect(await copy.settled()).toEqual(before)
    for (const { id } of devices) expect(await copy.list(`/devices/${id}/readings`)).toHaveLength(1)
    await copy.stop()
  })
})
