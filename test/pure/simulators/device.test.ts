import { describe, expect, test } from 'vitest'
import { answer } from '../../../simulators/command.ts'
import { type Moment, VirtualDevice } from '../../../simulators/device.ts'
import { FaultLine } from '../../../simulators/fault-line.ts'
import type { FaultSettings } from '../../../simulators/faults.ts'
import type { Dial, LinkEvents } from '../../../simulators/link.ts'
import { createRandom } from '../../../simulators/random.ts'
import { RecordedSource } from '../../../simulators/recording.ts'
import { newStats } from '../../../simulators/stats.ts'
import type { World } from '../../../src/model/simulation.ts'

const START = Date.parse('2026-11-23T08:00:00Z')

const lineOf = (settings: FaultSettings) => new FaultLine<string>(settings, createRandom(1))

/** Its power fails at the second reading, for two seconds, and never again. */
class OneFailure extends FaultLine<string> {
  #asked = 0
  override powerFailure(): number | null {
    this.#asked++
    return this.#asked === 2 ? 2_000 : null
  }
}

/** A device with a reading every second, and a wire that the test holds in its hands. */
function bench(faults: FaultLine<string> = lineOf({}), readings = 100) {
  const points = Array.from({ length: readings }, (_, i) => ({
    at: i * 1_000,
    fields: { depthCm: i },
  }))
  const stats = newStats(1)
  const device = new VirtualDevice({
    id: 'wl-0001',
    kind: 'waterlogging',
    secret: 's',
    source: new RecordedSource({ kind: 'waterlogging', sensor: 'x', points }),
    faults,
    random: createRandom(2),
    stats,
  })
  const wire: { topic: string; payload: string; ack: () => void }[] = []
  const links: LinkEvents[] = []
  let cuts = 0
  const dial: Dial = (_identity, events) => {
    links.push(events)
    return {
      publish: (topic, payload, ack) => wire.push({ topic, payload, ack }),
      publishRetained: (topic, payload) => wire.push({ topic, payload, ack: () => {} }),
      close: async () => {},
      cut: () => {
        cuts++
      },
    }
  }
  const at = (seconds: number): Moment => ({
    now: seconds * 1_000,
    worldAt: () => ({}) as World,
    instantOf: (moment) => START + moment,
  })
  return {
    device,
    stats,
    wire,
    at,
    cuts: () => cuts,
    connect: () => {
      device.dial(
        dial,
        () => 0,
        () => START,
      )
      links.at(-1)?.online()
    },
    lose: () => links.at(-1)?.lost('test'),
    receive: (payload: string) => links.at(-1)?.received(payload),
    sent: () => wire.splice(0).map(({ topic, payload }) => [topic.split('/').at(-1), payload]),
  }
}

const reading = (second: number, seq = second) =>
  `{"ts":"2026-11-23T08:00:0${second}.000Z","seq":${seq},"depthCm":${second}}`

describe('a virtual device', () => {
  test('says online, then sends readings one by one', () => {
    const b = bench()
    b.connect()
    b.device.advance(b.at(1))
    expect(b.sent()).toEqual([
      ['status', 'online'],
      ['telemetry', reading(0)],
      ['telemetry', reading(1)],
    ])
    expect(b.stats).toMatchObject({ connected: 1, readings: 2, sent: 2, inFlight: 2 })
  })

  test('what it kept while offline leaves as one array', () => {
    const b = bench()
    b.device.advance(b.at(2))
    b.connect()
    expect(b.sent()[1]).toEqual(['telemetry', `[${reading(0)},${reading(1)},${reading(2)}]`])
  })

  test('resends what was not acknowledged, in order, after a lost link', () => {
    const b = bench()
    b.connect()
    b.device.advance(b.at(2))
    b.wire[2]?.ack()
    b.lose()
    expect(b.stats).toMatchObject({ connected: 0, acked: 1, inFlight: 0, lost: 1 })
    b.wire.length = 0
    b.connect()
    expect(b.sent()).toEqual([
      ['status', 'online'],
      ['telemetry', reading(0)],
      ['telemetry', reading(2)],
    ])
    expect(b.stats).toMatchObject({ resent: 2, inFlight: 2 })
  })

  test('waits before it dials again, longer each time', () => {
    const b = bench()
    expect(b.device.wantsToDial(b.at(0), 0)).toBe(true)
    b.connect()
    expect(b.device.wantsToDial(b.at(0), 1e9)).toBe(false)
    b.lose()
    expect(b.device.wantsToDial(b.at(0), 499)).toBe(false)
    expect(b.device.wantsToDial(b.at(0), 1_000)).toBe(true)
  })

  test('a power failure: cut, silent, then seq from 0 and a first reading without time', () => {
    const b = bench(new OneFailure({}, createRandom(1)))
    b.connect()
    b.device.advance(b.at(1))
    expect(b.cuts()).toBe(1)
    expect(b.device.wantsToDial(b.at(2), 0)).toBe(false)
    b.device.advance(b.at(4))
    expect(b.device.wantsToDial(b.at(4), 0)).toBe(true)
    b.sent()
    b.connect()
    // Second 0 was in flight, 1 and 2 were not measured: all three are gone.
    expect(b.sent()).toEqual([
      ['status', 'online'],
      ['telemetry', `[{"seq":0,"depthCm":3},${reading(4, 1)}]`],
    ])
    expect(b.stats).toMatchObject({ reboots: 1, dropped: 1, connected: 1 })
  })

  test('is finished when its recording is over and all is acknowledged', () => {
    const b = bench(lineOf({}), 1)
    b.connect()
    b.device.advance(b.at(0))
    expect(b.device.isFinished).toBe(false)
    b.wire.at(-1)?.ack()
    expect(b.device.isFinished).toBe(true)
  })

  test('says offline before it leaves', async () => {
    const b = bench()
    b.connect()
    await b.device.stop()
    expect(b.sent().at(-1)).toEqual(['status', 'offline'])
    expect(b.stats.connected).toBe(0)
  })

  test('answers commands on its reply topic', () => {
    const b = bench()
    b.connect()
    b.receive('{"id":"c1","name":"spray","params":{"on":true}}')
    b.receive('no command')
    const replies = b.sent().filter(([channel]) => channel === 'reply')
    expect(replies).toHaveLength(1)
    expect(JSON.parse(replies[0]?.[1] ?? '')).toMatchObject({ id: 'c1', ok: true })
  })
})

describe('commands', () => {
  test('one that is too late is not done', () => {
    const late = '{"id":"c1","name":"spray","expiresAt":"2026-11-23T07:59:59Z"}'
    expect(answer(late, START)).toMatchObject({ id: 'c1', ok: false })
    expect(answer(late, START - 5_000)).toMatchObject({ ok: true })
  })

  test('what is no command gets no answer', () => {
    for (const text of ['', '[]', 'null', '{"id":1,"name":"x"}']) expect(answer(text, 0)).toBeNull()
  })
})
