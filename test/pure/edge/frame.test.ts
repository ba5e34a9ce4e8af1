import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeRecords,
  FrameEncoder,
  hasFrameAfter,
  mixTopic,
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

/** The topics as they come out of a frame that they went into. */
function throughFrame(topics: readonly string[]): string[] {
  const encoder = new FrameEncoder()
  const payload = new Uint8Array([0x7b, 0x7d])
  for (const topic of topics) encoder.add({ type: 'telemetry', receivedAt: 5, topic, payload })
  const frame = readFrame(encoder.seal(0, 1, NONE), 0, 0)
  return frame === null ? [] : decodeRecords(frame).map(({ topic }) => topic)
}

test('topics come back as they were, however many, however alike, whenever read before', () => {
  const alike = fc
    .tuple(fc.nat({ max: 300 }), fc.constantFrom('', 'v1/', '井盖/'), fc.nat({ max: 300 }))
    .map(([length, head, n]) => head + 'x'.repeat(length).replace(/x$/, String(n)))
  fc.assert(
    fc.property(
      fc.array(fc.oneof(alike, fc.string({ unit: 'grapheme' })), { maxLength: 40 }),
      (all) => {
        const topics = all.flatMap((topic) => [topic, `${topic}a`, topic])
        expect(throughFrame(topics)).toEqual(topics)
      },
    ),
  )
  const many = Array.from({ length: 40_000 }, (_, i) => `v1/probe/dev-${i}/telemetry`)
  for (let again = 0; again < 3; again++) expect(throughFrame(many)).toEqual(many)
})

test('two topics of one hash are two topics', () => {
  const word = (text: string) => Buffer.from(text).readInt32LE()
  const after = (text: string) => mixTopic(12, word(text.slice(0, 4)))
  const end = 'last'
  const one = `dev-0001${end}`
  const twin = Array.from({ length: 100_000 }, (_, i) => {
    const head = i.toString(36).padStart(4, '0')
    // The second word that leads to the same hash.
    const second = Buffer.alloc(4)
    second.writeInt32LE(after(head) ^ after(one) ^ word(one.slice(4)))
    return head + second.toString('latin1') + end
  }).find((topic) => /^[!-~]{12}$/.test(topic)) as string
  expect(twin).toHaveLength(12)
  expect(throughFrame([one, twin, one, twin])).toEqual([one, twin, one, twin])
})
