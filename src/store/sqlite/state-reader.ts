import { DatabaseSync } from 'node:sqlite'
import type { Case, CaseEvent } from '../../cases/case.ts'
import type { DeviceCommand } from '../../model/command.ts'
import type { AlertDelivery } from '../../model/delivery.ts'
import type { Device } from '../../model/device.ts'
import type { QuarantinedMessage } from '../../model/quarantine.ts'
import type { StoredRule } from '../../model/rule.ts'
import type { Instant } from '../../model/time.ts'
import type { AlertRow, DeviceLive } from '../state-port.ts'
import type {
  AlertFilter,
  CaseFilter,
  CaseMoment,
  CaseMomentMark,
  Credential,
  DeliveryFilter,
  DeviceCount,
  DeviceFilter,
  DeviceView,
  Page,
  Paged,
  QuarantineFilter,
  StateReader,
} from '../state-reader-port.ts'
import { caseMoments, casesSince, deviceCounts } from './overview.ts'
import { AFTER, CURSORS, paged, readCursor, same, type Value, Where } from './query.ts'
import { caseFromBody, type QuarantineRow, quarantinedFromRow } from './rows.ts'

/** Opens the reading side of a SQLite state file; the file must exist. */
export function openSqliteStateReader(file: string): StateReader {
  const db = new DatabaseSync(file, { readOnly: true })
  db.exec('PRAGMA busy_timeout = 5000')
  return new SqliteStateReader(db)
}

class SqliteStateReader implements StateReader {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  async devices(filter: DeviceFilter, page: Page): Promise<Paged<DeviceView>> {
    const where = new Where()
    where.andIf(filter.kind, 'kind = ?', same)
    where.andIf(filter.gridCode, 'grid_code = ?', same)
    where.andIf(filter.online, 'coalesce(online, 0) = ?', Number)
    if (filter.q !== undefined) {
      where.and(
        'instr(lower(id), ?) OR instr(lower(name), ?)',
        filter.q.toLowerCase(),
        filter.q.toLowerCase(),
      )
    }
    if (page.after !== null) where.and('id > ?', page.after)
    const rows = this.#all<DeviceRow>(
      `${DEVICES} ${where} ORDER BY id LIMIT ?`,
      ...where.values,
      page.limit + 1,
    )
    return paged(rows, page.limit, deviceView, AFTER.device)
  }

  async device(id: string): Promise<DeviceView | null> {
    const [row] = this.#all<DeviceRow>(`${DEVICES} WHERE id = ?`, id)
    return row === undefined ? null : deviceView(row)
  }

  async credentials(): Promise<Credential[]> {
    const rows = this.#all<{ id: string; kind: string; secret_hash: string; enabled: number }>(
      'SELECT id, kind, secret_hash, enabled FROM devices',
    )
    return rows.map(({ id, kind, secret_hash, enabled }) => ({
      id,
      kind,
      secretHash: secret_hash,
      enabled: enabled === 1,
    }))
  }

  async alerts(filter: AlertFilter, page: Page): Promise<Paged<AlertRow>> {
    const where = new Where()
    where.andIf(filter.kind, 'kind = ?', same)
    where.andIf(filter.deviceId, 'device_id = ?', same)
    where.andIf(filter.ruleId, 'rule_id = ?', same)
    where.andIf(filter.state, 'state = ?', same)
    if (page.after !== null) {
      const [deviceId, ruleId] = readCursor(page.after, CURSORS.names)
      where.and('(device_id, rule_id) > (?, ?)', deviceId, ruleId)
    }
    const rows = this.#all<{ body: string }>(
      `SELECT body FROM alerts ${where} ORDER BY device_id, rule_id LIMIT ?`,
      ...where.values,
      page.limit + 1,
    )
    const alert = (row: { body: string }) => JSON.parse(row.body) as AlertRow
    return paged(rows, page.limit, alert, AFTER.alert)
  }

  async rules(): Promise<StoredRule[]> {
    return this.#all<{ body: string }>('SELECT body FROM rules WHERE deleted = 0 ORDER BY id').map(
      (row) => JSON.parse(row.body) as StoredRule,
    )
  }

  async rule(id: string): Promise<StoredRule | null> {
    const [row] = this.#all<{ body: string }>(
      'SELECT body FROM rules WHERE id = ? AND deleted = 0',
      id,
    )
    return row === undefined ? null : (JSON.parse(row.body) as StoredRule)
  }

  async cases(filter: CaseFilter, page: Page): Promise<Paged<Case>> {
    const where = new Where()
    if (filter.status !== undefined) {
      where.and(`c.status IN (${filter.status.map(() => '?').join(', ')})`, ...filter.status)
    }
    where.andIf(filter.severity, 'c.severity = ?', same)
    where.andIf(filter.kind, 'c.kind = ?', same)
    where.andIf(filter.deviceId, 'c.device_id = ?', same)
    where.andIf(filter.gridCode, 'c.grid_code = ?', same)
    where.andIf(filter.unitId, 'c.unit_id = ?', same)
    where.andIf(filter.from, 'c.opened_at >= ?', same)
    where.andIf(filter.to, 'c.opened_at < ?', same)
    if (filter.overdue !== undefined) {
      // The words of isOverdue in cases/case.ts.
      const late = "c.status <> 'cancelled' AND coalesce(c.closed_at, c.suspended_at, ?) > c.due_at"
      where.and(filter.overdue ? late : `NOT (${late})`, filter.now)
    }
    if (page.after !== null) {
      const [openedAt, id] = readCursor(page.after, CURSORS.moment)
      where.and(
        'c.opened_at < ? OR (c.opened_at = ? AND c.id > ?)',
        Number(openedAt),
        Number(openedAt),
        id,
      )
    }
    const rows = this.#all<CaseRow>(
      `${CASES} ${where} ORDER BY c.opened_at DESC, c.id LIMIT ?`,
      ...where.values,
      page.limit + 1,
    )
    return paged(rows, page.limit, liveCase, AFTER.case)
  }

  async case(id: string): Promise<{ case: Case; history: CaseEvent[] } | null> {
    const [row] = this.#all<CaseRow>(`${CASES} WHERE c.id = ?`, id)
    if (row === undefined) return null
    const history = this.#all<{ body: string }>(
      'SELECT body FROM case_events WHERE case_id = ? ORDER BY n',
      id,
    )
    return {
      case: liveCase(row),
      history: history.map((event) => JSON.parse(event.body) as CaseEvent),
    }
  }

  async quarantine(filter: QuarantineFilter, page: Page): Promise<Paged<QuarantinedMessage>> {
    const where = new Where()
    where.andIf(filter.deviceId, 'device_id = ?', same)
    where.andIf(filter.kind, 'kind = ?', same)
    where.andIf(filter.code, 'code = ?', same)
    if (page.after !== null) {
      const [receivedAt, id] = readCursor(page.after, CURSORS.moment)
      where.and(
        'received_at < ? OR (received_at = ? AND id > ?)',
        Number(receivedAt),
        Number(receivedAt),
        id,
      )
    }
    const rows = this.#all<QuarantineRow>(
      `SELECT * FROM quarantine ${where} ORDER BY received_at DESC, id LIMIT ?`,
      ...where.values,
      page.limit + 1,
    )
    return paged(rows, page.limit, quarantinedFromRow, AFTER.receipt)
  }

  async quarantined(id: string): Promise<QuarantinedMessage | null> {
    const [row] = this.#all<QuarantineRow>('SELECT * FROM quarantine WHERE id = ?', id)
    return row === undefined ? null : quarantinedFromRow(row)
  }

  async deliveries(filter: DeliveryFilter, page: Page): Promise<Paged<AlertDelivery>> {
    const where = new Where()
    where.andIf(filter.caseId, 'case_id = ?', same)
    if (page.after !== null) {
      const [receivedAt, id] = readCursor(page.after, CURSORS.moment)
      const at = Number(receivedAt)
      where.and('received_at < ? OR (received_at = ? AND id > ?)', at, at, id)
    }
    const rows = this.#all<{ body: string }>(
      `SELECT body FROM alert_deliveries ${where} ORDER BY received_at DESC, id LIMIT ?`,
      ...where.values,
      page.limit + 1,
    )
    const delivery = (row: { body: string }) => JSON.parse(row.body) as AlertDelivery
    return paged(rows, page.limit, delivery, AFTER.receipt)
  }

  async command(id: string): Promise<DeviceCommand | null> {
    const [row] = this.#all<{ body: string }>('SELECT body FROM commands WHERE id = ?', id)
    return row === undefined ? null : (JSON.parse(row.body) as DeviceCommand)
  }

  async pendingCommands(deviceId: string): Promise<DeviceCommand[]> {
    return this.#all<{ body: string }>(
      "SELECT body FROM commands WHERE state = 'sent' AND body ->> 'deviceId' = ?",
      deviceId,
    )
      .map((row) => JSON.parse(row.body) as DeviceCommand)
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  async deviceCounts(): Promise<DeviceCount[]> {
    return deviceCounts(this.#db)
  }

  async casesSince(endedAfter: Instant): Promise<Case[]> {
    return casesSince(this.#db, endedAfter)
  }

  async caseMoments(after: CaseMomentMark, limit: number): Promise<CaseMoment[]> {
    return caseMoments(this.#db, after, limit)
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#db.prepare(sql).all(...values) as Row[]
  }
}

interface DeviceRow {
  readonly body: string
  readonly online: number | null
  readonly last_seen_at: number | null
  readonly latest: string | null
}

const DEVICES =
  'SELECT body, online, last_seen_at, latest FROM devices LEFT JOIN device_states ON device_id = id'

function deviceView(row: DeviceRow): DeviceView {
  return {
    ...(JSON.parse(row.body) as Device),
    online: row.online === 1,
    lastSeenAt: row.last_seen_at,
    latest: row.latest === null ? null : (JSON.parse(row.latest) as DeviceLive['latest']),
  }
}

interface CaseRow {
  readonly body: string
  readonly alert: string | null
}

// The alert, while there is one, knows the value of the last reading.
const CASES = `SELECT c.body, a.body AS alert FROM cases c
  LEFT JOIN alerts a ON a.device_id = c.device_id AND a.rule_id = c.rule_id`

/** The case with the value that the sensor reports now, while it fires. */
function liveCase(row: CaseRow): Case {
  const it = caseFromBody(row.body)
  if (row.alert === null || it.signal.state === 'clear') return it
  const { value } = JSON.parse(row.alert) as AlertRow
  return { ...it, signal: { ...it.signal, value } }
}
