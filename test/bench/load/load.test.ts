import { parser } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { Histogram } from './histogram.ts'
import { encodeSlots, patch } from './packets.ts'
import { Schedule } from './schedule.ts'

/** The benchmark's own arithmetic: a figure that is wrong here is wrong everywhere. */
describe('histogram', () => {
  test('a quantile is right to 3 %, from microseconds to minutes', () => {
    for (const scale of [0.01, 1, 250, 60_000]) {
      const histogram = new Histogram()
      for (let i = 1; i <= 1000; i++) histogram.record((i * scale) / 1000)
      for (const share of [0.5, 0.99, 0.999]) {
        const exact = share * scale
        const found = histogram.quantile(share)
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(0.001, exact * 0.032))
      }
      expect(histogram.summary().max).toBe(scale)
    }
  })

  test('nothing recorded has no quantile', () => {
    expect(new Histogram().summary().p99).toBeNaN()
  })
})

describe('schedule', () => {
  test('every message of the rate is due once, on the connections in turn', () => {
    const schedule = new Schedule(1000, 10_000, 7)
    let places = 0
    for (let now = 1000; now <= 1100; now += 3) places += schedule.advance(now).places
    schedule.advance(1100)
    expect(schedule.due).toBe(1000)
    const each = Array.from({ length: 7 }, (_, place) => schedule.dueOf(place))
    expect(each.reduce((sum, one) => sum + one)).toBe(1000)
    expect(Math.max(...each) - Math.min(...each)).toBe(1)
    expect(places).toBeGreaterThan(0)
  })

  test('a message is due in the millisecond in which the timetable has it, however late it is sent', () => {
    const schedule = new Schedule(0, 2_000, 4)
    schedule.advance(500)
    expect([schedule.at(0, 0), schedule.at(1, 0), schedule.at(2, 0), schedule.at(0, 1)]).toEqual([
      1, 1, 2, 3,
    ])
  })
})

test('a patched packet is a PUBLISH of its place with the time and number it was given', () => {
  const device = { id: 'load-4', kind: 'manhole-cover', secret: 'any' }
  const slots = encodeSlots(device, 3)
  patch(slots, 1, 1_795_000_000_042, 1_000_000_007)
  patch(slots, 2, 1_795_000_001_000, 1_020_000_000)
  const found: { messageId: number | undefined; payload: { ts: number; seq: number } }[] = []
  const packets = parser()
  packets.on('packet', (packet) => {
    if (packet.cmd !== 'publish') return
    found.push({ messageId: packet.messageId, payload: JSON.parse(String(packet.payload)) })
  })
  packets.parse(slots.bytes)
  expect(found.map(({ messageId }) => messageId)).toEqual([1, 2, 3])
  expect(found[1]?.payload).toMatchObject({ ts: 1_795_000_000_042, seq: 1_000_000_007 })
  expect(found[2]?.payload).toMatchObject({ ts: 1_795_000_001_000, seq: 1_020_000_000 })
})
