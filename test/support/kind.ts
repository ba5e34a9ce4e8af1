import type { DeviceKind } from '../../src/model/device-kind.ts'
import { HOUR, MINUTE, number, text, toggle } from '../../src/model/device-kit.ts'
import type { Fields } from '../../src/model/reading.ts'
import { type RuleInput, ruleSchema, type StoredRule } from '../../src/model/rule.ts'
import { FieldTable, Values } from '../../src/model/values.ts'
import { compileRule, type RuleProgram } from '../../src/rules/compile.ts'
import { type ActiveRule, activeRule } from '../../src/rules/reading-scope.ts'

/** A made-up device kind with one of everything, so that tests do not hang on the catalogue. */

const codes = (cls: string) => ({
  '2013': { sort: 'event', class: cls, name: 'probe', source: 'test' } as const,
  '2026': { sort: 'event', class: `0${cls}`, name: 'probe 2026', source: 'test' } as const,
})

export const PROBE: DeviceKind = {
  name: 'probe',
  title: text('探头', 'Probe'),
  fields: {
    level: number(text('水位', 'Level'), 'cm', [0, 100]),
    flow: number(text('流量', 'Flow'), 'l/min', [-50, 50]),
    open: toggle(text('盖', 'Lid'), text('开', 'Open'), text('关', 'Closed')),
  },
  primaryField: 'level',
  reportInterval: MINUTE,
  caseClasses: {
    wet: {
      title: text('湿', 'Wet'),
      codes: codes('0506'),
      variants: { attribute: 'owner', codes: { water: codes('0101') } },
      limit: { amount: 2, unit: 'urgent_hour', source: 'test' },
    },
    fault: {
      title: text('故障', 'Fault'),
      codes: codes('0199'),
      limit: { amount: 1, unit: 'work_day', source: 'test' },
    },
  },
  rules: [],
}

/** A rule as it is in force: the defaults, and what the test is about. */
export function testRule(more: Partial<RuleInput> & { version?: number } = {}): StoredRule {
  const { version = 1, ...input } = more
  const rule = ruleSchema.parse({
    id: 'probe-level',
    kind: 'probe',
    title: text('水位', 'Level'),
    value: { field: 'level' },
    levels: [{ level: 'major', severity: 'major', raise: { atLeast: 50 } }],
    caseClass: 'wet',
    source: 'test',
    ...input,
  })
  return { ...rule, version, origin: 'catalog' }
}

export const PROBE_FIELDS = FieldTable.ofKind(PROBE)

/** What a probe has measured. */
export const probed = (fields: Fields): Values => Values.of(PROBE_FIELDS, fields)

/** The rule compiled; faults fail the test. */
export function program(rule: StoredRule, kind: DeviceKind = PROBE): RuleProgram {
  const compiled = compileRule(rule, kind)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}

export function active(rule: StoredRule, kind: DeviceKind = PROBE): ActiveRule {
  return activeRule(program(rule, kind))
}

/** Hysteresis, hold, n of m and a hold to clear, in two levels: what a real ladder looks like. */
export const LADDER = testRule({
  id: 'probe-ladder',
  levels: [
    {
      level: 'warning',
      severity: null,
      raise: { atLeast: 20 },
      clear: { atMost: 15 },
      samples: { atLeast: 2, of: 3 },
      for: '2m',
      clearFor: '3m',
    },
    {
      level: 'major',
      severity: 'major',
      raise: { atLeast: 50 },
      clear: { atMost: 40 },
      for: '30s',
      clearFor: '40s',
    },
    { level: 'critical', severity: 'critical', raise: { atLeast: 80 }, clear: { below: 70 } },
  ],
})

/** A window, a change and a switch in one rule: everything that keeps memory. */
export const WINDOWED = testRule({
  id: 'probe-window',
  value: { window: 'mean', of: { field: 'level' }, over: '10m', minValid: '2m' },
  levels: [
    {
      level: 'minor',
      severity: 'minor',
      raise: {
        any: [{ atLeast: 45 }, { of: { change: { field: 'level' }, over: '5m' }, above: 30 }],
      },
      clear: { all: [{ atMost: 35 }, { not: { field: 'open', is: true } }] },
    },
  ],
})

export const SILENT = testRule({
  id: 'probe-silent',
  value: null,
  missing: { intervals: { parameter: 'intervals' } },
  parameters: { intervals: 3 },
  levels: [{ level: 'minor', severity: 'minor' }],
  caseClass: 'fault',
})

export const PROBE_RULES: readonly StoredRule[] = [LADDER, WINDOWED, SILENT]

/** A kind that reports rarely, so that time alone decides between two readings. */
export const SLOW_PROBE: DeviceKind = { ...PROBE, reportInterval: 6 * HOUR }
