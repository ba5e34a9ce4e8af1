import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Case, CaseEvent } from '../../../src/cases/case.ts'
import { caseEventPoint } from '../../../src/exporter/case-events.ts'
import { casePast, casePoints } from '../../../src/exporter/case-points.ts'
import { caseCounts, devicePoints } from '../../../src/exporter/count-points.ts'
import { CASE_STATUSES, SEVERITIES, type Severity } from '../../../src/model/case-terms.ts'
import { HOUR, MINUTE } from '../../../src/model/time.ts'
import { aCase } from '../../support/case.ts'
import { T0 } from '../../support/records.ts'

const NOW = T0 + 10 * MINUTE
const PLAIN = { former: [], pendingSince: T0 }

function event(type: CaseEvent['type'], at: number, severity?: Severity): CaseEvent {
  const data = severity === undefined ? {} : { severity }
  return { type, at, actor: 'li', from: null, to: 'open', note: null, data }
}

describe('a case as a series', () => {
  test('an open one, with its place', () => {
    const it = aCase({ districtId: 'd1', lat: 31.2, lon: 121.4, reworkCount: 2 })
    expect(casePoints(it, PLAIN, NOW)).toEqual([
      {
        measurement: 'case_open',
        tags: {
          case_id: 'case-1',
          number: '9990012026112200001',
          device: 'dev-1',
          district: 'd1',
          kind: 'probe',
          severity: 'major',
        },
        fields: {
          open: 1,
          seen: 0,
          age_s: 600,
          unseen_s: 600,
          due_in_s: 6600,
          overdue: 0,
          status: 1,
          rework: 2,
          lat: 31.2,
          lon: 121.4,
        },
        at: NOW,
      },
    ])
  })

  const table: readonly [what: string, it: Partial<Case>, fields: Record<string, number>][] = [
    ['seen', { seenAt: T0 + 1 }, { open: 1, seen: 1, unseen_s: 0 }],
    ['overdue', { dueAt: T0 + MINUTE }, { open: 1, overdue: 1, due_in_s: -540 }],
    [
      'suspended: its time stands still',
      { suspendedAt: T0 + MINUTE, dueAt: T0 + 2 * MINUTE },
      { open: 1, overdue: 0, due_in_s: 60 },
    ],
    [
      'closed late and never seen: nothing is left to alert on',
      { status: 'closed', closedAt: T0 + 5 * MINUTE, dueAt: T0 },
      { open: 0, seen: 0, unseen_s: 0, overdue: 0, age_s: 300, due_in_s: -300, status: 5 },
    ],
    [
      'opened after the sample was made',
      { openedAt: NOW + 5, dueAt: NOW + HOUR },
      { open: 1, age_s: 0 },
    ],
    ...CASE_STATUSES.map((status, i): [string, Partial<Case>, Record<string, number>] => [
      status,
      { status, closedAt: i < 4 ? null : T0 },
      { status: i + 1, open: i < 4 ? 1 : 0 },
    ]),
  ]
  test.each(table)('%s', (_, it, fields) => {
    const [point, ...others] = casePoints(aCase(it), PLAIN, NOW)
    expect(point?.fields).toMatchObject(fields)
    expect(others).toEqual([])
  })

  test('without a place and a district', () => {
    const [point] = casePoints(aCase(), PLAIN, NOW)
    expect(point?.tags['district']).toBe('none')
    expect(point?.fields).not.toHaveProperty('lat')
    expect(point?.fields).not.toHaveProperty('lon')
  })

  test('the series of severities that it had are closed by value', () => {
    const past = { former: ['minor', 'critical'] as const, pendingSince: T0 }
    const points = casePoints(aCase(), past, NOW)
    expect(points.map(({ tags, fields }) => [tags['severity'], fields['open']])).toEqual([
      ['major', 1],
      ['minor', 0],
      ['critical', 0],
    ])
    expect(points[1]?.fields).toEqual({ open: 0, unseen_s: 0, overdue: 0 })
    expect(points[1]?.tags).toEqual({ ...points[0]?.tags, severity: 'minor' })
  })

  test('the history tells former severities, and since when it waits to be seen', () => {
    const past = (it: Partial<Case>, ...history: CaseEvent[]) => casePast(aCase(it), history)
    const open = event('open', T0, 'minor')
    expect(past({ severity: 'minor' }, open)).toEqual({ former: [], pendingSince: T0 })
    expect(past({}, open, event('severity', T0 + 5, 'major'))).toEqual({
      former: ['minor'],
      pendingSince: T0 + 5,
    })
    // Lower again: it waits since it was raised.
    const lowered = [event('severity', T0 + 5, 'critical'), event('severity', T0 + 9, 'major')]
    expect(past({}, open, event('comment', T0 + 1), ...lowered)).toEqual({
      former: ['minor', 'critical'],
      pendingSince: T0 + 5,
    })
    expect(past({})).toEqual({ former: [], pendingSince: T0 })
    const escalated = { former: ['minor' as const], pendingSince: NOW - MINUTE }
    expect(casePoints(aCase(), escalated, NOW)[0]?.fields['unseen_s']).toBe(60)
  })
})

describe('counts', () => {
  const CITY = { districts: ['d1', 'd2'], kinds: ['probe', 'lamp'] }

  test('every combination is there, zeros too', () => {
    const points = caseCounts([], CITY, NOW)
    const tags = points.map(({ tags }) => `${tags['district']} ${tags['kind']} ${tags['severity']}`)
    expect(tags).toHaveLength(3 * 2 * 3)
    expect(new Set(tags).size).toBe(tags.length)
    expect(tags).toContain('none lamp critical')
    for (const { fields } of points) {
      expect(fields).toEqual({ open: 0, unseen: 0, overdue: 0, oldest_s: 0 })
    }
  })

  test('open cases are counted where they are, ended ones nowhere', () => {
    const cases = [
      aCase({ id: 'a', districtId: 'd1', openedAt: T0 - HOUR, seenAt: T0 }),
      aCase({ id: 'b', districtId: 'd1', dueAt: T0 }),
      aCase({ id: 'c', districtId: 'd1', severity: 'minor' }),
      aCase({ id: 'd', districtId: 'd1', status: 'closed', closedAt: T0 }),
    ]
    const points = caseCounts(cases, CITY, NOW)
    const of = (district: string, severity: string) =>
      points.find(
        ({ tags }) =>
          tags['district'] === district &&
          tags['kind'] === 'probe' &&
          tags['severity'] === severity,
      )?.fields
    expect(of('d1', 'major')).toEqual({ open: 2, unseen: 1, overdue: 1, oldest_s: 4200 })
    expect(of('d1', 'minor')).toEqual({ open: 1, unseen: 1, overdue: 0, oldest_s: 600 })
    expect(of('none', 'major')).toMatchObject({ open: 0 })
  })

  test('however cases are spread, the sum is the number of open cases', () => {
    const some = fc.record({
      districtId: fc.constantFrom('d1', 'd2', 'gone', null),
      kind: fc.constantFrom('probe', 'lamp', 'gone'),
      severity: fc.constantFrom(...SEVERITIES),
      status: fc.constantFrom(...CASE_STATUSES),
    })
    fc.assert(
      fc.property(fc.array(some), (list) => {
        const ended = (status: string) => status === 'closed' || status === 'cancelled'
        const cases = list.map((one, i) =>
          aCase({ ...one, id: `case-${i}`, closedAt: ended(one.status) ? T0 : null }),
        )
        const points = caseCounts(cases, CITY, NOW)
        const sum = points.reduce((total, { fields }) => total + (fields['open'] ?? Number.NaN), 0)
        expect(sum).toBe(cases.filter(({ status }) => !ended(status)).length)
        expect(new Set(points.map(({ tags }) => JSON.stringify(tags))).size).toBe(points.length)
      }),
    )
  })

  test('devices as the state counts them', () => {
    const count = { kind: 'probe', total: 3, online: 2, silent: 1 }
    expect(devicePoints([{ ...count, districtId: null }], NOW)).toEqual([
      {
        measurement: 'devices',
        tags: { district: 'none', kind: 'probe' },
        fields: { total: 3, online: 2, silent: 1 },
        at: NOW,
      },
    ])
  })
})

describe('case events', () => {
  const opening = {
    ...event('open', T0, 'minor'),
    data: { severity: 'minor', unitId: 'unit-0' },
  }

  test('an opening says what was true then, whatever the case is now', () => {
    const before = aCase({ severity: 'minor', unitId: 'unit-0', districtId: 'd1' })
    const now = { ...before, severity: 'critical' as const, unitId: 'unit-9', reworkCount: 3 }
    const point = caseEventPoint({ at: T0, ended: false, case: before, opening })
    expect(point).toEqual({
      measurement: 'case_event',
      tags: {
        event: 'opened',
        district: 'd1',
        kind: 'probe',
        severity: 'minor',
        unit: 'unit-0',
      },
      fields: { count: 1 },
      at: T0,
      nanos: point.nanos,
    })
    expect(caseEventPoint({ at: T0, ended: false, case: now, opening })).toEqual(point)
  })

  test('an end has its figures; one that was cancelled is not late', () => {
    const at = T0 + 3 * HOUR
    const it = aCase({ status: 'closed', closedAt: at, reworkCount: 1, unitId: null })
    const closed = caseEventPoint({ at, ended: true, case: it, opening })
    expect(closed.tags).toEqual({
      event: 'closed',
      district: 'none',
      kind: 'probe',
      severity: 'major',
      unit: 'none',
    })
    expect(closed.fields).toEqual({ count: 1, duration_s: 10_800, overdue: 1, rework: 1 })
    const cancelled = { ...it, status: 'cancelled' as const }
    const point = caseEventPoint({ at, ended: true, case: cancelled, opening })
    expect(point.tags['event']).toBe('cancelled')
    expect(point.fields['overdue']).toBe(0)
  })

  test('two cases of one moment are two points; one of before notes no unit', () => {
    const of = (id: string) =>
      caseEventPoint({ at: T0, ended: false, case: aCase({ id }), opening: null })
    expect(of('case-1').nanos).not.toBe(of('case-2').nanos)
    for (const id of ['case-1', 'case-2', 'x']) {
      expect(of(id).nanos).toBeGreaterThanOrEqual(0)
      expect(of(id).nanos).toBeLessThan(1_000_000)
    }
    expect(of('case-1').tags).toMatchObject({ severity: 'major', unit: 'none' })
  })
})
