import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Acknowledgements } from '../../../src/broker/acknowledgements.ts'

/** [MQTT-4.6.0-2]: PUBACKs are sent in the order in which the PUBLISHes came. */

const id = fc.integer({ min: 1, max: 0xffff })
/** Messages by their packet ids, 0 for QoS 0; each is answered at some later moment. */
const messages = fc.array(fc.tuple(fc.oneof(id, fc.constant(0)), fc.nat(20)), { maxLength: 40 })

function idsIn(bytes: Buffer | null): number[] {
  if (bytes === null) return []
  return Array.from({ length: bytes.length / 4 }, (_, i) => {
    expect([bytes[4 * i], bytes[4 * i + 1]]).toEqual([0x40, 2])
    return bytes.readUInt16BE(4 * i + 2)
  })
}

test('whatever is answered first, they leave in the order of the messages, as early as may be', () => {
  fc.assert(
    fc.property(messages, (all) => {
      const acknowledgements = new Acknowledgements()
      const numbered = all.map(([id, delay]) => ({ id, delay, number: acknowledgements.begin() }))
      const answered = new Set<number>()
      const sent: number[] = []
      for (const one of numbered.toSorted((a, b) => a.delay - b.delay)) {
        acknowledgements.answered(one.number, one.id)
        answered.add(one.number)
        sent.push(...idsIn(acknowledgements.take()))
        const firstOpen = numbered.find(({ number }) => !answered.has(number))?.number
        const due = numbered.slice(0, firstOpen).filter(({ id }) => id !== 0)
        expect(sent).toEqual(due.map(({ id }) => id))
      }
    }),
  )
})

test('many that were answered before they are taken leave in one piece', () => {
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 100 }), (ids) => {
      const acknowledgements = new Acknowledgements()
      for (const id of ids) acknowledgements.answered(acknowledgements.begin(), id)
      expect(idsIn(acknowledgements.take())).toEqual(ids)
      expect(acknowledgements.take()).toBeNull()
    }),
  )
})
