import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AT_NOON, DAY, type Doc, iso, type Payload, SECOND, Service } from '../support/service.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start(AT_NOON)
})
afterAll(() => service?.stop())

const nested = 100_000
const notUtf8 = Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d)

/** What is bad, what is sent, the code, and the field where one is to blame. */
const BAD: [string, Payload, string, string?][] = [
  ['not JSON', 'depth=18', 'NOT_JSON'],
  ['cut off', '{"depthCm":18', 'NOT_JSON'],
  ['empty', '', 'NOT_JSON'],
  ['not UTF-8', notUtf8, 'NOT_UTF8'],
  ['a hundred thousand brackets, never closed', '['.repeat(nested), 'NOT_JSON'],
  ['deeply nested', '['.repeat(nested) + ']'.repeat(nested), 'NOT_A_READING'],
  ['NaN for a number', '{"depthCm":NaN}', 'NOT_JSON'],
  ['an empty array', '[]', 'EMPTY_ARRAY'],
  ['null', 'null', 'NOT_A_READING'],
  ['a bare number', '18', 'NOT_A_READING'],
  ['501 readings', Array(501).fill({ depthCm: 1 }), 'TOO_MANY_READINGS'],
  ['no known field', { depth: 18 }, 'NO_FIELDS'],
  ['only what all kinds have', { batteryPct: 80 }, 'NO_FIELDS'],
  ['out of range', { depthCm: 501 }, 'FIELD_RANGE', 'depthCm'],
  ['below range', { depthCm: -0.1 }, 'FIELD_RANGE', 'depthCm'],
  ['beyond what a number can be', '{"depthCm":1e400}', 'FIELD_RANGE', 'depthCm'],
  ['a number in quotes', { depthCm: '18' }, 'FIELD_TYPE', 'depthCm'],
  ['a truth value for a number', { depthCm: true }, 'FIELD_TYPE', 'depthCm'],
  ['null for a number', { depthCm: null }, 'FIELD_TYPE', 'depthCm'],
  ['a battery above 100 %', { depthCm: 1, batteryPct: 101 }, 'FIELD_RANGE', 'batteryPct'],
  ['a negative seq', { depthCm: 1, seq: -1 }, 'FIELD_RANGE', 'seq'],
  ['a broken seq', { depthCm: 1, seq: 1.5 }, 'FIELD_RANGE', 'seq'],
  ['a seq in quotes', { depthCm: 1, seq: '1' }, 'FIELD_TYPE', 'seq'],
  ['measured in 1970', { depthCm: 1, ts: '1970-01-01T00:00:07Z' }, 'TIMESTAMP_PAST', 'ts'],
  ['measured in 2099', { depthCm: 1, ts: '2099-01-01T00:00:00Z' }, 'TIMESTAMP_FUTURE', 'ts'],
  ['stamped in seconds', { depthCm: 1, ts: 1_795_451_371 }, 'TIMESTAMP_PAST', 'ts'],
  ['stamped without offset', { depthCm: 1, ts: '2026-11-23T08:00:00' }, 'TIMESTAMP_FORMAT', 'ts'],
  [
    'stamped with no real date',
    { depthCm: 1, ts: '2026-13-41T08:00:00Z' },
    'TIMESTAMP_FORMAT',
    'ts',
  ],
  ['stamped with null', { depthCm: 1, ts: null }, 'TIMESTAMP_FORMAT', 'ts'],
]

describe('a message with bad content', () => {
  it.each(BAD)(
    '%s: is acknowledged and kept with its reason; the connection stays',
    async (_what, payload, code, field) => {
      const device = await service.register('waterlogging')
      const client = await service.connect(device)
      await service.send(client, device, payload)
      // The same connection goes on, and what comes after is taken.
      await service.send(client, device, { depthCm: 1 })
      expect(client.connected).toBe(true)
      expect((await service.settled()).balanced).toBe(true)
      expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)

      const kept = await service.list(`/quarantine?deviceId=${device.id}`)
      expect(kept).toHaveLength(1)
      const [message] = kept
      expect(message).toMatchObject({
        id: expect.any(String),
        topic: `v1/waterlogging/${device.id}/telemetry`,
        deviceId: device.id,
        code,
      })
      expect(message.field).toBe(field)
      expect(message.reason.en).toMatch(/[a-z]/)
      expect(message.reason['zh-CN']).toMatch(/[一-鿿]/)
      if (field !== undefined) expect(message.reason.en).toContain(field)
      expect(bytesOf(message)).toEqual(sentBytes(payload))
    },
  )

  it('2036: a clock that is years ahead', async () => {
    const { client, device } = await connected()
    await service.send(client, device, { depthCm: 1, ts: iso((await service.now()) + 3650 * DAY) })
    await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    expect(message).toMatchObject({ code: 'TIMESTAMP_FUTURE', field: 'ts' })
  })

  it('that is no text is shown as base64, and says so', async () => {
    const { client, device } = await connected()
    await service.send(client, device, notUtf8)
    await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    expect(message.encoding).toBe('base64')
    expect(Buffer.from(message.payload, 'base64')).toEqual(Buffer.from(notUtf8))
  })

  it('on the status topic or as a reply: kept too, outside the ledger of readings', async () => {
    const { client, device } = await connected()
    const before = await service.settled()
    await service.publish(client, `v1/waterlogging/${device.id}/status`, 'asleep')
    await service.publish(client, `v1/waterlogging/${device.id}/reply`, '{"id":7}')
    await service.send(client, device, { depthCm: 1 })
    const after = await service.settled()
    expect(after.balanced).toBe(true)
    expect(after.received - before.received).toBe(1)
    const kept = await service.list(`/quarantine?deviceId=${device.id}`)
    expect(kept.map((one) => one.code).sort()).toEqual(['REPLY_INVALID', 'STATUS_UNKNOWN'])
  })

  it('values that contradict each other are kept as implausible', async () => {
    const device = await service.register('dust')
    const client = await service.connect(device)
    await service.send(client, device, { pm10: 50, pm25: 500 })
    await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    expect(message).toMatchObject({ code: 'IMPLAUSIBLE', field: 'pm25' })
  })
})

describe('the quarantine', () => {
  it('is listed newest first, by device, kind and code, page by page', async () => {
    const { client, device } = await connected()
    for (let i = 0; i < 5; i++) await service.send(client, device, `bad ${i}`)
    await service.send(client, device, { depthCm: 999 })
    await service.settled()
    const path = `/quarantine?deviceId=${device.id}&limit=2`
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`${path}${next}`)
      seen.push(...page.items.map((one: Doc) => one.payload))
      cursor = page.nextCursor
    }
    expect([...seen].sort()).toEqual(
      ['bad 0', 'bad 1', 'bad 2', 'bad 3', 'bad 4', '{"depthCm":999}'].sort(),
    )
    const ranged = await service.list(`/quarantine?deviceId=${device.id}&code=FIELD_RANGE`)
    expect(ranged).toHaveLength(1)
    expect(await service.list(`/quarantine?deviceId=${device.id}&kind=dust`)).toEqual([])
    const one = await service.get(`/quarantine/${ranged[0].id}`)
    expect(one).toEqual(ranged[0])
  })

  it('keeps what is still bad after a replay, and the ledger balances', async () => {
    const { client, device } = await connected()
    const now = await service.now()
    await service.send(client, device, [
      { ts: now - 2 * SECOND, depthCm: 1 },
      { ts: now - SECOND, depthCm: 999 },
    ])
    const before = await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    const answer = await service.api('POST', `/quarantine/${message.id}/replay`)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ id: message.id, released: false, remaining: message })
    expect(await service.settled()).toEqual(before)
    expect(await service.list(`/quarantine?deviceId=${device.id}`)).toEqual([message])
    expect(await service.list(`/devices/${device.id}/readings`)).toHaveLength(1)
  })

  it('keeps its reason when it is replayed while its device is gone, and nothing is taken twice', async () => {
    const { client, device } = await connected()
    const now = await service.now()
    await service.send(client, device, [
      { ts: now - 3 * SECOND, depthCm: 1 },
      { ts: now - 2 * SECOND, depthCm: 999 },
      { ts: now - SECOND, depthCm: 2 },
    ])
    const before = await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    expect((await service.api('DELETE', `/devices/${device.id}`)).status).toBe(204)
    expect((await service.api('POST', `/quarantine/${message.id}/replay`)).status).toBe(200)
    await service.register('waterlogging', device.id)
    expect((await service.api('POST', `/quarantine/${message.id}/replay`)).status).toBe(200)
    expect(await service.settled()).toEqual(before)
    expect(await service.list(`/quarantine?deviceId=${device.id}`)).toEqual([message])
  })

  it('replays readings only: 409 NOT_REPLAYABLE for anything else', async () => {
    const { client, device } = await connected()
    await service.publish(client, `v1/waterlogging/${device.id}/status`, 'asleep')
    await service.send(client, device, { depthCm: 1 })
    await service.settled()
    const [message] = await service.list(`/quarantine?deviceId=${device.id}`)
    const answer = await service.api('POST', `/quarantine/${message.id}/replay`)
    expect([answer.status, answer.body.code]).toEqual([409, 'NOT_REPLAYABLE'])
  })

  it('404 QUARANTINE_NOT_FOUND for what is not in it', async () => {
    const read = await service.api('GET', '/quarantine/q-0')
    const replayed = await service.api('POST', '/quarantine/q-0/replay')
    expect([read.status, read.body.code]).toEqual([404, 'QUARANTINE_NOT_FOUND'])
    expect([replayed.status, replayed.body.code]).toEqual([404, 'QUARANTINE_NOT_FOUND'])
  })

  it('survives a restart', async () => {
    const before = await service.list('/quarantine?limit=500')
    await service.restart()
    expect(await service.list('/quarantine?limit=500')).toEqual(before)
  })
})

async function connected() {
  const device = await service.register('waterlogging')
  return { device, client: await service.connect(device) }
}

function sentBytes(payload: Payload): Buffer {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return Buffer.from(payload)
  return Buffer.from(JSON.stringify(payload))
}

function bytesOf(message: Doc): Buffer {
  return Buffer.from(message.payload, message.encoding === 'base64' ? 'base64' : 'utf8')
}
