import type { Case } from '../../src/cases/case.ts'
import { HOUR } from '../../src/model/time.ts'
import { T0 } from './records.ts'

/** An open case of the probe kind, with what a test wants otherwise. */
export function aCase(more: Partial<Case> = {}): Case {
  return {
    id: 'case-1',
    number: '9990012026112200001',
    status: 'open',
    severity: 'major',
    kind: 'probe',
    deviceId: 'dev-1',
    ruleId: 'probe-level',
    code: { standard: 'GB/T 30428.2-2013', class: '0506', name: 'probe' },
    title: { 'zh-CN': '水位', en: 'Level' },
    gridCode: null,
    districtId: null,
    unitId: 'unit-1',
    lat: null,
    lon: null,
    openedAt: T0,
    dueAt: T0 + 2 * HOUR,
    seenAt: null,
    suspendedAt: null,
    reworkCount: 0,
    signal: { state: 'firing', value: 60, level: 'major', since: T0 },
    closedAt: null,
    ...more,
  }
}
