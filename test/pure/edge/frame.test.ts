import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeRecords,
  FrameEncoder,
  hasFrameAfter,
  readFrame,
} from '../../../src/journal/frame.ts'
import { type NewRecord, RECORD_TYPES } from '../../../src/model/record.ts'

const newRecord: fc.Arbitrary<NewRecord> = fc.record({
  type: fc.constantFrom(...RECORD_TYPES),
  receivedAt: fc.integer({ min: 0, max: 8.64e15 }),
  topic: fc.string({ unit: 'grapheme', maxLength: 40 }),
  payload: fc.uint8Array({ maxLength: 300 }),
})
const count = fc.record({
  day: fc.constantFrom('2026-11-27', '2026-11-28'),
  kind: fc.string({ unit: 'grapheme', maxLength: 10 }),
  messages: fc.nat({ max: 2 ** 40 }),
})
const totals = fc.record({
  own: fc.array(count, { maxLength: 3 }),
  before: fc.array(count, { maxLength: 3 }),
})
const salts = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const NONE = { own: [], before: [] }

test('records and totals come back as they went in, numbered from the first', () => {
  const firsts = fc.integer({ min: 1, max: 2 ** 50 })
  const all = fc.array(newRecord, { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(all, firsts, salts, totals, (records, first, salt, told) => {
      // Small, so that it has to grow.
      const encoder = new FrameEncoder(40)
      for (const one of records) encoder.add(one)
      expect(encoder.count).toBe(records.length)
      const bytes = Buffer.concat([encoder.seal(salt, first, told), Buffer.alloc(5)])
      const frame = readFrame(bytes, 0, salt)
      if (frame === null) throw new Error('no frame')
      expect(frame.records.length).toBe(encoder.bytes)
      expect([frame.end, frame.firstSeq, frame.lastSeq, frame.receivedAt]).toEqual([
        bytes.length - 5,
        first,
        first + records.length - 1,
        records.at(-1)?.receivedAt,
      ])
      expect(frame.totals()).toEqual(told)
      expect(decodeRecords(frame).map((one) => ({ ...one, payload: [...one.payload] }))).toEqual(
        records.map((one, i) => ({ ...one, seq: first + i, payload: [...one.payload] })),
      )
      encoder.reset()
      expect([encoder.count, encoder.bytes]).toEqual([0, 0])
    }),
  )
})

test('what was added is copied: the sender may use its buffer again', () => {
  const encoder = new FrameEncoder()
  const payload = Uint8Array.of(1, 2, 3)
  encoder.add({ type: 'telemetry', receivedAt: 0, topic: 't', payload })
  payload.fill(9)
  const frame = readFrame(encoder.seal(7, 1, NONE), 0, 7)
  expect(frame === null ? null : [...(decodeRecords(frame)[0]?.payload ?? [])]).toEqual([1, 2, 3])
})

test('with one bit changed, with another salt, or cut off, it is no frame', () => {
  const encoder = new FrameEncoder()
  fc.assert(
    fc.property(newRecord, salts, fc.nat(), (record, salt, bit) => {
      encoder.reset()
      encoder.add(record)
      const bytes = Buffer.from(encoder.seal(salt, 1, NONE))
      expect(readFrame(bytes, 0, salt)).not.toBeNull()
      expect(readFrame(bytes, 0, (salt ^ 1) >>> 0)).toBeNull()
      expect(readFrame(bytes.subarray(0, -1), 0, salt)).toBeNull()
      const place = (bit >> 3) % bytes.length
      bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << (bit & 7)), place)
      expect(readFrame(bytes, 0, salt)).toBeNull()
    }),
  )
})

test('a whole frame is found wherever it lies', () => {
  const encoder = new FrameEncoder()
  encoder.add({ type: 'mark', receivedAt: 5, topic: '', payload: Uint8Array.of(1) })
  const frame = Buffer.from(encoder.seal(3, 9, NONE))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat({ max: 60 }), (noise, from) => {
      const bytes = Buffer.concat([noise, frame, noise])
      expect(hasFrameAfter(bytes, from, 3)).toBe(from <= noise.length)
      expect(hasFrameAfter(bytes, 0, 4)).toBe(false)
    }),
  )
})
