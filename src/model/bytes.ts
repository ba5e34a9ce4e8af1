/**
 * Numbers as few bytes, for what is written all the time. Little endian. A varint is a whole
 * number from 0 to 2^53 - 1, seven bits a byte, lowest first.
 */

/** What a varint takes at the most, and a double. */
const VARINT = 8
const DOUBLE = 8

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Grows as it is written; `take` hands out a copy and starts anew in the same memory. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #at = 0

  constructor(initialBytes = 64 * 1024) {
    this.#bytes = new Uint8Array(initialBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  double(value: number): void {
    this.#reserve(DOUBLE)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += DOUBLE
  }

  varint(value: number): void {
    this.#reserve(VARINT)
    let rest = value
    // By division, where there are more bits than operators on bits take: a time has them.
    while (rest >= 0x80000000) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** The length of the text in bytes, then the text. */
  text(text: string): void {
    // No character of UTF-16 takes more than three bytes; the length is written when it is known.
    this.#reserve(4 + 3 * text.length)
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#at + 4))
    this.#view.setUint32(this.#at, written, true)
    this.#at += 4 + written
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#at)
    this.#at = 0
    return taken
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#at + size))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Reads what a `ByteWriter` has written, in the same order. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#view.getUint8(this.#at++)
  }

  double(): number {
    this.#at += DOUBLE
    return this.#view.getFloat64(this.#at - DOUBLE, true)
  }

  varint(): number {
    const first = this.byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  text(): string {
    const from = this.#at + 4
    this.#at = from + this.#view.getUint32(this.#at, true)
    return decoder.decode(this.#bytes.subarray(from, this.#at))
  }
}
