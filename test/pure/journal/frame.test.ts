import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecords, FRAME_HEAD, FrameEncoder, mixTopic } from '../../../src/journal/frame.ts'

/** The topics as they come out of a frame that they went into. */
function throughFrame(topics: readonly string[]): string[] {
  const encoder = new FrameEncoder()
  const payload = new Uint8Array([0x7b, 0x7d])
  for (const topic of topics) encoder.add({ type: 'telemetry', receivedAt: 5, topic, payload })
  const frame = Buffer.from(encoder.seal(0, 1, { own: [], before: [] }))
  const records = frame.subarray(FRAME_HEAD, FRAME_HEAD + encoder.bytes)
  return decodeRecords({ records, firstSeq: 1 }).map(({ topic }) => topic)
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
