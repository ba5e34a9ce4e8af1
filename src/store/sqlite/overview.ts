import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Case, CaseEvent } from '../../cases/case.ts'
import type { Instant } from '../../model/time.ts'
import type { CaseMoment, CaseMomentMark, DeviceCount } from '../state-reader-port.ts'
import { caseFromBody } from './rows.ts'

/** What the whole city comes to, for the exporter: each question is answered as of one moment. */

/**
 * Devices by district and kind; silent: the alert of the kind's silence rule is firing. Counted
 * here and not by a join: 100 000 look-ups in a table of wide rows take SQLite seconds, two
 * passes 0.4 s.
 */
export function deviceCounts(db: DatabaseSync): DeviceCount[] {
  db.exec('BEGIN')
  try {
    return countDevices(
      db.prepare(`SELECT id, kind, body ->> 'districtId' AS district FROM devices NOT INDEXED`),
      idsOf(db, 'SELECT device_id AS id FROM device_states WHERE online = 1'),
      idsOf(
        db,
        `SELECT device_id AS id FROM alerts WHERE state = 'firing' AND rule_id = kind || '-silent'`,
      ),
    )
  } finally {
    db.exec('COMMIT')
  }
}

function idsOf(db: DatabaseSync, sql: string): Set<string> {
  const ids = new Set<string>()
  for (const row of db.prepare(sql).iterate()) ids.add((row as { id: string }).id)
  return ids
}

function countDevices(
  devices: StatementSync,
  online: ReadonlySet<string>,
  silent: ReadonlySet<string>,
): DeviceCount[] {
  const counts = new Map<string, { -readonly [K in keyof DeviceCount]: DeviceCount[K] }>()
  for (const row of devices.iterate()) {
    const { id, kind, district } = row as { id: string; kind: string; district: string | null }
    const key = `${kind}\n${district}`
    let count = counts.get(key)
    if (count === undefined) {
      count = { districtId: district, kind, total: 0, online: 0, silent: 0 }
      counts.set(key, count)
    }
    count.total++
    if (online.has(id)) count.online++
    if (silent.has(id)) count.silent++
  }
  return [...counts.values()]
}

const CASES_SINCE = `
  SELECT body FROM cases WHERE status NOT IN ('closed', 'cancelled')
  UNION ALL SELECT body FROM cases WHERE closed_at > ?`

/** Open cases, and those that ended after a moment. */
export function casesSince(db: DatabaseSync, endedAfter: Instant): Case[] {
  const rows = db.prepare(CASES_SINCE).all(endedAfter) as { body: string }[]
  return rows.map((row) => caseFromBody(row.body))
}

/** One of the two moments of a case, after the mark; the marks' order is that of the list. */
function momentsOf(column: 'opened_at' | 'closed_at', ended: 0 | 1): string {
  return `SELECT * FROM (
    SELECT ${column} AS at, id, ${ended} AS ended FROM cases
    WHERE ${column} >= ?1 AND (${column} > ?1 OR id > ?2 OR (id = ?2 AND ${ended} > ?3))
    ORDER BY ${column}, id LIMIT ?4)`
}

const CASE_MOMENTS = `
  SELECT m.at, m.ended, c.body, e.body AS opening FROM (
    ${momentsOf('opened_at', 0)} UNION ALL ${momentsOf('closed_at', 1)}
    ORDER BY at, id, ended LIMIT ?4) m
  JOIN cases c ON c.id = m.id
  LEFT JOIN case_events e ON e.case_id = m.id AND e.n = 1
  ORDER BY m.at, m.id, m.ended`

/** Openings and ends of cases after a mark, in order of time. */
export function caseMoments(db: DatabaseSync, after: CaseMomentMark, limit: number): CaseMoment[] {
  const rows = db
    .prepare(CASE_MOMENTS)
    .all(after.at, after.caseId, Number(after.ended), limit) as unknown as MomentRow[]
  return rows.map((row) => ({
    at: row.at,
    ended: row.ended === 1,
    case: caseFromBody(row.body),
    opening: row.opening === null ? null : (JSON.parse(row.opening) as CaseEvent),
  }))
}

interface MomentRow {
  readonly at: number
  readonly ended: number
  readonly body: string
  readonly opening: string | null
}
