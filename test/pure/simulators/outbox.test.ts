import { describe, expect, test } from 'vitest'
import { CAPACITY, MAX_ARRAY, Outbox, type Packet, WINDOW } from '../../../simulators/outbox.ts'

const filled = (count: number) => {
  const outbox = new Outbox()
  const lost = Array.from({ length: count }, (_, i) => outbox.keep(`${i}`))
  return { outbox, lost: lost.reduce((a, b) => a + b, 0) }
}

describe('the outbox', () => {
  test('one reading leaves as an object, several as one array', () => {
    const outbox = new Outbox()
    outbox.keep('{"seq":0}')
    expect(outbox.next()?.payload).toBe('{"seq":0}')
    outbox.keep('1')
    outbox.keep('2')
    expect(outbox.next()).toEqual({ payload: '[1,2]', readings: 2 })
    expect(outbox.next()).toBeNull()
  })

  test('arrays hold at most 500 readings', () => {
    const { outbox } = filled(MAX_ARRAY + 3)
    expect(outbox.next()?.readings).toBe(MAX_ARRAY)
    expect(outbox.next()?.readings).toBe(3)
  })

  test('at most so many packets are in flight; an ack makes room', () => {
    const outbox = new Outbox()
    const packets: Packet[] = []
    for (let i = 0; i <= WINDOW; i++) {
      outbox.keep(`${i}`)
      const packet = outbox.next()
      if (packet !== null) packets.push(packet)
    }
    expect(packets).toHaveLength(WINDOW)
    expect(outbox.acknowledge(packets[2] as Packet)).toBe(true)
    expect(outbox.acknowledge(packets[2] as Packet)).toBe(false)
    expect(outbox.next()?.payload).toBe(`${WINDOW}`)
  })

  test('unacknowledged packets are kept in order, with their bytes', () => {
    const outbox = new Outbox()
    const packets = ['a', 'b', 'c'].map((reading) => {
      outbox.keep(reading)
      return outbox.next() as Packet
    })
    outbox.acknowledge(packets[1] as Packet)
    expect(outbox.unacknowledged.map((packet) => packet.payload)).toEqual(['a', 'c'])
    expect(outbox.isEmpty).toBe(false)
  })

  test('the oldest readings make room, and are counted', () => {
    const { outbox, lost } = filled(CAPACITY + 5)
    expect(lost).toBe(5)
    expect(outbox.next()?.payload.startsWith('[5,6,')).toBe(true)
  })

  test('without power everything is forgotten, and counted', () => {
    const { outbox } = filled(3)
    outbox.next()
    outbox.keep('x')
    expect(outbox.clear()).toBe(4)
    expect(outbox.isEmpty).toBe(true)
  })
})
