import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDeviceState } from '../../../src/engine/world.ts'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import type { Fields } from '../../../src/model/reading.ts'
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../../src/model/time.ts'
import { decodeDeviceState, encodeDeviceState } from '../../../src/processor/device-state.ts'
import { elapse, evaluateReading, FRESH_WITHIN, nextDue } from '../../../src/rules/evaluate.ts'
import { type ActiveRule, activeRule } from '../../../src/rules/reading-scope.ts'
import { retireAlerts } from '../../../src/rules/retire.ts'
import { type AlertChange, createRuleMemory, type RuleMemory } from '../../../src/rules/state.ts'
import {
  active,
  LADDER,
  PROBE,
  PROBE_FIELDS,
  PROBE_RULES,
  probed,
  program,
  SILENT,
  SLOW_PROBE,
  testRule,
} from '../../support/kind.ts'
import { T0 } from '../../support/records.ts'

const DEVICE = 'dev-1'

/** One device under some rules, with the protocol of the engine: time first, then the reading. */
class Bench {
  memory: RuleMemory = createRuleMemory()
  readonly rules: readonly ActiveRule[]
  readonly changes: AlertChange[] = []
  floor: Instant = 0

  constructor(rules: readonly ActiveRule[]) {
    this.rules = rules
  }

  read(receivedAt: Instant, fields: Fields, observedAt = receivedAt): AlertChange[] {
    this.wait(receivedAt - 1)
    const input = { deviceId: DEVICE, receivedAt, observedAt, values: probed(fields) }
    return this.#keep(evaluateReading(this.memory, this.rules, input))
  }

  wait(until: Instant): AlertChange[] {
    return this.#keep(elapse(this.memory, this.rules, DEVICE, until, this.floor))
  }

  /** An operator closes the case of whatever fires. */
  closeCases(at: Instant): void {
    this.wait(at - 1)
    for (const alert of Object.values(this.memory.alerts)) {
      if (alert.levels.some((level) => level.phase === 'firing')) alert.unattendedSince = at
    }
  }

  #keep(changes: AlertChange[]): AlertChange[] {
    this.changes.push(...changes)
    return changes
  }
}

const words = (changes: readonly AlertChange[]) =>
  changes.map((c) => `${c.ruleId.slice(6)} ${c.level} ${c.becomes} +${(c.at - T0) / SECOND}s`)
/** As a restart finds it. */
function storedAndRead(rules: RuleMemory): RuleMemory {
  const bytes = encodeDeviceState({ ...createDeviceState(), rules })
  return decodeDeviceState(bytes, PROBE.name, PROBE_FIELDS).rules
}
const bench = (...rules: Parameters<typeof active>[0][]) => new Bench(rules.map((r) => active(r)))

describe('readings', () => {
  test('a change tells rule, version, level, moment and value', () => {
    const [change] = bench(testRule({ version: 4 })).read(T0, { level: 60 })
    expect(change).toEqual({
      ruleId: 'probe-level',
      ruleVersion: 4,
      deviceId: DEVICE,
      level: 'major',
      becomes: 'firing',
      at: T0,
      value: 60,
    })
  })

  test('a reading without the fields of a rule does not touch it', () => {
    const it = bench(testRule())
    it.read(T0, { level: 60 })
    expect(it.read(T0 + MINUTE, { flow: 0 })).toEqual([])
    expect(it.memory.alerts['probe-level']?.value).toBe(60)
  })

  test('a remembered field speaks for three report intervals, then it is unknown', () => {
    const rule = testRule({
      levels: [
        {
          level: 'major',
          severity: 'major',
          raise: { all: [{ atLeast: 50 }, { field: 'open', is: true }] },
        },
      ],
    })
    const known = bench(rule)
    known.read(T0, { open: true })
    expect(known.read(T0 + 3 * MINUTE, { level: 60 })).toHaveLength(1)
    const forgotten = bench(rule)
    forgotten.read(T0, { open: true })
    expect(forgotten.read(T0 + 3 * MINUTE + 1, { level: 60 })).toEqual([])
  })

  test('parameters of the device are used instead of those of the rule', () => {
    const rule = testRule({
      parameters: { limit: 50 },
      levels: [{ level: 'major', severity: 'major', raise: { atLeast: { parameter: 'limit' } } }],
    })
    const own = new Bench([activeRule(program(rule), { limit: 70 })])
    expect(own.read(T0, { level: 69 })).toEqual([])
    expect(own.read(T0 + 1, { level: 70 })).toHaveLength(1)
  })

  test('an alert that is at rest leaves nothing behind', () => {
    const it = bench(testRule())
    it.read(T0, { level: 60 })
    expect(Object.keys(it.memory.alerts)).toEqual(['probe-level'])
    it.read(T0 + 1, { level: 10 })
    expect(it.memory.alerts).toEqual({})
  })
})

describe('late and old', () => {
  const fields = fc.record({ level: fc.integer({ min: 0, max: 100 }), open: fc.boolean() })

  test('a reading older than the last one changes nothing at all', () => {
    const late = fc.integer({ min: 1, max: 30 * MINUTE })
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 12 }), fields, late, (all, x, by) => {
        const it = new Bench(PROBE_RULES.map((rule) => active(rule)))
        all.forEach((one, i) => {
          it.read(T0 + i * 20 * SECOND, one)
        })
        const last = T0 + (all.length - 1) * 20 * SECOND
        const before = structuredClone(it.memory)
        const at = { receivedAt: last + 1, observedAt: last - by }
        const input = { deviceId: DEVICE, ...at, values: probed(x) }
        expect(evaluateReading(it.memory, it.rules, input)).toEqual([])
        expect(it.memory).toEqual(before)
      }),
    )
  })

  test('a reading that was old when it came never raises, nor does time after it', () => {
    const old = fc.integer({ min: FRESH_WITHIN + 1, max: HOUR })
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, old), { maxLength: 30 }), (all) => {
        const it = new Bench([...PROBE_RULES, testRule()].map((rule) => active(rule, SLOW_PROBE)))
        all.forEach(([one, age], i) => {
          const receivedAt = T0 + i * 2 * MINUTE
          it.read(receivedAt, one, receivedAt - age)
        })
        it.wait(T0 + 10 * HOUR)
        const raised = it.changes.filter((c) => c.becomes === 'firing')
        expect(raised).toEqual([])
      }),
    )
  })

  test.each([
    [FRESH_WITHIN, ['level major firing +-600s']],
    [FRESH_WITHIN + 1, ['level major pending +-600.001s']],
  ])('%i ms after it was taken', (age, expected) => {
    expect(words(bench(testRule()).read(T0, { level: 60 }, T0 - age))).toEqual(expected)
  })

  test('an alert never begins in the future, however far ahead the clock of a device is', () => {
    const [change] = bench(testRule()).read(T0, { level: 60 }, T0 + 4 * MINUTE)
    expect(change?.at).toBe(T0)
  })
})

describe('time alone', () => {
  const slowLadder = () => new Bench([active(LADDER, SLOW_PROBE)])

  test('a device that reports on change: the hold ends by itself, at its own moment', () => {
    const it = slowLadder()
    it.read(T0, { level: 60 })
    expect(nextDue(it.memory, it.rules, 0)).toBe(T0 + 30 * SECOND)
    expect(it.wait(T0 + 30 * SECOND - 1)).toEqual([])
    expect(words(it.wait(T0 + HOUR))).toEqual([
      'ladder major firing +30s',
      'ladder warning firing +120s',
    ])
  })

  test('where a reading is due before, that reading decides', () => {
    const it = bench(LADDER)
    it.read(T0, { level: 30 })
    expect(nextDue(it.memory, it.rules, 0)).toBeNull()
    expect(it.wait(T0 + HOUR)).toEqual([])
  })

  test('brought up again a day after people closed the case of what still fires', () => {
    const it = bench(testRule())
    it.read(T0, { level: 60 })
    it.closeCases(T0 + HOUR)
    expect(nextDue(it.memory, it.rules, 0)).toBe(T0 + HOUR + DAY)
    expect(it.wait(T0 + HOUR + DAY - 1)).toEqual([])
    expect(words(it.wait(T0 + 3 * DAY))).toEqual(['level major firing +90000s'])
    expect(it.wait(T0 + 9 * DAY)).toEqual([])
  })

  test('not brought up again where it cleared in between', () => {
    const it = bench(testRule())
    it.read(T0, { level: 60 })
    it.closeCases(T0 + HOUR)
    it.read(T0 + 2 * HOUR, { level: 0 })
    expect(it.wait(T0 + 3 * DAY)).toEqual([])
  })
})

describe('silence', () => {
  test('fires once, three intervals after the last reading, and ends with the next', () => {
    const it = bench(SILENT)
    expect(it.wait(T0 + DAY)).toEqual([])
    it.read(T0, { level: 1 })
    expect(nextDue(it.memory, it.rules, 0)).toBe(T0 + 3 * MINUTE)
    expect(it.wait(T0 + 3 * MINUTE - 1)).toEqual([])
    const fired = it.wait(T0 + HOUR)
    expect(words(fired)).toEqual(['silent minor firing +180s'])
    expect(fired[0]?.value).toBe(3)
    expect(it.wait(T0 + 2 * HOUR)).toEqual([])
    expect(words(it.read(T0 + 3 * HOUR, { flow: 0 }))).toEqual(['silent minor cleared +10800s'])
  })

  test('is not counted while we were not listening', () => {
    const it = bench(SILENT)
    it.read(T0, { level: 1 })
    it.floor = T0 + HOUR
    expect(nextDue(it.memory, it.rules, it.floor)).toBe(T0 + HOUR + 3 * MINUTE)
    expect(it.wait(T0 + HOUR + 3 * MINUTE - 1)).toEqual([])
    expect(it.wait(T0 + HOUR + 3 * MINUTE)).toHaveLength(1)
  })

  test('is brought up again like any alert whose case was closed', () => {
    const it = bench(SILENT)
    it.read(T0, { level: 1 })
    it.wait(T0 + HOUR)
    it.closeCases(T0 + HOUR)
    expect(words(it.wait(T0 + 2 * DAY))).toEqual(['silent minor firing +90000s'])
  })

  test('a device whose readings lag by 20 minutes says nothing of now: it is silent', () => {
    const it = bench(SILENT)
    for (let i = 0; i < 60; i++) {
      const at = T0 + i * MINUTE
      it.read(at, { level: 1 }, at - 20 * MINUTE)
    }
    expect(words(it.changes)).toEqual(['silent minor firing +180s'])
    const back = T0 + HOUR
    expect(words(it.read(back, { level: 1 }, back - FRESH_WITHIN))).toEqual([
      'silent minor cleared +3600s',
    ])
  })
})

describe('a rule that is no longer in force', () => {
  const before = active(LADDER)
  const programs = new Map([[LADDER.id, before.program]])

  function firing(): Bench {
    const it = new Bench([before])
    it.read(T0, { level: 90 })
    it.read(T0 + 30 * SECOND, { level: 90 })
    return it
  }

  test('ends its alerts: what fired is cleared, what was pending is over', () => {
    const it = firing()
    const changes = retireAlerts(it.memory, [], programs, DEVICE, T0 + MINUTE)
    expect(words(changes)).toEqual([
      'ladder warning cleared +60s',
      'ladder major cleared +60s',
      'ladder critical cleared +60s',
    ])
    expect(it.memory.alerts).toEqual({})
    const early = new Bench([before])
    early.read(T0, { level: 30 })
    expect(words(retireAlerts(early.memory, [], programs, DEVICE, T0))).toEqual([
      'ladder warning inactive +0s',
    ])
  })

  test('so does the version before, but not the one in force', () => {
    const next = active({ ...LADDER, version: 2 })
    expect(retireAlerts(firing().memory, [next], programs, DEVICE, T0)).toHaveLength(3)
    expect(retireAlerts(firing().memory, [before], programs, DEVICE, T0)).toEqual([])
  })
})

describe.each<[string, DeviceKind]>([
  ['a device that reports every minute', PROBE],
  ['a device that reports on change', SLOW_PROBE],
])('the outcome depends on readings and times alone: %s', (_name, kind) => {
  type Event = {
    gap: number
    lag: number
    fields: { level: number; open?: boolean }
    close: boolean
  }
  const events = fc.array(
    fc.record({
      gap: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(20 * SECOND, MINUTE, 40 * SECOND, 3 * MINUTE) },
        { weight: 1, arbitrary: fc.constantFrom(11 * MINUTE, 7 * HOUR, 26 * HOUR) },
        { weight: 3, arbitrary: fc.nat(5 * MINUTE) },
      ),
      lag: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -3 * MINUTE, max: 15 * MINUTE }) },
      ),
      fields: fc.record(
        { level: fc.constantFrom(0, 10, 18, 30, 45, 60, 85, 100), open: fc.boolean() },
        { requiredKeys: ['level'] },
      ),
      close: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  )
  const rules = [...PROBE_RULES, testRule()].map((rule) => active(rule, kind))

  /** Plays the events; `between` may do anything that must not matter, before each of them. */
  function outcome(
    given: readonly Event[],
    between: (it: Bench, from: Instant, to: Instant, i: number) => void = () => {},
  ) {
    const it = new Bench(rules)
    let now = T0
    given.forEach((event, i) => {
      between(it, now, now + event.gap, i)
      now += event.gap
      it.read(now, event.fields, now - event.lag)
      if (event.close) it.closeCases(now)
    })
    between(it, now, now + 2 * DAY, given.length)
    it.wait(now + 2 * DAY)
    return { changes: it.changes, memory: it.memory }
  }

  test('letting time pass in any steps changes nothing', () => {
    const shares = fc.array(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      {
        minLength: 26,
        maxLength: 26,
      },
    )
    fc.assert(
      fc.property(events, shares, (given, steps) => {
        const stepped = outcome(given, (it, from, to, i) => {
          for (const share of (steps[i] ?? []).toSorted((a, b) => a - b)) {
            if (to > from) it.wait(Math.floor(from + share * (to - 1 - from)))
          }
        })
        expect(stepped).toEqual(outcome(given))
      }),
      { numRuns: 300 },
    )
  })

  test('looking only at the moments that nextDue names changes nothing', () => {
    fc.assert(
      fc.property(events, (given) => {
        const punctual = outcome(given, (it, _from, to) => {
          let due = nextDue(it.memory, it.rules, 0)
          while (due !== null && due < to) {
            const before = due
            it.wait(due)
            due = nextDue(it.memory, it.rules, 0)
            expect(due ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(before)
          }
        })
        expect(punctual).toEqual(outcome(given))
      }),
      { numRuns: 300 },
    )
  })

  test('a restart at any place, with the memory as it is stored, changes nothing', () => {
    fc.assert(
      fc.property(events, fc.nat(), (given, place) => {
        const restarted = outcome(given, (it, _from, _to, i) => {
          if (i === place % (given.length + 1)) it.memory = storedAndRead(it.memory)
        })
        expect(restarted).toEqual(outcome(given))
      }),
      { numRuns: 300 },
    )
  })

  test('no alert is cleared that did not fire, and what is said is in order of time', () => {
    fc.assert(
      fc.property(events, (given) => {
        const firing = new Set<string>()
        for (const { ruleId, level, becomes } of outcome(given).changes) {
          const key = `${ruleId} ${level}`
          if (becomes === 'firing') firing.add(key)
          if (becomes === 'cleared') expect(firing.delete(key)).toBe(true)
          if (becomes === 'inactive' || becomes === 'pending') expect(firing.has(key)).toBe(false)
        }
      }),
      { numRuns: 200 },
    )
  })
})
