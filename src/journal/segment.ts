import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { FRAME_HEAD, type Frame, frameLength, readFrame, readFrames } from './frame.ts'

/**
 * A segment: a file of the journal, numbered from 1. It has its whole size before the first commit
 * is written into it, since to overwrite costs a disk much less than to make a file longer. One
 * that was let go waits as a spare to be used again under a later number.
 *
 *   u32 mark | u32 version | u32 salt | u32 checksum | frames
 */

/** Size of a segment, and what a position counts for each. Unsourced default. */
export const SEGMENT_BYTES = 4 * 1024 * 1024
export const SEGMENT_HEAD = 16
const MARK = 0x4a57_4243
const VERSION = 1
const NAME = /^(\d{10})\.log$/
const SPARE = /^spare-\d{10}$/
/** Spare segments that are kept. Unsourced default. */
const SPARES = 8

/** Where something is in the journal: numbers that grow with it, in bytes. */
export const positionOf = (ordinal: number, offset: number) => ordinal * SEGMENT_BYTES + offset

export const segmentPath = (folder: string, ordinal: number) =>
  join(folder, `${String(ordinal).padStart(10, '0')}.log`)

/** The numbers of a folder's segments, in order. */
export function listSegments(folder: string): number[] {
  const numbers = readdirSync(folder).map((name) => Number(NAME.exec(name)?.[1] ?? 0))
  return numbers.filter((ordinal) => ordinal > 0).sort((a, b) => a - b)
}

/**
 * Makes an empty segment, from a spare where there is one: when the promise resolves it is on disk
 * under its name, `size` bytes long.
 */
export async function prepareSegment(folder: string, ordinal: number, size: number) {
  const spare = readdirSync(folder).find((name) => SPARE.test(name))
  const path = join(folder, spare ?? 'new')
  const salt = randomBytes(4).readUInt32LE()
  const file = await open(path, spare === undefined ? 'w' : 'r+')
  try {
    if (spare === undefined) await fill(file, size)
    await file.write(segmentHead(salt), 0, SEGMENT_HEAD, 0)
    await file.datasync()
  } catch (error) {
    if (spare === undefined) await unlink(path).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
  await rename(path, segmentPath(folder, ordinal))
  await syncFolder(folder)
  return salt
}

/** Takes a segment's records away for good; the file may be used again. */
export async function letGoOfSegment(folder: string, ordinal: number): Promise<void> {
  const path = segmentPath(folder, ordinal)
  const spares = readdirSync(folder).filter((name) => SPARE.test(name)).length
  if (spares >= SPARES) await unlink(path)
  else await rename(path, join(folder, `spare-${String(ordinal).padStart(10, '0')}`))
}

export function segmentHead(salt: number): Buffer {
  const head = Buffer.alloc(SEGMENT_HEAD)
  head.writeUInt32LE(MARK, 0)
  head.writeUInt32LE(VERSION, 4)
  head.writeUInt32LE(salt, 8)
  head.writeUInt32LE(crc32(head.subarray(0, 12)), 12)
  return head
}

/** Makes names in a folder last through a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Opens a file so that to read it changes nothing on disk. Else the system notes when it was read
 * last, and the next commit waits for that note to be written as well (docs/adr/0024). Only the
 * file's owner may ask for it, open(2).
 */
function openToRead(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NOATIME ?? 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
    return openSync(path, constants.O_RDONLY)
  }
}

/** An open segment, to be read. */
export class SegmentFile {
  readonly salt: number
  readonly size: number
  readonly #fd: number

  private constructor(fd: number, salt: number, size: number) {
    this.#fd = fd
    this.salt = salt
    this.size = size
  }

  /** Null: there is no such segment. */
  static open(folder: string, ordinal: number): SegmentFile | null {
    let fd: number
    try {
      fd = openToRead(segmentPath(folder, ordinal))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
    const head = Buffer.alloc(SEGMENT_HEAD)
    readSync(fd, head, 0, SEGMENT_HEAD, 0)
    const whole =
      head.readUInt32LE(0) === MARK && head.readUInt32LE(12) === crc32(head.subarray(0, 12))
    if (whole && head.readUInt32LE(4) === VERSION) {
      return new SegmentFile(fd, head.readUInt32LE(8), fstatSync(fd).size)
    }
    closeSync(fd)
    // A segment gets its name when its head is on disk.
    if (!whole) damaged(ordinal, 0)
    throw new Error(`journal segment ${ordinal} was written by a later version of curbwatch`)
  }

  /** So many bytes from `offset`, or those that there are. */
  bytes(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - offset))
    const buffer = Buffer.allocUnsafeSlow(wanted)
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, wanted, offset))
  }

  /** The frame at the place; null: none is there. */
  frame(offset: number): Frame | null {
    const length = frameLength(this.bytes(offset, FRAME_HEAD), 0)
    return length === null ? null : readFrame(this.bytes(offset, length), 0, this.salt)
  }

  /** All of it, and the frames in it from its beginning. */
  whole(): { bytes: Buffer; frames: Frame[]; end: number } {
    const bytes = this.bytes(0, this.size)
    const frames = readFrames(bytes, SEGMENT_HEAD, this.salt)
    return { bytes, frames, end: frames.at(-1)?.end ?? SEGMENT_HEAD }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

async function fill(file: FileHandle, size: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(256 * 1024, size))
  for (let at = 0; at < size; ) {
    at += (await file.write(zeros, 0, Math.min(zeros.length, size - at), at)).bytesWritten
  }
}

/** What was acknowledged cannot be read. */
export function damaged(ordinal: number, offset: number): never {
  throw new Error(
    `journal segment ${ordinal} is damaged at byte ${offset}: its checksum does not match, or records are missing. Restore journal and state from one backup`,
  )
}
