import { crc32 } from 'node:zlib'
import { type JournalRecord, type NewRecord, RECORD_TYPES } from '../model/record.ts'

/**
 * Records of one commit as bytes:
 *
 *   u32 length of the rest | u8 type | f64 receivedAt | u16 topic length | topic | payload
 *
 * Little endian. The bytes are copied in, so that no piece of a socket's buffer is kept alive.
 */
const HEAD = 4 + 1 + 8 + 2

/** Grows as records are added; `take` hands the bytes over and starts anew. */
export class BatchEncoder {
  #buffer: Buffer
  #length = 0
  #count = 0
  readonly #initial: number

  constructor(initialBytes = 64 * 1024) {
    this.#initial = initialBytes
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  get bytes(): number {
    return this.#length
  }

  get count(): number {
    return this.#count
  }

  add(record: NewRecord): void {
    const { topic, payload } = record
    // No character of UTF-16 takes more than three bytes.
    this.#reserve(HEAD + 3 * topic.length + payload.length)
    const buffer = this.#buffer
    const start = this.#length
    const topicBytes = buffer.write(topic, start + HEAD)
    const size = HEAD + topicBytes + payload.length
    let at = buffer.writeUInt32LE(size - 4, start)
    at = buffer.writeUInt8(RECORD_TYPES.indexOf(record.type), at)
    at = buffer.writeDoubleLE(record.receivedAt, at)
    buffer.writeUInt16LE(topicBytes, at)
    buffer.set(payload, start + HEAD + topicBytes)
    this.#length += size
    this.#count++
  }

  /** The bytes so far, in a buffer of their own that may be transferred to another thread. */
  take(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#buffer.buffer as ArrayBuffer, 0, this.#length)
    // Few bytes are copied: the other thread would hold all the room until it collects garbage.
    const few = this.#length <= this.#initial / 2 && this.#buffer.length === this.#initial
    const taken = few ? whole.slice() : whole
    if (!few) this.#buffer = Buffer.allocUnsafeSlow(this.#initial)
    this.#length = 0
    this.#count = 0
    return taken
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + size))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Reads the records of one commit. `firstSeq` is the number of the first. */
export function decodeBatch(bytes: Uint8Array, firstSeq: number): JournalRecord[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records: JournalRecord[] = []
  for (let at = 0; at < buffer.length; ) {
    const end = at + 4 + buffer.readUInt32LE(at)
    const topicEnd = at + HEAD + buffer.readUInt16LE(at + 13)
    records.push({
      seq: firstSeq + records.length,
      type: RECORD_TYPES[buffer.readUInt8(at + 4)] as JournalRecord['type'],
      receivedAt: buffer.readDoubleLE(at + 5),
      topic: buffer.toString('utf8', at + HEAD, topicEnd),
      payload: buffer.subarray(topicEnd, end),
    })
    at = end
  }
  return records
}

/** Checksum of a commit's bytes: SQLite checks its log, not its pages. */
export function checksum(bytes: Uint8Array): number {
  return crc32(bytes)
}
