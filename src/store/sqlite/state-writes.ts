import type { DatabaseSync } from 'node:sqlite'
import type { Case, CaseEvent } from '../../cases/case.ts'
import { ByteWriter } from '../../model/bytes.ts'
import type { DeviceCommand } from '../../model/command.ts'
import type { AlertDelivery } from '../../model/delivery.ts'
import type { Device } from '../../model/device.ts'
import type { LedgerCounts } from '../../model/ledger.ts'
import type { QuarantinedMessage } from '../../model/quarantine.ts'
import type { StoredRule } from '../../model/rule.ts'
import { packSeen, type SealedChunk } from '../../model/seen.ts'
import type { Verdicts } from '../../model/verdicts.ts'
import type { AlertRow, DeviceLive } from '../state-port.ts'

/** The statements of a commit, prepared once. Each function writes one thing; none commits. */
export function prepareWrites(db: DatabaseSync) {
  return { ...deviceWrites(db), ...ruleWrites(db), ...caseWrites(db), ...bookWrites(db) }
}

function deviceWrites(db: DatabaseSync) {
  const device = db.prepare(
    `INSERT INTO devices (id, kind, name, grid_code, enabled, secret_hash, body)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name,
       grid_code = excluded.grid_code, enabled = excluded.enabled,
       secret_hash = excluded.secret_hash, body = excluded.body`,
  )
  const removals = [
    'devices WHERE id',
    'device_states WHERE device_id',
    'alerts WHERE device_id',
    'seen WHERE device_id',
  ].map((where) => db.prepare(`DELETE FROM ${where} = ?`))
  const live = db.prepare(
    `INSERT INTO device_states (device_id, online, last_seen_at, latest, state, taken_up_to)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (device_id) DO UPDATE SET online = excluded.online,
       last_seen_at = excluded.last_seen_at, latest = excluded.latest, state = excluded.state,
       taken_up_to = excluded.taken_up_to`,
  )
  const clearAlerts = db.prepare('DELETE FROM alerts WHERE device_id = ?')
  const alert = db.prepare(
    'INSERT INTO alerts (device_id, rule_id, kind, state, body) VALUES (?, ?, ?, ?, ?)',
  )
  const writeAlert = (row: AlertRow) =>
    alert.run(row.deviceId, row.ruleId, row.kind, row.state, JSON.stringify(row))
  return {
    device(it: Device): void {
      const body = JSON.stringify(it)
      device.run(it.id, it.kind, it.name, it.gridCode, it.enabled ? 1 : 0, it.secretHash, body)
    },
    deleteDevice(id: string): void {
      for (const removal of removals) removal.run(id)
    },
    live(it: DeviceLive, cursor: number): void {
      const latest = it.latest === null ? null : JSON.stringify(it.latest)
      live.run(it.deviceId, it.online ? 1 : 0, it.lastSeenAt, latest, it.state, cursor)
      clearAlerts.run(it.deviceId)
      for (const row of it.alerts) writeAlert(row)
    },
  }
}

function ruleWrites(db: DatabaseSync) {
  const rule = db.prepare(
    `INSERT INTO rules (id, deleted, body) VALUES (?, 0, ?)
     ON CONFLICT (id) DO UPDATE SET deleted = 0, body = excluded.body`,
  )
  // The mark stays: a catalogue rule that a city deleted must not come back with the next start.
  const deleteRule = db.prepare('UPDATE rules SET deleted = 1 WHERE id = ?')
  return {
    rule(it: StoredRule): void {
      rule.run(it.id, JSON.stringify(it))
    },
    deleteRule(id: string): void {
      deleteRule.run(id)
    },
  }
}

function caseWrites(db: DatabaseSync) {
  const one = db.prepare(
    `INSERT INTO cases (id, opened_at, status, severity, kind, device_id, rule_id, grid_code,
       unit_id, due_at, closed_at, suspended_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, severity = excluded.severity,
       unit_id = excluded.unit_id, due_at = excluded.due_at, closed_at = excluded.closed_at,
       suspended_at = excluded.suspended_at, body = excluded.body`,
  )
  const event = db.prepare(
    `INSERT INTO case_events (case_id, n, body)
     SELECT ?1, coalesce(max(n), 0) + 1, ?2 FROM case_events WHERE case_id = ?1`,
  )
  return {
    case(it: Case): void {
      one.run(
        it.id,
        it.openedAt,
        it.status,
        it.severity,
        it.kind,
        it.deviceId,
        it.ruleId,
        it.gridCode,
        it.unitId,
        it.dueAt,
        it.closedAt,
        it.suspendedAt,
        JSON.stringify(it),
      )
    },
    caseEvent(caseId: string, it: CaseEvent): void {
      event.run(caseId, JSON.stringify(it))
    },
  }
}

function bookWrites(db: DatabaseSync) {
  const meta = db.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  )
  const quarantine = db.prepare(
    `INSERT INTO quarantine (id, received_at, topic, kind, device_id, code, field, rejections, payload)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET code = excluded.code, field = excluded.field,
       rejections = excluded.rejections`,
  )
  const release = db.prepare('DELETE FROM quarantine WHERE id = ?')
  const chunk = db.prepare(
    "INSERT INTO seen (device_id, from_at, to_at, rows, packed) VALUES (?, ?, ?, '', ?)",
  )
  const packer = new ByteWriter()
  const command = db.prepare(
    `INSERT INTO commands (id, state, body) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body`,
  )
  const delivery = db.prepare(
    `INSERT INTO alert_deliveries (id, received_at, case_id, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  )
  const ledger = db.prepare(
    `INSERT INTO ledger (day, kind, expanded, accepted, quarantined, duplicate, shed)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (day, kind) DO UPDATE SET expanded = expanded + excluded.expanded,
       accepted = accepted + excluded.accepted, quarantined = quarantined + excluded.quarantined,
       duplicate = duplicate + excluded.duplicate, shed = shed + excluded.shed`,
  )
  const verdicts = db.prepare('INSERT INTO verdicts (last_seq, body) VALUES (?, ?)')
  return {
    meta(key: string, value: unknown): void {
      meta.run(key, JSON.stringify(value))
    },
    quarantined(it: QuarantinedMessage): void {
      const rejections = JSON.stringify(it.rejections)
      const { id, receivedAt, topic, kind, deviceId, code, field, payload } = it
      quarantine.run(id, receivedAt, topic, kind, deviceId, code, field, rejections, payload)
    },
    release(id: string): void {
      release.run(id)
    },
    chunk(deviceId: string, it: SealedChunk): void {
      packSeen(it.rows, packer)
      chunk.run(deviceId, it.from, it.to, packer.take())
    },
    command(it: DeviceCommand): void {
      command.run(it.id, it.state, JSON.stringify(it))
    },
    delivery(it: AlertDelivery): void {
      delivery.run(it.id, it.receivedAt, it.caseId, JSON.stringify(it))
    },
    ledger(it: LedgerCounts): void {
      ledger.run(it.day, it.kind, it.expanded, it.accepted, it.quarantined, it.duplicate, it.shed)
    },
    verdicts(it: Verdicts): void {
      verdicts.run(it.lastSeq, JSON.stringify(it))
    },
  }
}
