import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameCutter } from '../../../src/broker/frames.ts'

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

/** A frame whose every byte tells which frame it is. */
const frame = (length: number, mark = 0xff) =>
  Uint8Array.from([...header(length), ...Array(length).fill(mark)])

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

/** What a cutter makes of the pieces: the frames, and whether it refused to go on. */
function cut(limit: number, chunks: readonly Uint8Array[]): { frames: string[]; refused: boolean } {
  const cutter = new FrameCutter(limit)
  const frames: string[] = []
  for (const chunk of chunks) {
    cutter.add(Buffer.from(chunk))
    for (;;) {
      const found = cutter.next()
      if (found === 'refused') return { frames, refused: true }
      if (found === 'more') break
      const { bytes, start, body, end } = cutter
      const head = header(end - body)
      expect([...bytes.subarray(start, body)]).toEqual(head)
      frames.push(bytes.toString('hex', start, end))
    }
  }
  return { frames, refused: false }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 })
const lengths = fc.array(fc.oneof(fc.nat(12), fc.nat(300), fc.nat(20_000)), { maxLength: 12 })

test('however a stream is split, its frames are the same', () => {
  fc.assert(
    fc.property(lengths, sizes, (all, split) => {
      const frames = all.map((length, i) => frame(length, i))
      const answer = cut(300_000, pieces(Buffer.concat(frames), split))
      expect(answer).toEqual({ frames: frames.map(hex), refused: false })
    }),
    { numRuns: 300 },
  )
})

test('byte by byte too', () => {
  const frames = [frame(0), frame(1), frame(127), frame(128), frame(16_383), frame(16_384)]
  const answer = cut(300_000, pieces(Buffer.concat(frames), [1]))
  expect(answer).toEqual({ frames: frames.map(hex), refused: false })
})

test('those up to the limit come out; the first above it ends all, by its header alone', () => {
  const some = fc.array(fc.nat(300), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(some, sizes, fc.integer({ min: 2, max: 300 }), (all, split, limit) => {
      const frames = all.map((length, i) => frame(length, i))
      const over = frames.findIndex((one) => one.length > limit)
      const good = over < 0 ? frames : frames.slice(0, over)
      const bad = over < 0 ? [] : header(all[over] as number)
      const answer = cut(limit, pieces(Buffer.concat([...good, Buffer.from(bad)]), split))
      expect(answer).toEqual({ frames: good.map(hex), refused: over >= 0 })
    }),
    { numRuns: 500 },
  )
})

test.each<[string, number[], boolean]>([
  ['four length bytes, the most there are', [0x30, 0x80, 0x80, 0x80, 0x01], false],
  ['a fifth length byte is announced', [0x30, 0x80, 0x80, 0x80, 0x80], true],
  ['the largest length', [0x30, 0xff, 0xff, 0xff, 0x7f], false],
])('%s', (_name, bytes, refused) => {
  for (const split of [[1], [2], [5]]) {
    expect(cut(300_000_000, pieces(Uint8Array.from(bytes), split)).refused).toBe(refused)
  }
})

test('a header takes no more memory than has come of its frame', () => {
  const cutter = new FrameCutter(300_000_000)
  const before = process.memoryUsage().arrayBuffers
  const cutters = Array.from({ length: 1000 }, () => new FrameCutter(300_000_000))
  for (const one of [cutter, ...cutters]) {
    one.add(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
    expect(one.next()).toBe('more')
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
})
