import type { Duplex } from 'node:stream'

/**
 * Watches the frames of an MQTT connection as they are read, and stops at the first whose fixed
 * header announces more than the limit: it is refused before its body is there. The parser
 * behind would gather a packet of up to 256 MB first.
 *
 * MQTT 3.1.1, 2.2: one byte of type and flags, then the remaining length in one to four bytes of
 * seven bits each, lowest first.
 */
export class FrameGuard {
  readonly #limit: number
  /** Bytes of the present frame's body that are still to come. */
  #body = 0
  /** Bytes of the fixed header seen so far; 0 between frames. */
  #header = 0
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes the next bytes; false when a frame announces too much or its length is malformed. */
  accepts(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#body > 0) {
        const step = Math.min(this.#body, chunk.length - at)
        this.#body -= step
        at += step
      } else if (!this.#takeHeader(chunk[at++] as number)) return false
    }
    return true
  }

  #takeHeader(byte: number): boolean {
    if (this.#header === 0) {
      this.#header = 1
      this.#length = 0
      return true
    }
    this.#length += (byte & 0x7f) * 128 ** (this.#header - 1)
    if (byte & 0x80) {
      this.#header++
      return this.#header <= 4 && this.#length <= this.#limit
    }
    if (1 + this.#header + this.#length > this.#limit) return false
    this.#body = this.#length
    this.#header = 0
    return true
  }
}

/** Puts a guard in front of whoever reads the connection. */
export function guardFrames(connection: Duplex, limit: number, onTooLarge: () => void): void {
  const guard = new FrameGuard(limit)
  const read = connection.read.bind(connection)
  connection.read = (size?: number) => {
    const chunk = read(size) as Buffer | null
    if (chunk === null || guard.accepts(chunk)) return chunk
    onTooLarge()
    connection.destroy()
    return null
  }
}
