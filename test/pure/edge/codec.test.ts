import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchEncoder, checksum, decodeBatch } from '../../../src/journal/codec.ts'
import { type NewRecord, RECORD_TYPES } from '../../../src/model/record.ts'

const newRecord: fc.Arbitrary<NewRecord> = fc.record({
  type: fc.constantFrom(...RECORD_TYPES),
  receivedAt: fc.integer({ min: 0, max: 8.64e15 }),
  topic: fc.string({ unit: 'grapheme', maxLength: 40 }),
  payload: fc.uint8Array({ maxLength: 300 }),
})

test('records come back as they went in, numbered from the first', () => {
  const firsts = fc.integer({ min: 1, max: 2 ** 50 })
  fc.assert(
    fc.property(fc.array(newRecord, { maxLength: 20 }), firsts, (records, first) => {
      // Small, so that it has to grow.
      const encoder = new BatchEncoder(16)
      for (const one of records) encoder.add(one)
      expect(encoder.count).toBe(records.length)
      const size = encoder.bytes
      const bytes = encoder.take()
      expect(bytes.length).toBe(size)
      const decoded = decodeBatch(bytes, first)
      expect(decoded.map((one) => ({ ...one, payload: [...one.payload] }))).toEqual(
        records.map((one, i) => ({ ...one, seq: first + i, payload: [...one.payload] })),
      )
      expect([encoder.count, encoder.bytes]).toEqual([0, 0])
    }),
  )
})

test('what was added is copied: the sender may use its buffer again', () => {
  const encoder = new BatchEncoder()
  const payload = Uint8Array.of(1, 2, 3)
  encoder.add({ type: 'telemetry', receivedAt: 0, topic: 't', payload })
  payload.fill(9)
  const first = encoder.take()
  encoder.add({ type: 'telemetry', receivedAt: 0, topic: 'u', payload })
  expect([...(decodeBatch(first, 1)[0]?.payload ?? [])]).toEqual([1, 2, 3])
})

test('one changed bit changes the checksum', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), (bytes, bit) => {
      const place = (bit >> 3) % bytes.length
      const changed = bytes.with(place, (bytes[place] as number) ^ (1 << (bit & 7)))
      expect(checksum(changed)).not.toBe(checksum(bytes))
    }),
  )
})
