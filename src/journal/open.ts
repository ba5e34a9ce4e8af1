import { join } from 'node:path'
import type { Journal, JournalReader } from './port.ts'
import { openSqliteJournal } from './sqlite.ts'
import { openSqliteJournalReader } from './sqlite-reader.ts'

/** Chooses the journal's adapter: today the embedded one. */
export function openJournal(dataDir: string): Promise<Journal> {
  return openSqliteJournal(join(dataDir, 'journal.db'))
}

export function openJournalReader(dataDir: string): JournalReader {
  return openSqliteJournalReader(join(dataDir, 'journal.db'))
}
