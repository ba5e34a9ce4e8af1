import type { DatabaseSync } from 'node:sqlite'
import { ByteReader } from '../../model/bytes.ts'
import type { DeviceCommand } from '../../model/command.ts'
import type { Device } from '../../model/device.ts'
import type { LedgerCounts, ReadingCount } from '../../model/ledger.ts'
import type { QuarantinedMessage } from '../../model/quarantine.ts'
import type { StoredRule } from '../../model/rule.ts'
import { type SealedChunk, unpackSeen } from '../../model/seen.ts'
import type { Instant } from '../../model/time.ts'
import type { Verdicts } from '../../model/verdicts.ts'
import type {
  Progress,
  PruneLimits,
  StateChange,
  StateSnapshot,
  StateStore,
  StoredDevice,
} from '../state-port.ts'
import { caseFromBody, type QuarantineRow, quarantinedFromRow } from './rows.ts'
import { openStateDatabase } from './state-schema.ts'
import { prepareWrites } from './state-writes.ts'
import { transaction } from './transaction.ts'

/** Opens the state of one machine: a SQLite file, one writer, readers beside it. */
export function openSqliteStateStore(
  file: string,
  prunedVerdicts: number = PRUNED_VERDICTS,
): StateStore {
  return new SqliteStateStore(openStateDatabase(file), prunedVerdicts)
}

/** Decisions that are let go of in one step: some milliseconds. */
const PRUNED_VERDICTS = 5_000

const START: Progress = { now: 0, silenceFloor: 0, lastNumber: { day: '', seq: 0 } }

class SqliteStateStore implements StateStore {
  readonly #db: DatabaseSync
  readonly #prunedVerdicts: number
  readonly #write

  constructor(db: DatabaseSync, prunedVerdicts: number) {
    this.#db = db
    this.#prunedVerdicts = prunedVerdicts
    this.#write = prepareWrites(db)
  }

  async load(): Promise<StateSnapshot> {
    const rules = this.#all<{ id: string; deleted: number; body: string }>('SELECT * FROM rules')
    const cursor = this.#meta<number>('cursor') ?? 0
    return {
      cursor,
      statesUpTo: this.#meta<number>('statesUpTo') ?? cursor,
      progress: this.#meta<Progress>('progress') ?? START,
      rules: rules
        .filter((row) => row.deleted === 0)
        .map((row) => JSON.parse(row.body) as StoredRule),
      deletedRules: rules.filter((row) => row.deleted === 1).map((row) => row.id),
      devices: this.#all<{ body: string; state: Uint8Array | null; taken: number | null }>(
        `SELECT body, state, taken_up_to AS taken
         FROM devices LEFT JOIN device_states ON device_id = id`,
      ).map(
        ({ body, state, taken }): StoredDevice => ({
          device: JSON.parse(body) as Device,
          state,
          takenUpTo: taken ?? 0,
        }),
      ),
      openCases: this.#all<{ body: string }>(
        "SELECT body FROM cases WHERE status NOT IN ('closed', 'cancelled')",
      ).map((row) => caseFromBody(row.body)),
      pendingCommands: this.#all<{ body: string }>(
        "SELECT body FROM commands WHERE state = 'sent'",
      ).map((row) => JSON.parse(row.body) as DeviceCommand),
    }
  }

  async commit(change: StateChange): Promise<void> {
    transaction(this.#db, () => {
      const write = this.#write
      write.meta('cursor', change.cursor)
      write.meta('statesUpTo', change.statesUpTo)
      write.meta('progress', change.progress)
      for (const device of change.devices) write.device(device)
      for (const id of change.deletedDevices) write.deleteDevice(id)
      for (const rule of change.rules) write.rule(rule)
      for (const id of change.deletedRules) write.deleteRule(id)
      for (const live of change.live) write.live(live, change.cursor)
      for (const one of change.cases) write.case(one)
      for (const { caseId, event } of change.caseEvents) write.caseEvent(caseId, event)
      for (const message of change.quarantined) write.quarantined(message)
      for (const id of change.released) write.release(id)
      for (const { deviceId, chunk } of change.chunks) write.chunk(deviceId, chunk)
      for (const command of change.commands) write.command(command)
      for (const delivery of change.deliveries) write.delivery(delivery)
      for (const line of change.ledger) write.ledger(line)
      if (change.verdicts !== null) write.verdicts(change.verdicts)
    })
  }

  async seenChunks(deviceId: string, from: Instant, to: Instant): Promise<SealedChunk[]> {
    return this.#all<{ from_at: number; to_at: number; rows: string; packed: Uint8Array | null }>(
      `SELECT from_at, to_at, rows, packed FROM seen
       WHERE device_id = ? AND to_at >= ? AND from_at <= ?`,
      deviceId,
      from,
      to,
    ).map(({ from_at, to_at, rows, packed }) => ({
      from: from_at,
      to: to_at,
      rows: packed === null ? (JSON.parse(rows) as number[]) : unpackSeen(new ByteReader(packed)),
    }))
  }

  async quarantined(id: string): Promise<QuarantinedMessage | null> {
    const [row] = this.#all<QuarantineRow>('SELECT * FROM quarantine WHERE id = ?', id)
    return row === undefined ? null : quarantinedFromRow(row)
  }

  async delivered(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = this.#all<{ id: string }>(
      'SELECT id FROM alert_deliveries WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(ids),
    )
    return new Set(rows.map((row) => row.id))
  }

  async verdicts(afterSeq: number, limit: number): Promise<Verdicts[]> {
    return this.#all<{ body: string }>(
      'SELECT body FROM verdicts WHERE last_seq > ? ORDER BY last_seq LIMIT ?',
      afterSeq,
      limit,
    ).map((row) => JSON.parse(row.body) as Verdicts)
  }

  async unstored(afterSeq: number): Promise<ReadingCount[]> {
    // Added up by SQLite: after hours of an outage the rows would not fit into memory.
    return this.#all<ReadingCount & Record<string, unknown>>(
      `SELECT one.value ->> 'day' AS day, one.value ->> 'kind' AS kind,
         sum(one.value ->> 'readings') AS readings
       FROM verdicts, json_each(body, '$.accepted') AS one
       WHERE last_seq > ? GROUP BY 1, 2`,
      afterSeq,
    ).map(({ day, kind, readings }) => ({ day, kind, readings }))
  }

  async ledger(day: string): Promise<LedgerCounts[]> {
    return this.#all<LedgerCounts & Record<string, unknown>>(
      'SELECT * FROM ledger WHERE day = ?',
      day,
    )
  }

  async prune(limits: PruneLimits): Promise<boolean> {
    const verdicts = this.#db.prepare(
      `DELETE FROM verdicts WHERE last_seq IN
         (SELECT last_seq FROM verdicts WHERE last_seq <= ? ORDER BY last_seq LIMIT ?)`,
    )
    let gone = 0
    transaction(this.#db, () => {
      gone = Number(verdicts.run(limits.verdictsUpTo, this.#prunedVerdicts).changes)
      this.#db.prepare('DELETE FROM seen WHERE to_at < ?').run(limits.seenBefore)
      this.#db
        .prepare("DELETE FROM commands WHERE state <> 'sent' AND body ->> 'endedAt' < ?")
        .run(limits.seenBefore)
      this.#db.prepare('DELETE FROM quarantine WHERE received_at < ?').run(limits.quarantineBefore)
      this.#db
        .prepare('DELETE FROM alert_deliveries WHERE received_at < ?')
        .run(limits.deliveriesBefore)
    })
    return gone < this.#prunedVerdicts
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #all<Row>(sql: string, ...values: (string | number)[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[]
  }

  #meta<T>(key: string): T | null {
    const [row] = this.#all<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)
    return row === undefined ? null : (JSON.parse(row.value) as T)
  }
}
