import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copySegments } from './copy.ts'
import { takeOverFormer } from './former-journal.ts'
import type { Journal, JournalReader } from './port.ts'
import { openSegments, type SegmentOptions } from './segments.ts'
import { openSegmentsReader } from './segments-reader.ts'

/** The journal's folder in a data directory, and the file of earlier versions. */
const FOLDER = 'journal'
const FORMER = 'journal.db'

/** Chooses the journal's adapter: today the embedded one. */
export async function openJournal(dataDir: string, options?: SegmentOptions): Promise<Journal> {
  const folder = join(dataDir, FOLDER)
  const former = join(dataDir, FORMER)
  if (existsSync(former)) {
    if (!existsSync(folder)) await takeOverFormer(former, folder)
    for (const rest of ['', '-wal', '-shm']) rmSync(`${former}${rest}`, { force: true })
  }
  return openSegments(folder, options)
}

/** `end` is the journal's; without it, whatever is whole is read. */
export function openJournalReader(dataDir: string, end?: SharedArrayBuffer): JournalReader {
  return openSegmentsReader(join(dataDir, FOLDER), end)
}

/** Copies the journal of one data directory into another, also while it is written. */
export async function copyJournal(from: string, to: string): Promise<string> {
  const folder = join(to, FOLDER)
  await copySegments(join(from, FOLDER), folder)
  return folder
}
