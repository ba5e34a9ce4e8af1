import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Case } from '../../../src/cases/case.ts'
import { applyEvent } from '../../../src/cases/decide.ts'
import { type AlertView, followSignal, openCase } from '../../../src/cases/react.ts'
import type { Device } from '../../../src/model/device.ts'
import type { CaseClass } from '../../../src/model/device-kind.ts'
import { caseId } from '../../../src/model/ids.ts'
import { DAY, HOUR } from '../../../src/model/time.ts'
import { PROBE, testRule } from '../../support/kind.ts'
import { T0 } from '../../support/records.ts'
import { TEST_CITY, testDevice } from '../../support/world.ts'

const WET = PROBE.caseClasses['wet'] as CaseClass
const FAULT = PROBE.caseClasses['fault'] as CaseClass
const MAJOR = { level: 'major', severity: 'major' } as const
const CRITICAL = { level: 'critical', severity: 'critical' } as const

function open(
  more: { device?: Device; caseClass?: CaseClass; city?: typeof TEST_CITY; at?: number } = {},
) {
  const { at = T0, ...origin } = more
  return openCase(
    {
      rule: testRule({ version: 3 }),
      device: testDevice('probe'),
      caseClass: WET,
      city: TEST_CITY,
      nextNumber: () => 'number-1',
      ...origin,
    },
    { firing: MAJOR, at, value: 60 },
  )
}

describe('a case is opened', () => {
  test('from rule, device, class and the moment of firing', () => {
    const place = { gridCode: 'g', districtId: 'd', unitId: 'u', lat: 1, lon: 2 }
    const { opened, event } = open({ device: testDevice('probe', 'dev-9', place) })
    expect(opened).toEqual({
      ...place,
      id: caseId('probe-level', 'dev-9', T0),
      seenAt: null,
      number: 'number-1',
      status: 'open',
      severity: 'major',
      kind: 'probe',
      deviceId: 'dev-9',
      ruleId: 'probe-level',
      code: { standard: 'GB/T 30428.2-2013', class: '0506', name: 'probe' },
      title: { 'zh-CN': '水位', en: 'Level' },
      openedAt: T0,
      dueAt: T0 + 2 * HOUR,
      suspendedAt: null,
      reworkCount: 0,
      signal: { state: 'firing', value: 60, level: 'major', since: T0 },
      closedAt: null,
    })
    expect(event).toMatchObject({ type: 'open', actor: 'sensor:dev-9', from: null, to: 'open' })
    expect(event.data).toMatchObject({ severity: 'major', unitId: 'u', ruleVersion: 3 })
  })

  test('with the time that its class allows', () => {
    expect(open({ caseClass: FAULT }).opened.dueAt).toBe(T0 + DAY)
  })

  test.each([
    ['water', '0101'],
    ['gas', '0506'],
    // Names that every object has are no variants.
    ['constructor', '0506'],
    ['__proto__', '0506'],
    [true, '0506'],
  ])('with the code of its variant: owner %s', (owner, code) => {
    const device = testDevice('probe', 'dev-1', { attributes: { owner } })
    expect(open({ device }).opened.code.class).toBe(code)
  })

  test('with the code of the edition that the city goes by', () => {
    expect(open({ city: { ...TEST_CITY, codeEdition: '2026' } }).opened.code).toEqual({
      standard: 'GB/T 47678.5-2026',
      class: '00506',
      name: 'probe 2026',
    })
  })

  test('its id depends on rule, device and moment, each of them, and nothing else', () => {
    const named = fc.tuple(
      fc.constantFrom('a', 'b', 'a-1'),
      fc.constantFrom('d', 'e', 'd1'),
      fc.constantFrom(T0, T0 + 1, 1),
    )
    fc.assert(
      fc.property(named, named, (x, y) => {
        expect(caseId(...x) === caseId(...y)).toBe(JSON.stringify(x) === JSON.stringify(y))
      }),
    )
    const elsewhere = testDevice('probe', 'dev-1', { gridCode: 'g', unitId: 'u' })
    expect(open({ device: elsewhere, caseClass: FAULT }).opened.id).toBe(open().opened.id)
  })
})

describe('an open case follows its sensor', () => {
  const at = T0 + HOUR
  const follow = (view: Partial<AlertView>, current: Case = open().opened) =>
    followSignal(current, { firing: MAJOR, at, value: 70, ...view })

  test('nothing new, no event: a value alone is not one', () => {
    expect(follow({})).toEqual([])
  })

  test('a stronger level raises the severity, in one event', () => {
    expect(follow({ firing: CRITICAL })).toEqual([
      {
        type: 'severity',
        at,
        actor: 'sensor:dev-1',
        from: 'open',
        to: 'open',
        note: null,
        data: {
          severity: 'critical',
          signal: { state: 'firing', value: 70, level: 'critical', since: T0 },
        },
      },
    ])
  })

  test('a recovery is noted and closes nothing', () => {
    const [event] = follow({ firing: null, value: 1 })
    expect(event).toMatchObject({
      type: 'signal',
      to: 'open',
      data: { signal: { state: 'clear', value: 1, level: 'major', since: at } },
    })
  })

  test('any sequence: status stays, severity is that of the last firing, events are few', () => {
    const views = fc.array(
      fc.record({ firing: fc.constantFrom(null, MAJOR, CRITICAL), value: fc.nat(9) }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(views, (all) => {
        let current = open().opened
        let severity = current.severity
        let state: string = 'firing'
        all.forEach((view, i) => {
          const events = followSignal(current, { ...view, at: T0 + i })
          const changed =
            (view.firing?.severity ?? severity) !== severity ||
            (view.firing === null ? 'clear' : 'firing') !== state
          expect(events).toHaveLength(changed ? 1 : 0)
          current = events.reduce(applyEvent, current)
          severity = view.firing?.severity ?? severity
          state = view.firing === null ? 'clear' : 'firing'
          expect(current).toMatchObject({ status: 'open', severity, signal: { state } })
        })
      }),
    )
  })
})
