/**
 * Cuts the bytes of an MQTT connection into whole frames, and stops at the first whose fixed
 * header announces more than the limit: it is refused before its body is there.
 *
 * MQTT 3.1.1, 2.2: one byte of type and flags, then the remaining length in one to four bytes of
 * seven bits each, lowest first.
 *
 * A frame that lies whole in one chunk is not copied. One that is split is gathered in a buffer
 * that grows with what has really come, so that a header costs its sender as much as us, and a
 * frame that comes byte by byte is not copied at every byte.
 */
export type Cut =
  /** A frame was found: `bytes`, `start`, `body` and `end` say where. */
  | 'frame'
  /** All that was added is used up. */
  | 'more'
  /** The next frame is too large, or its length is malformed. Nothing after it can be trusted. */
  | 'refused'

const EMPTY = Buffer.alloc(0)
const HEADER_MAX = 5
const INCOMPLETE = 0
const REFUSED = -1

export class FrameCutter {
  /** The buffer in which the frame lies that was found last. */
  bytes: Buffer = EMPTY
  start = 0
  /** Where the frame's fixed header ends. */
  body = 0
  end = 0
  readonly #limit: number
  #chunk: Buffer = EMPTY
  #at = 0
  /** The beginning of a frame whose end has not come; its first `#gathered` bytes count. */
  #partial: Buffer = EMPTY
  #gathered = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes the next bytes. Only when `next` has asked for more. */
  add(chunk: Buffer): void {
    this.#chunk = chunk
    this.#at = 0
  }

  next(): Cut {
    if (this.#gathered > 0) return this.#gather()
    const chunk = this.#chunk
    const at = this.#at
    const length = this.#measure(chunk, at, chunk.length)
    if (length === REFUSED) return 'refused'
    if (length === INCOMPLETE || at + length > chunk.length) return this.#gather()
    this.bytes = chunk
    this.start = at
    this.end = at + length
    this.#at = this.end
    return 'frame'
  }

  /** Adds to the frame that has begun, until it is whole or the chunk is used up. */
  #gather(): Cut {
    for (;;) {
      const length = this.#measure(this.#partial, 0, this.#gathered)
      if (length === REFUSED) return 'refused'
      if (length > 0 && length === this.#gathered) return this.#complete()
      const left = this.#chunk.length - this.#at
      if (left === 0) return this.#needMore()
      // Until the length is known, byte by byte: the next one may belong to the next frame.
      this.#take(length === INCOMPLETE ? 1 : Math.min(left, length - this.#gathered), length)
    }
  }

  #take(count: number, length: number): void {
    const needed = this.#gathered + count
    if (needed > this.#partial.length) {
      const wanted = length === INCOMPLETE ? HEADER_MAX : Math.min(length, 2 * needed)
      const larger = Buffer.allocUnsafe(wanted)
      this.#partial.copy(larger, 0, 0, this.#gathered)
      this.#partial = larger
    }
    this.#chunk.copy(this.#partial, this.#gathered, this.#at, this.#at + count)
    this.#gathered = needed
    this.#at += count
  }

  #complete(): Cut {
    this.bytes = this.#partial
    this.start = 0
    this.end = this.#gathered
    this.#partial = EMPTY
    this.#gathered = 0
    return 'frame'
  }

  /** Keeps nothing of a chunk that is used up: it may be a slice of something large. */
  #needMore(): Cut {
    this.#chunk = EMPTY
    this.#at = 0
    this.bytes = EMPTY
    return 'more'
  }

  /** Length of the frame that begins at `from`, header included; sets `body`. */
  #measure(bytes: Buffer, from: number, to: number): number {
    let length = 0
    for (let n = 0; n < HEADER_MAX - 1; n++) {
      const at = from + 1 + n
      if (at >= to) return length > this.#limit ? REFUSED : INCOMPLETE
      const byte = bytes[at] as number
      length += (byte & 0x7f) << (7 * n)
      if (byte < 0x80) {
        this.body = at + 1
        const whole = 2 + n + length
        return whole > this.#limit ? REFUSED : whole
      }
    }
    return REFUSED
  }
}
