import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { bytesOf, connectPacket, openRaw, type Packet, type RawConnection } from '../support/raw.ts'
import { AT_NOON, type Doc, type Registered, Service, topicOf } from '../support/service.ts'

/** What a device may count on when it sends fast, in pieces, or everything at once. */

let service: Service
beforeAll(async () => {
  service = await Service.start(AT_NOON)
})
afterAll(() => service?.stop())

async function connectRaw(device: Registered, more: object = {}): Promise<RawConnection> {
  const raw = await openRaw(service.mqttPort)
  raw.send(connectPacket(device, more))
  expect(await raw.expect('connack')).toMatchObject({ returnCode: 0 })
  return raw
}

let seq = 0
/** A PUBLISH with a reading that no other has. */
function publish(device: Registered, messageId: number, more: object = {}): Packet {
  return {
    cmd: 'publish',
    topic: topicOf(device, 'telemetry'),
    payload: JSON.stringify({ seq: ++seq, depthCm: 1 }),
    qos: 1,
    messageId,
    dup: false,
    retain: false,
    ...more,
  } as Packet
}

const ids = (raw: RawConnection, cmd = 'puback') =>
  raw.packets.flatMap((one) => (one.cmd === cmd ? [one.messageId] : []))
/** What came after the CONNACK, in short. */
const heard = (raw: RawConnection) =>
  raw.packets.slice(1).map((one) => `${one.cmd} ${one.messageId ?? ''}`.trim())
const stored = (device: Registered): Promise<Doc[]> =>
  service.list(`/devices/${device.id}/readings?limit=500`)
const refusals = (code: string) => service.metric(`curbwatch_refusals_total{code="${code}"}`)
const range = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

describe('telemetry is acknowledged', () => {
  it('in the order in which it was sent, many packets in one piece', async () => {
    const device = await service.register('waterlogging')
    const raw = await connectRaw(device)
    const order = range(300).map((i) => (i * 7919) % 65_521)
    raw.send(bytesOf(...order.map((id) => publish(device, id))))
    await eventually(() => ids(raw).length === 300)
    expect(ids(raw)).toEqual(order)
    await service.settled()
    expect(await stored(device)).toHaveLength(300)
    raw.cut()
  })

  it('when its packets come byte by byte', async () => {
    const device = await service.register('waterlogging')
    const raw = await connectRaw(device)
    const all = bytesOf(publish(device, 1), { cmd: 'pingreq' }, publish(device, 2))
    for (const byte of all) {
      raw.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => ids(raw).length === 2)
    expect(heard(raw)).toEqual(['puback 1', 'pingresp', 'puback 2'])
    await service.settled()
    expect(await stored(device)).toHaveLength(2)
    raw.cut()
  })

  it('also when it comes in one piece with the CONNECT, however much of it', async () => {
    const device = await service.register('waterlogging')
    const raw = await openRaw(service.mqttPort)
    const packets = range(100).map((id) => publish(device, id))
    raw.send(bytesOf(connectPacket(device), ...packets))
    await eventually(() => ids(raw).length === 100)
    expect(raw.packets[0]).toMatchObject({ cmd: 'connack', returnCode: 0 })
    expect(ids(raw)).toEqual(range(100))
    await service.settled()
    expect(await stored(device)).toHaveLength(100)
    raw.cut()
  })

  it('not at all when the CONNECT before it is refused', async () => {
    const device = await service.register('waterlogging')
    const before = await service.settled()
    const raw = await openRaw(service.mqttPort)
    const connect = connectPacket(device, { password: Buffer.from('wrong') })
    raw.send(bytesOf(connect, publish(device, 1), publish(device, 2)))
    await raw.ended()
    expect(raw.packets).toEqual([expect.objectContaining({ cmd: 'connack', returnCode: 4 })])
    expect(await service.settled()).toEqual(before)
  })

  it('among packets of every other kind, each answered in its place', async () => {
    const device = await service.register('waterlogging')
    const raw = await connectRaw(device)
    const subscriptions = [{ topic: topicOf(device, 'command'), qos: 1 as const }]
    const counted = 'curbwatch_messages_received_total{channel="telemetry",qos='
    const before = await Promise.all([0, 1, 2].map((qos) => service.metric(`${counted}"${qos}"}`)))
    raw.send(
      bytesOf(
        publish(device, 1),
        { cmd: 'subscribe', messageId: 2, subscriptions } as Packet,
        publish(device, 3),
        publish(device, 0, { qos: 0 }),
        { cmd: 'pingreq' },
        publish(device, 4, { qos: 2 }),
        publish(device, 5, { topic: topicOf(device, 'status'), payload: 'online' }),
        publish(device, 6, { dup: true }),
        { cmd: 'pubrel', messageId: 4 } as Packet,
        publish(device, 7),
      ),
    )
    await eventually(() => ids(raw).includes(7) && ids(raw, 'pubcomp').length > 0)
    expect(ids(raw)).toEqual([1, 3, 5, 6, 7])
    const order = heard(raw)
    const inTurn = ['puback 1', 'suback 2', 'puback 3', 'pingresp', 'puback 6', 'puback 7']
    expect(order.filter((one) => inTurn.includes(one))).toEqual(inTurn)
    expect(order.indexOf('pubrec 4')).toBeLessThan(order.indexOf('puback 6'))
    await service.settled()
    expect(await stored(device)).toHaveLength(6)
    const after = await Promise.all([0, 1, 2].map((qos) => service.metric(`${counted}"${qos}"}`)))
    expect(after.map((count, qos) => count - (before[qos] as number))).toEqual([1, 4, 1])
    raw.cut()
  })

  it('also when a DISCONNECT follows at once; and no will is due', async () => {
    const device = await service.register('waterlogging')
    const topic = topicOf(device, 'status')
    const will = { topic, payload: Buffer.from('offline'), qos: 1, retain: false }
    const statuses = 'curbwatch_messages_received_total{channel="status",qos="1"}'
    const before = await service.metric(statuses)
    for (const gone of [false, true]) {
      const raw = await connectRaw(device, { will })
      raw.send(bytesOf(...range(50).map((id) => publish(device, id)), { cmd: 'disconnect' }))
      if (gone) raw.end()
      await raw.ended()
      if (!gone) expect(ids(raw)).toEqual(range(50))
      await eventually(async () => !(await service.get(`/devices/${device.id}`)).online)
    }
    await service.settled()
    expect(await stored(device)).toHaveLength(100)
    expect(await service.metric(statuses)).toBe(before)
  })

  it('while the same device connects again: nothing acknowledged is missing', async () => {
    const device = await service.register('waterlogging')
    const first = await connectRaw(device)
    const second = await openRaw(service.mqttPort)
    const now = await service.now()
    const packets = range(400).map((id) => {
      return publish(device, id, { payload: JSON.stringify({ ts: now + id, depthCm: 1 }) })
    })
    first.send(bytesOf(...packets))
    second.send(connectPacket(device))
    await first.ended()
    await second.expect('connack')
    const acknowledged = ids(first)
    expect(acknowledged).toEqual(range(acknowledged.length))
    const rest = packets.slice(acknowledged.length)
    second.send(bytesOf(...rest))
    await eventually(() => ids(second).length === rest.length)
    expect([...acknowledged, ...ids(second)]).toEqual(range(400))
    const page = await service.settled()
    expect(page.balanced).toBe(true)
    expect(await stored(device)).toHaveLength(400)
    expect((await service.get(`/devices/${device.id}`)).online).toBe(true)
    second.cut()
  })
})

describe('telemetry before a fault is acknowledged, the fault ends the connection:', () => {
  const faults: [string, (own: Registered) => Uint8Array, string][] = [
    [
      "another's topic",
      () => bytesOf(publish({ id: 'other', kind: 'waterlogging', secret: '' }, 2)),
      'TOPIC_FORBIDDEN',
    ],
    [
      'a retained one for nobody',
      () => bytesOf(publish(nobody, 2, { retain: true })),
      'TOPIC_FORBIDDEN',
    ],
    ['packet id 0', (own) => packetId(bytesOf(publish(own, 1)), own, 0), 'PROTOCOL_ERROR'],
    ['QoS 3', (own) => flags(bytesOf(publish(own, 2)), 0x36), 'PROTOCOL_ERROR'],
    [
      'a topic that is longer than its packet',
      () => Uint8Array.of(0x32, 4, 0xff, 0xff, 0, 1),
      'PROTOCOL_ERROR',
    ],
    ['a packet with nothing in it', () => Uint8Array.of(0x32, 0), 'PROTOCOL_ERROR'],
    ['a packet that is too large', () => Uint8Array.of(0x32, 0x80, 0x80, 0x40), 'PACKET_TOO_LARGE'],
  ]
  it.each(faults)('%s', async (_what, fault, code) => {
    const device = await service.register('waterlogging')
    const raw = await connectRaw(device)
    const before = await refusals(code)
    raw.send(
      Buffer.concat([bytesOf(publish(device, 1)), fault(device), bytesOf(publish(device, 3))]),
    )
    await raw.ended()
    expect(heard(raw)).toEqual(['puback 1'])
    expect(await refusals(code)).toBe(before + 1)
    await service.settled()
    expect(await stored(device)).toHaveLength(1)
  })

  it('packet id 0 is refused on every topic and at QoS 2', async () => {
    const device = await service.register('waterlogging')
    const before = await refusals('PROTOCOL_ERROR')
    const status = publish(device, 1, { topic: topicOf(device, 'status'), payload: 'online' })
    for (const packet of [status, publish(device, 1, { qos: 2 })]) {
      const raw = await connectRaw(device)
      raw.send(packetId(bytesOf(packet), packet as { topic: string }, 0))
      await raw.ended()
      expect(heard(raw)).toEqual([])
    }
    expect(await refusals('PROTOCOL_ERROR')).toBe(before + 2)
  })

  const nobody: Registered = { id: 'nobody', kind: 'waterlogging', secret: '' }

  function flags(bytes: Buffer, first: number): Buffer {
    bytes[0] = first
    return bytes
  }

  /** The id stands behind the topic; the fixed header of these packets has two bytes. */
  function packetId(bytes: Buffer, of: Registered | { topic: string }, id: number): Buffer {
    const topic = 'topic' in of ? of.topic : topicOf(of, 'telemetry')
    bytes.writeUInt16BE(id, 2 + 2 + topic.length)
    return bytes
  }
})

describe('keepalive', () => {
  it('does not cut off who sends telemetry alone, and does cut off who is silent', async () => {
    const talker = await service.register('waterlogging')
    const silent = await service.register('waterlogging')
    const talking = await connectRaw(talker, { keepalive: 2 })
    const quiet = await connectRaw(silent, { keepalive: 2 })
    let over = false
    const cut = quiet.ended().then(() => {
      over = true
    })
    let id = 0
    while (!over) {
      talking.send(publish(talker, ++id))
      await eventually(() => ids(talking).at(-1) === id)
      await Promise.race([cut, new Promise((resolve) => setTimeout(resolve, 100))])
    }
    await cut
    talking.send(publish(talker, ++id))
    await eventually(() => ids(talking).at(-1) === id)
    await talking.ended()
    expect(ids(talking)).toEqual(range(id))
  })
})

describe('a device that listens to its own telemetry', () => {
  it('hears it from the SUBSCRIBE on, in the order in which it was sent', async () => {
    const device = await service.register('waterlogging')
    const raw = await connectRaw(device)
    const topic = topicOf(device, 'telemetry')
    const text = (n: number) => JSON.stringify({ seq: 1000 + n, depthCm: 2 })
    const one = (id: number) => publish(device, id, { payload: text(id) })
    const subscribe = {
      cmd: 'subscribe',
      messageId: 2,
      subscriptions: [{ topic, qos: 1 }],
    } as Packet
    raw.send(bytesOf(one(1), subscribe, one(3), one(4)))
    await eventually(() => ids(raw).at(-1) === 4)
    raw.send(one(5))
    const own = () =>
      raw.packets.flatMap((it) => (it.cmd === 'publish' ? [String(it.payload)] : []))
    await eventually(() => own().length >= 3 && ids(raw).at(-1) === 5)
    expect(ids(raw)).toEqual([1, 3, 4, 5])
    expect(own()).toEqual([text(3), text(4), text(5)])
    raw.cut()
  })
})
