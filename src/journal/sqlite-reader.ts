import { DatabaseSync } from 'node:sqlite'
import type { JournalRecord } from '../model/record.ts'
import { checksum, decodeBatch } from './codec.ts'
import { CountSums } from './message-counts.ts'
import type { JournalCounts, JournalReader, MessageCount } from './port.ts'
import { UNCOUNTED } from './sqlite-schema.ts'

/** Opens the reading end of a SQLite journal; the file must exist. */
export function openSqliteJournalReader(file: string): JournalReader {
  return new SqliteJournalReader(new DatabaseSync(file, { readOnly: true }))
}

interface BatchRow {
  readonly first_seq: number
  readonly crc: number
  readonly bytes: Uint8Array
}

interface CountsRow {
  readonly counts: string
}

class SqliteJournalReader implements JournalReader {
  readonly #db: DatabaseSync
  readonly #after
  readonly #received
  readonly #uncounted
  readonly #backlog

  constructor(db: DatabaseSync) {
    db.exec('PRAGMA busy_timeout = 5000')
    this.#db = db
    this.#after = db.prepare(
      'SELECT first_seq, crc, bytes FROM batches WHERE first_seq > ? ORDER BY first_seq',
    )
    this.#received = db.prepare('SELECT day, kind, messages FROM received')
    this.#uncounted = db.prepare(UNCOUNTED)
    this.#backlog = db.prepare('SELECT counts FROM batches WHERE first_seq > ?')
  }

  read(after: number, maxBytes: number): JournalRecord[] {
    const records: JournalRecord[] = []
    let bytes = 0
    for (const row of this.#after.iterate(after) as Iterable<unknown>) {
      const batch = row as BatchRow
      if (checksum(batch.bytes) !== batch.crc) {
        throw new Error(`journal commit ${batch.first_seq} is damaged: its checksum does not match`)
      }
      for (const record of decodeBatch(batch.bytes, batch.first_seq)) records.push(record)
      bytes += batch.bytes.length
      if (bytes >= maxBytes) break
    }
    return records
  }

  counts(after: number): JournalCounts {
    const received = new CountSums()
    const backlog = new CountSums()
    this.#db.exec('BEGIN')
    try {
      received.add(this.#received.all() as unknown as MessageCount[])
      for (const row of this.#uncounted.iterate() as Iterable<unknown>) {
        received.add(JSON.parse((row as CountsRow).counts) as MessageCount[])
      }
      for (const row of this.#backlog.iterate(after) as Iterable<unknown>) {
        backlog.add(JSON.parse((row as CountsRow).counts) as MessageCount[])
      }
      return { received: received.list(), backlog: backlog.list() }
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  close(): void {
    this.#db.close()
  }
}
