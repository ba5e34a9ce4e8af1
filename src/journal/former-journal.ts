import { rmSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { JournalRecord } from '../model/record.ts'
import { writeBase } from './base.ts'
import { decodeRecords } from './frame.ts'
import { Totals } from './message-counts.ts'
import type { Journal, MessageCount } from './port.ts'
import { syncFolder } from './segment.ts'
import { openSegments } from './segments.ts'

interface Batch {
  readonly first_seq: number
  readonly crc: number
  readonly counts: string
  readonly bytes: Uint8Array
}

/**
 * Takes over the journal of a version that kept it in a SQLite file: its records under their
 * numbers, and what it counted. The folder is there whole, or the file still is.
 */
export async function takeOverFormer(file: string, folder: string): Promise<void> {
  const unfinished = `${folder}.new`
  rmSync(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  const db = new DatabaseSync(file)
  const batches = () =>
    db.prepare('SELECT * FROM batches ORDER BY first_seq').iterate() as Iterable<unknown>
  const counts = (batch: unknown) => JSON.parse((batch as Batch).counts) as MessageCount[]
  const held = new Totals()
  for (const batch of batches()) held.set(held.with(counts(batch)))
  const all = new Totals()
  all.set(db.prepare('SELECT * FROM received').all() as unknown as MessageCount[])
  // Commits beyond the mark are not in the sums; before there was a mark, all were.
  const marked = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'counted'").get()
  if (marked !== undefined) {
    const upTo = db.prepare('SELECT up_to FROM counted').get()?.['up_to'] as number
    for (const batch of batches()) {
      if ((batch as Batch).first_seq > upTo) all.set(all.with(counts(batch)))
    }
  }
  const first = db.prepare('SELECT min(first_seq) AS first FROM batches').get()?.['first'] as
    | number
    | null
  const lastSeq = (first ?? 1) - 1
  await writeBase(unfinished, { through: 0, lastSeq, totals: all.since(held) })
  const journal = await openSegments(unfinished)
  for (const batch of batches()) {
    const { first_seq: firstSeq, crc, bytes } = batch as Batch
    if (crc32(bytes) !== crc) {
      throw new Error(`${file}: commit ${firstSeq} is damaged: its checksum does not match`)
    }
    const records = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    await appendAll(journal, decodeRecords({ firstSeq, records }))
  }
  await journal.close()
  db.close()
  await rename(unfinished, folder)
  await syncFolder(dirname(folder))
}

function appendAll(journal: Journal, records: readonly JournalRecord[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = records.length
    for (const record of records) {
      journal.append(record, (error) => {
        if (error !== null) reject(error)
        else if (--left === 0) resolve()
      })
    }
  })
}
