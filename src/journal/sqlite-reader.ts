import { DatabaseSync } from 'node:sqlite'
import type { JournalRecord } from '../model/record.ts'
import { checksum, decodeBatch } from './codec.ts'
import type { JournalCounts, JournalReader, MessageCount } from './port.ts'

/** Opens the reading end of a SQLite journal; the file must exist. */
export function openSqliteJournalReader(file: string): JournalReader {
  return new SqliteJournalReader(new DatabaseSync(file, { readOnly: true }))
}

interface BatchRow {
  readonly first_seq: number
  readonly crc: number
  readonly bytes: Uint8Array
}

class SqliteJournalReader implements JournalReader {
  readonly #db: DatabaseSync
  readonly #after
  readonly #received
  readonly #backlog

  constructor(db: DatabaseSync) {
    db.exec('PRAGMA busy_timeout = 5000')
    this.#db = db
    this.#after = db.prepare(
      'SELECT first_seq, crc, bytes FROM batches WHERE first_seq > ? ORDER BY first_seq',
    )
    this.#received = db.prepare('SELECT day, kind, messages FROM received')
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
    this.#db.exec('BEGIN')
    try {
      const received = this.#received.all() as unknown as MessageCount[]
      const backlog = new Map<string, { day: string; kind: string; messages: number }>()
      for (const row of this.#backlog.iterate(after) as Iterable<unknown>) {
        for (const line of JSON.parse((row as { counts: string }).counts) as MessageCount[]) {
          const key = `${line.day}\n${line.kind}`
          const sum = backlog.get(key) ?? { day: line.day, kind: line.kind, messages: 0 }
          sum.messages += line.messages
          backlog.set(key, sum)
        }
      }
      return { received, backlog: [...backlog.values()] }
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  close(): void {
    this.#db.close()
  }
}
