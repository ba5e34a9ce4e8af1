import {
  mkdirSync,
  type NoParamCallback,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  write,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAME_HEAD, FrameEncoder } from '../../src/journal/frame.ts'
import { openJournal, openJournalReader } from '../../src/journal/open.ts'
import type { Journal } from '../../src/journal/port.ts'
import { prepareSegment } from '../../src/journal/segment.ts'
import type { NewRecord } from '../../src/model/record.ts'
import { eventually } from '../support/eventually.ts'
import { freshFolder } from '../support/places.ts'
import { type JournalPlace, journalContract } from './journal.ts'

/** Segments, at a size of their own and so small that few commits fill one. */
const SMALL = 600

/** A clock by which every commit took so many milliseconds. */
function clock(step: number): () => number {
  let now = 0
  return () => (now += step)
}

const FAST = 0
const SLOW = 100

const segments =
  (commitMs: number, segmentBytes?: number): (() => JournalPlace) =>
  () => {
    const folder = freshFolder()
    let broken = false
    // As a full disk under a file system that does not overwrite in place.
    const full = () => Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const disk = {
      write: ((...args: Parameters<typeof write>) => {
        if (!broken) return write(...args)
        const done = args.at(-1) as unknown as NoParamCallback
        setImmediate(() => done(full()))
      }) as typeof write,
      writeSync: ((...args: Parameters<typeof writeSync>) => {
        if (broken) throw full()
        return writeSync(...args)
      }) as typeof writeSync,
      now: clock(commitMs),
      worked: () => 0,
    }
    let end: SharedArrayBuffer | undefined
    return {
      async open() {
        const sizes = segmentBytes === undefined ? {} : { segmentBytes }
        const journal = await openJournal(folder, { ...sizes, disk })
        end = journal.end
        return journal
      },
      reader: () => openJournalReader(folder, end),
      breakWrites() {
        broken = true
        return () => {
          broken = false
        }
      },
    }
  }

journalContract('segments on a fast disk', segments(FAST))
journalContract('segments on a slow disk', segments(SLOW))
journalContract('small segments on a fast disk', segments(FAST, SMALL))
journalContract('small segments on a slow disk', segments(SLOW, SMALL))

describe('a journal of an earlier version, in a SQLite file', () => {
  /** Three commits that are left of four, as such a version wrote them. */
  function writeFormer(folder: string, mark: number | null): void {
    const db = new DatabaseSync(join(folder, 'journal.db'))
    db.exec(`
      CREATE TABLE batches (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL,
        crc INTEGER NOT NULL, counts TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
      CREATE TABLE received (day TEXT NOT NULL, kind TEXT NOT NULL, messages INTEGER NOT NULL,
        PRIMARY KEY (day, kind)) STRICT, WITHOUT ROWID;
      INSERT INTO received VALUES ('2026-11-21', 'probe', 2),
        ('2026-11-22', 'probe', ${(mark ?? 10) - 2});`)
    if (mark !== null) {
      db.exec(`CREATE TABLE counted (up_to INTEGER NOT NULL) STRICT;
        INSERT INTO counted VALUES (${mark})`)
    }
    const insert = db.prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?)')
    for (let first = 5; first <= 9; first += 2) {
      const encoder = new FrameEncoder()
      for (const i of [first, first + 1]) encoder.add(record(i))
      const frame = encoder.seal(0, 1, { own: [], before: [] })
      const bytes = frame.subarray(FRAME_HEAD, FRAME_HEAD + encoder.bytes)
      const counts = JSON.stringify([{ day: '2026-11-22', kind: 'probe', messages: 2 }])
      insert.run(first, first + 1, crc32(bytes), counts, bytes)
    }
    db.close()
  }

  test.each([
    ['with sums up to a commit', 6],
    ['with sums of everything', null],
  ])('%s: records keep their numbers, and the counts are right', async (_, mark) => {
    const folder = freshFolder()
    writeFormer(folder, mark)
    const journal = await openJournal(folder)
    expect([journal.lastSeq, journal.openedAt]).toEqual([10, record(10).receivedAt])
    await append(journal, 11)
    const reader = openJournalReader(folder, journal.end)
    expect(reader.read(0, 1e6).map(({ seq }) => seq)).toEqual(range(5, 11))
    const { received, backlog } = reader.counts(6)
    expect(received).toEqual([
      { day: '2026-11-21', kind: 'probe', messages: 2 },
      { day: '2026-11-22', kind: 'probe', messages: 9 },
    ])
    expect(sum(backlog)).toBe(5)
    reader.close()
    await journal.close()
    expect(readdirSync(folder)).toEqual(['journal'])
  })

  test('a commit of it that is damaged is told, and the file stays', async () => {
    const folder = freshFolder()
    writeFormer(folder, 6)
    const db = new DatabaseSync(join(folder, 'journal.db'))
    db.exec('UPDATE batches SET crc = crc + 1 WHERE first_seq = 7')
    db.close()
    await expect(openJournal(folder)).rejects.toThrow('commit 7 is damaged')
    expect(readdirSync(folder)).toContain('journal.db')
    expect(readdirSync(folder)).not.toContain('journal')
  })

  test('a take-over that was cut off begins anew, one that was finished does not', async () => {
    const folder = freshFolder()
    writeFormer(folder, 6)
    mkdirSync(join(folder, 'journal.new'))
    writeFileSync(join(folder, 'journal.new', 'received.json'), 'half')
    await (await openJournal(folder)).close()
    // The file was not yet taken away.
    writeFormer(folder, 6)
    const journal = await openJournal(folder)
    expect(journal.lastSeq).toBe(10)
    expect(readdirSync(folder)).toEqual(['journal'])
    await journal.close()
  })
})

describe('segments on disk', () => {
  test('what is let go is used again, and never read as something new', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: SMALL })
    for (let i = 1; i <= 400; i++) {
      await append(journal, i)
      if (i % 20 === 0) journal.trim(i - 10)
    }
    await eventually(() => filesOf(folder).length < 20)
    const reader = openJournalReader(folder, journal.end)
    expect(reader.read(390, 1e9).map(({ seq }) => seq)).toEqual(range(391, 400))
    expect(sum(reader.counts(390).received)).toBe(400)
    expect(sum(reader.counts(390).backlog)).toBe(10)
    await journal.close()
    reader.close()
  })

  test('bytes in use follow what is trimmed, also within a segment', async () => {
    const journal = await openJournal(freshFolder())
    const large = new Uint8Array(100_000)
    for (let i = 1; i <= 10; i++) await append(journal, i, large)
    expect(journal.storedBytes).toBeGreaterThan(1_000_000)
    journal.trim(5)
    expect(journal.storedBytes).toBeLessThan(600_000)
    journal.trim(10)
    expect(journal.storedBytes).toBe(0)
    await journal.close()
  })

  test('a large record takes room of its own, one larger than a segment is refused', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: 4_000 })
    await append(journal, 1, new Uint8Array(3_000))
    await append(journal, 2, new Uint8Array(3_000))
    // Twice: a segment without a commit between two others would look like damage.
    for (const size of [4_000, 4_000]) {
      const large = append(journal, 3, new Uint8Array(size))
      await expect(large).rejects.toThrow('larger than a segment')
    }
    await append(journal, 3, new Uint8Array(10))
    const reader = openJournalReader(folder, journal.end)
    expect(reader.read(0, 1).map(({ seq }) => seq)).toEqual([1])
    expect(reader.read(1, 1e6).map(({ payload }) => payload.length)).toEqual([3_000, 10])
    await journal.close()
  })

  test('however a power cut left the last write: what was acknowledged before is there', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: 4_000 })
    for (let i = 1; i <= 5; i++) await append(journal, i)
    await journal.close()
    const file = lastFile(folder)
    const whole = readFileSync(file)
    const start = whole.lastIndexOf('CWF\n')
    const end = whole.findLastIndex((byte) => byte !== 0) + 1
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: end - start, maxLength: end - start }),
        fc.integer({ min: 0, max: end - start - 1 }),
        async (noise, kept) => {
          // Some of it got there, some of it is what was there before.
          const torn = Buffer.from(whole)
          torn.set(noise.subarray(kept), start + kept)
          if (torn.equals(whole)) return
          writeFileSync(file, torn)
          const again = await openJournal(folder, { segmentBytes: 4_000 })
          expect(again.lastSeq).toBe(4)
          await append(again, 5)
          const reader = openJournalReader(folder, again.end)
          expect(reader.read(0, 1e6).map(({ seq }) => seq)).toEqual(range(1, 5))
          expect(sum(reader.counts(0).received)).toBe(5)
          reader.close()
          await again.close()
        },
      ),
      { numRuns: 50 },
    )
  })

  test('what was acknowledged and is damaged is told: at the start, and when it is read', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: SMALL })
    for (let i = 1; i <= 30; i++) await append(journal, i)
    const reader = openJournalReader(folder, journal.end)
    for (const name of filesOf(folder)) {
      const file = join(folder, 'journal', name)
      const whole = readFileSync(file)
      const damaged = Buffer.from(whole)
      // The first record's payload: a commit with others after it.
      damaged[damaged.indexOf('telemetry') + 9] = 0xff
      writeFileSync(file, damaged)
      expect(() => reader.read(0, 1e6)).toThrow('damaged')
      writeFileSync(file, whole)
    }
    expect(reader.read(0, 1e6)).toHaveLength(30)
    reader.close()
    await journal.close()
    for (const file of [lastFile(folder), join(folder, 'journal', filesOf(folder)[0] as string)]) {
      const whole = readFileSync(file)
      writeFileSync(file, Buffer.from(whole).fill(0, 0, 16))
      await expect(openJournal(folder)).rejects.toThrow('damaged')
      writeFileSync(file, whole)
    }
  })

  test('a damaged commit is no torn one where others follow it', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder)
    for (let i = 1; i <= 3; i++) await append(journal, i)
    await journal.close()
    const file = lastFile(folder)
    const whole = readFileSync(file)
    for (const start of [whole.indexOf('CWF\n'), whole.indexOf('CWF\n', 60)]) {
      writeFileSync(file, Buffer.from(whole).fill(0, start + 40, start + 50))
      await expect(openJournal(folder)).rejects.toThrow('damaged')
    }
  })

  test('a segment that is missing is told', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: SMALL })
    for (let i = 1; i <= 30; i++) await append(journal, i)
    rmSync(join(folder, 'journal', filesOf(folder)[1] as string))
    expect(() => openJournalReader(folder, journal.end).read(0, 1e6)).toThrow('damaged')
    await journal.close()
  })

  test('a payload that looks like a commit is not taken for one', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: 4_000 })
    await append(journal, 1)
    const file = lastFile(folder)
    const start = readFileSync(file).indexOf('CWF\n')
    const end = readFileSync(file).findLastIndex((byte) => byte !== 0) + 1
    await journal.close()
    // The same commit, in another journal, as a payload at the very end.
    const other = freshFolder()
    const second = await openJournal(other, { segmentBytes: 4_000 })
    await append(second, 1)
    await append(second, 2, readFileSync(file).subarray(start, end))
    await second.close()
    const torn = readFileSync(lastFile(other))
    const outer = torn.indexOf('CWF\n', 60)
    torn.writeUInt8(torn.readUInt8(outer + 5) ^ 1, outer + 5)
    writeFileSync(lastFile(other), torn)
    const again = await openJournal(other, { segmentBytes: 4_000 })
    expect(again.lastSeq).toBe(1)
    await again.close()
  })

  test('a start in every segment does not make the totals in them longer', async () => {
    const folder = freshFolder()
    for (let day = 0; day < 60; day++) {
      const journal = await openJournal(folder, { segmentBytes: SMALL })
      for (let i = 0; i < 4; i++) await append(journal, day * 86_400_000 + i)
      journal.trim(journal.lastSeq)
      await journal.close()
    }
    const journal = await openJournal(folder, { segmentBytes: SMALL })
    const reader = openJournalReader(folder, journal.end)
    expect(sum(reader.counts(0).received)).toBe(240)
    expect(reader.counts(0).received).toHaveLength(60)
    expect(journal.storedBytes).toBeLessThan(3 * SMALL)
    reader.close()
    await journal.close()
  })

  test('to read it writes nothing to disk, not even when it was read', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder)
    await append(journal, 1)
    const segment = lastFile(folder)
    utimesSync(segment, new Date(0), new Date(0))
    const reader = openJournalReader(folder, journal.end)
    expect(reader.read(0, 1e6)).toHaveLength(1)
    expect(sum(reader.counts(0).received)).toBe(1)
    expect(statSync(segment).atimeMs).toBe(0)
    reader.close()
    await journal.close()
  })

  test('a preparation that was cut off is done again', async () => {
    const folder = freshFolder()
    const journal = await openJournal(folder, { segmentBytes: SMALL })
    for (let i = 1; i <= 30; i++) await append(journal, i)
    await journal.close()
    const place = join(folder, 'journal')
    writeFileSync(join(place, 'new'), 'half')
    writeFileSync(join(place, 'received.json.new'), '{"through"')
    const next = filesOf(folder).length + 1
    await prepareSegment(place, next, SMALL)
    const again = await openJournal(folder, { segmentBytes: SMALL })
    await append(again, 31)
    expect(openJournalReader(folder, again.end).read(0, 1e6)).toHaveLength(31)
    await again.close()
  })
})

function record(after: number, payload: Uint8Array = new Uint8Array(8)): NewRecord {
  const topic = 'v1/probe/dev-1/telemetry'
  return { type: 'telemetry', receivedAt: Date.parse('2026-11-22') + after, topic, payload }
}

function append(
  journal: Journal,
  after: number,
  payload: Uint8Array = new Uint8Array(8),
): Promise<void> {
  return new Promise((resolve, reject) => {
    journal.append(record(after, payload), (error) => (error === null ? resolve() : reject(error)))
  })
}

function filesOf(folder: string): string[] {
  const names = readdirSync(join(folder, 'journal'))
  return names.filter((name) => name.endsWith('.log')).sort()
}

function lastFile(folder: string): string {
  return join(folder, 'journal', filesOf(folder).at(-1) as string)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

function sum(lines: readonly { messages: number }[]): number {
  return lines.reduce((total, { messages }) => total + messages, 0)
}
