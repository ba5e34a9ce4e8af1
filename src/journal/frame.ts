import { crc32 } from 'node:zlib'
import { type JournalRecord, type NewRecord, RECORD_TYPES } from '../model/record.ts'
import type { Instant } from '../model/time.ts'
import type { MessageCount } from './port.ts'

/**
 * One commit as bytes, little endian:
 *
 *   u32 mark | u32 checksum of what follows | u32 bytes of records | u32 bytes of totals
 *   f64 number of the first record | f64 when the last was received | u32 records
 *   records | totals
 *
 * The checksum starts from the segment's salt, so that neither what a former use of the file left
 * nor a payload made to look like a frame is ever taken for one.
 *
 * A record:
 *
 *   u32 length of the rest | u8 type | f64 receivedAt | u16 topic length | topic | payload
 *
 * The totals are JSON, `[own, before]`, both `[[day, kind, messages], …]`: of the days and kinds that
 * the commit changed, as they are after it, and in the first frame of a segment those that the
 * segment before changed. So all of them are known from the first frames and one segment's.
 */
export const FRAME_HEAD = 36
const MARK = 0x0a46_5743
const RECORD_HEAD = 4 + 1 + 8 + 2

/** Room that a frame keeps between two uses. */
const KEPT_BYTES = 1024 * 1024

/** Takes records as they come; the bytes are copied, so that no socket's buffer is kept alive. */
export class FrameEncoder {
  #buffer: Buffer
  /** The same memory: numbers are written through it, which compiles to one instruction each. */
  #view: DataView
  #length = FRAME_HEAD
  #count = 0
  #lastReceivedAt: Instant = 0
  readonly #initial: number

  constructor(initialBytes = 64 * 1024) {
    this.#initial = initialBytes
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
    this.#view = viewOf(this.#buffer)
  }

  /** Bytes of the records. */
  get bytes(): number {
    return this.#length - FRAME_HEAD
  }

  get count(): number {
    return this.#count
  }

  add(record: NewRecord): void {
    const { topic, payload } = record
    // No character of UTF-16 takes more than three bytes.
    this.#reserve(RECORD_HEAD + 3 * topic.length + payload.length)
    const buffer = this.#buffer
    const view = this.#view
    const start = this.#length
    const topicBytes = buffer.write(topic, start + RECORD_HEAD)
    const size = RECORD_HEAD + topicBytes + payload.length
    view.setUint32(start, size - 4, true)
    view.setUint8(start + 4, RECORD_TYPES.indexOf(record.type))
    view.setFloat64(start + 5, record.receivedAt, true)
    view.setUint16(start + 13, topicBytes, true)
    buffer.set(payload, start + RECORD_HEAD + topicBytes)
    this.#length += size
    this.#count++
    this.#lastReceivedAt = record.receivedAt
  }

  /** The whole frame, in the encoder's own memory: good until the next call. */
  seal(salt: number, firstSeq: number, totals: FrameTotals): Buffer {
    const text = JSON.stringify([linesOf(totals.own), linesOf(totals.before)])
    this.#reserve(3 * text.length)
    const buffer = this.#buffer
    const totalsBytes = buffer.write(text, this.#length)
    const end = this.#length + totalsBytes
    const view = this.#view
    view.setUint32(0, MARK, true)
    view.setUint32(8, this.bytes, true)
    view.setUint32(12, totalsBytes, true)
    view.setFloat64(16, firstSeq, true)
    view.setFloat64(24, this.#lastReceivedAt, true)
    view.setUint32(32, this.#count, true)
    view.setUint32(4, crc32(buffer.subarray(8, end), salt), true)
    return buffer.subarray(0, end)
  }

  /** Starts anew; what a rush made large becomes small again. */
  reset(): void {
    if (this.#buffer.length > KEPT_BYTES) this.#take(Buffer.allocUnsafeSlow(this.#initial))
    this.#length = FRAME_HEAD
    this.#count = 0
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + size))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#take(larger)
  }

  #take(buffer: Buffer): void {
    this.#buffer = buffer
    this.#view = viewOf(buffer)
  }
}

/** What was received until a commit and with it. */
export interface FrameTotals {
  /** Of the days and kinds that it changed. */
  readonly own: readonly MessageCount[]
  /** Of those that the segment before changed; empty but in the first frame of a segment. */
  readonly before: readonly MessageCount[]
}

type Line = readonly [day: string, kind: string, messages: number]

function linesOf(counts: readonly MessageCount[]): Line[] {
  return counts.map(({ day, kind, messages }) => [day, kind, messages])
}

function countsOf(lines: readonly Line[]): MessageCount[] {
  return lines.map(([day, kind, messages]) => ({ day, kind, messages }))
}

/** A frame as it lies in a segment. */
export interface Frame {
  readonly firstSeq: number
  readonly lastSeq: number
  /** When its last record was received. */
  readonly receivedAt: Instant
  /** Its records as bytes. */
  readonly records: Buffer
  /** Where the next one starts. */
  readonly end: number
  totals(): FrameTotals
}

/** The number of bytes of the frame that seems to start at `at`; null: none does. */
export function frameLength(bytes: Buffer, at: number): number | null {
  if (at + FRAME_HEAD > bytes.length || bytes.readUInt32LE(at) !== MARK) return null
  return FRAME_HEAD + bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12)
}

/** The frame at `at`; null: there is none, or it is not whole. */
export function readFrame(bytes: Buffer, at: number, salt: number): Frame | null {
  const length = frameLength(bytes, at)
  if (length === null || at + length > bytes.length) return null
  const end = at + length
  if (crc32(bytes.subarray(at + 8, end), salt) !== bytes.readUInt32LE(at + 4)) return null
  const recordsEnd = at + FRAME_HEAD + bytes.readUInt32LE(at + 8)
  const firstSeq = bytes.readDoubleLE(at + 16)
  return {
    firstSeq,
    lastSeq: firstSeq + bytes.readUInt32LE(at + 32) - 1,
    receivedAt: bytes.readDoubleLE(at + 24),
    records: bytes.subarray(at + FRAME_HEAD, recordsEnd),
    end,
    totals() {
      const [own, before] = JSON.parse(bytes.toString('utf8', recordsEnd, end)) as [Line[], Line[]]
      return { own: countsOf(own), before: countsOf(before) }
    },
  }
}

/** The whole frames that follow each other from `at` on. */
export function readFrames(bytes: Buffer, at: number, salt: number): Frame[] {
  const frames: Frame[] = []
  for (let one = readFrame(bytes, at, salt); one !== null; ) {
    frames.push(one)
    one = readFrame(bytes, one.end, salt)
  }
  return frames
}

/**
 * The same topics come again and again. One that was read lately is not made into a text a second
 * time, and the text is one that maps have looked for before, which they find faster.
 *
 * A topic has a few places where it may be kept, since of a thousand topics with one place each,
 * every fifth would push another one out, over and over.
 */
class Topics {
  readonly #hashes = new Int32Array(TOPIC_SETS * TOPIC_WAYS)
  readonly #kept: (KeptTopic | undefined)[] = Array(TOPIC_SETS * TOPIC_WAYS).fill(undefined)
  /** Which of its places the next one takes. */
  #turn = 0

  read(buffer: Buffer, view: DataView, from: number, to: number): string {
    const length = to - from
    if (length < 4 || length > TOPIC_BYTES) return buffer.toString('utf8', from, to)
    let hash = length
    for (let at = from; at < to - 4; at += 4) hash = mixTopic(hash, view.getInt32(at, true))
    hash = mixTopic(hash, view.getInt32(to - 4, true))
    const set = (hash & (TOPIC_SETS - 1)) * TOPIC_WAYS
    for (let way = set; way < set + TOPIC_WAYS; way++) {
      if (this.#hashes[way] !== hash) continue
      const kept = this.#kept[way]
      if (kept !== undefined && isAt(view, from, to, kept)) return kept.text
    }
    const text = buffer.toString('utf8', from, to)
    const way = set + (this.#turn++ % TOPIC_WAYS)
    this.#hashes[way] = hash
    this.#kept[way] = { text, length, words: wordsAt(view, from, to) }
    return text
  }
}

interface KeptTopic {
  readonly text: string
  /** Bytes. */
  readonly length: number
  /** Four bytes each; the last one ends with the topic, so it may begin within the one before. */
  readonly words: readonly number[]
}

/** A power of two. Unsourced default, as the next two. */
const TOPIC_SETS = 4096
const TOPIC_WAYS = 4
/** Longer ones are not remembered: ours are shorter. */
const TOPIC_BYTES = 256
const topics = new Topics()

/** A step of the hash by which topics are kept: another word of four bytes. */
export function mixTopic(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e37_79b1)
  return mixed ^ (mixed >>> 15)
}

function wordsAt(view: DataView, from: number, to: number): number[] {
  const count = Math.ceil((to - from) / 4)
  return Array.from({ length: count }, (_, i) =>
    view.getInt32(Math.min(from + 4 * i, to - 4), true),
  )
}

function isAt(view: DataView, from: number, to: number, { length, words }: KeptTopic): boolean {
  const last = words.length - 1
  if (length !== to - from || view.getInt32(to - 4, true) !== words[last]) return false
  for (let i = 0; i < last; i++) if (view.getInt32(from + 4 * i, true) !== words[i]) return false
  return true
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}

/** Reads the records of one frame. */
export function decodeRecords({
  records: buffer,
  firstSeq,
}: Pick<Frame, 'records' | 'firstSeq'>): JournalRecord[] {
  const records: JournalRecord[] = []
  const view = viewOf(buffer)
  for (let at = 0; at < buffer.length; ) {
    const end = at + 4 + view.getUint32(at, true)
    const topicEnd = at + RECORD_HEAD + view.getUint16(at + 13, true)
    records.push({
      seq: firstSeq + records.length,
      type: RECORD_TYPES[view.getUint8(at + 4)] as JournalRecord['type'],
      receivedAt: view.getFloat64(at + 5, true),
      topic: topics.read(buffer, view, at + RECORD_HEAD, topicEnd),
      payload: buffer.subarray(topicEnd, end),
    })
    at = end
  }
  return records
}

/** Whether a whole frame lies anywhere after `from`: then what is missing before it was there. */
export function hasFrameAfter(bytes: Buffer, from: number, salt: number): boolean {
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(MARK)
  for (let at = bytes.indexOf(mark, from); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    if (readFrame(bytes, at, salt) !== null) return true
  }
  return false
}
