import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameGuard, guardFrames } from '../../../src/broker/frame-guard.ts'

/** MQTT 3.1.1, 2.2.3: the remaining length, seven bits a byte, lowest first. */
function header(length: number): number[] {
  const bytes = [0x30]
  let rest = length
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return bytes
}

const frame = (length: number) => Uint8Array.from([...header(length), ...Array(length).fill(0xff)])

/** Cuts bytes into pieces of the sizes given, round and round. */
function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number
    cut.push(bytes.subarray(at, at + size))
    at += size
  }
  return cut
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 })

test('packets up to the limit pass however they are cut; the first above it does not', () => {
  const lengths = fc.array(fc.oneof(fc.nat(12), fc.nat(300)), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(lengths, sizes, fc.integer({ min: 2, max: 300 }), (all, cuts, limit) => {
      const frames = all.map(frame)
      const firstOver = frames.findIndex((one) => one.length > limit)
      const guard = new FrameGuard(limit)
      const before = frames.slice(0, firstOver < 0 ? undefined : firstOver)
      for (const piece of pieces(Buffer.concat(before), cuts))
        expect(guard.accepts(piece)).toBe(true)
      const over = frames[firstOver]
      if (over === undefined) return
      // Refused by its header alone, byte by byte, without its body.
      const start = header(all[firstOver] as number)
      const answers = start.map((byte) => guard.accepts(Uint8Array.of(byte)))
      expect(answers.at(-1)).toBe(false)
    }),
    { numRuns: 500 },
  )
})

test('in one chunk with good packets before it, the bad one is found', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(97), { maxLength: 8 }), (all) => {
      const good = all.map(frame)
      expect(new FrameGuard(100).accepts(Buffer.concat(good))).toBe(true)
      expect(new FrameGuard(100).accepts(Buffer.concat([...good, frame(99)]))).toBe(false)
    }),
  )
})

test.each<[string, number[], boolean]>([
  ['four length bytes, the most there are', [0x30, 0x80, 0x80, 0x80, 0x01], true],
  ['a fifth length byte', [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], false],
  ['the largest length', [0x30, 0xff, 0xff, 0xff, 0x7f], true],
  ['PINGREQ, again and again', [0xc0, 0, 0xc0, 0, 0xc0, 0], true],
])('%s', (_name, bytes, accepted) => {
  expect(new FrameGuard(300_000_000).accepts(Uint8Array.from(bytes))).toBe(accepted)
})

describe('on a connection', () => {
  test('good bytes come through, at a bad header the connection ends', () => {
    const connection = new PassThrough()
    let tooLarge = 0
    guardFrames(connection, 50, () => {
      tooLarge++
    })
    connection.write(frame(20))
    expect(connection.read()).toEqual(Buffer.from(frame(20)))
    connection.write(frame(60))
    expect(connection.read()).toBeNull()
    expect([tooLarge, connection.destroyed]).toEqual([1, true])
  })
})
