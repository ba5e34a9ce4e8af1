import { describe, expect, test } from 'vitest'
import type { RuleInput } from '../../../src/model/rule.ts'
import { ruleSchema } from '../../../src/model/rule.ts'
import { MINUTE } from '../../../src/model/time.ts'
import { compileRule } from '../../../src/rules/compile.ts'
import { LADDER, PROBE, program, SILENT, testRule, WINDOWED } from '../../support/kind.ts'

const major = { level: 'major', severity: 'major', raise: { atLeast: 50 } } as const
const minor = { level: 'minor', severity: 'minor', raise: { atLeast: 20 } } as const

describe('a rule that does not fit is told with the place of each fault', () => {
  test.each<[string, Partial<RuleInput>, [path: string, words: string][]]>([
    ['an unknown field', { value: { field: 'depth' } }, [['value', '"depth"']]],
    ['a field that only Object has', { value: { field: 'toString' } }, [['value', '"toString"']]],
    [
      'a field deep in a window',
      { value: { window: 'mean', of: { abs: { field: 'depth' } }, over: '5m' } },
      [['value', '"depth"']],
    ],
    [
      'a number used as a switch',
      { levels: [{ ...major, raise: { field: 'level', is: true } }] },
      [['levels', 'no switch "level"']],
    ],
    [
      'a parameter that is not given',
      { levels: [{ ...major, raise: { atLeast: { parameter: 'limit' } } }] },
      [['parameters', '"limit"']],
    ],
    [
      'a parameter that only Object has',
      { levels: [{ ...major, raise: { atLeast: { parameter: 'constructor' } } }] },
      [['parameters', '"constructor"']],
    ],
    ['an unknown case class', { caseClass: 'fire' }, [['caseClass', 'wet, fault']]],
    ['a case class that only Object has', { caseClass: 'toString' }, [['caseClass', 'wet, fault']]],
    ['neither value nor missing', { value: null }, [['value', 'either a value or missing']]],
    [
      'both value and missing',
      { missing: { intervals: 3 } },
      [['value', 'either a value or missing']],
    ],
    [
      'a level that cannot raise',
      { levels: [minor, { level: 'major', severity: 'major' }] },
      [['levels.1.raise', 'needed']],
    ],
    ['levels from strong to weak', { levels: [major, minor] }, [['levels.1.level', 'weak to']]],
    ['a level twice', { levels: [major, major] }, [['levels.1.level', 'each once']]],
    [
      'missing data in two levels',
      {
        value: null,
        missing: { intervals: 3 },
        levels: [
          { level: 'minor', severity: 'minor' },
          { level: 'major', severity: 'major' },
        ],
      },
      [['levels', 'one level']],
    ],
    [
      'all at once',
      {
        value: { field: 'depth' },
        caseClass: 'fire',
        levels: [major, { level: 'minor', severity: null, raise: { below: { parameter: 'p' } } }],
      },
      [
        ['value', '"depth"'],
        ['parameters', '"p"'],
        ['caseClass', 'wet, fault'],
        ['levels.1.level', 'weak to strong'],
      ],
    ],
  ])('%s', (_name, more, faults) => {
    const compiled = compileRule(testRule(more), PROBE)
    expect(compiled.ok).toBe(false)
    if (compiled.ok) return
    expect(compiled.error).toEqual(
      faults.map(([path, text]) => ({ path, message: expect.stringContaining(text) })),
    )
  })
})

describe('the schema of a rule', () => {
  const valid = testRule()
  const { version: _version, origin: _origin, ...rule } = valid
  const faultAt = (more: object) => {
    const parsed = ruleSchema.safeParse({ ...rule, ...more })
    return parsed.success ? null : parsed.error.issues[0]?.path.join('.')
  }

  test('takes the rules of these tests', () => {
    expect(faultAt({})).toBeNull()
  })

  test.each<[string, object, string]>([
    ['id', { id: 'Probe Level' }, 'id'],
    ['an id that every object has', { id: 'constructor' }, 'id'],
    ['unknown keys', { colour: 'red' }, ''],
    ['no levels', { levels: [] }, 'levels'],
    ['no source', { source: '' }, 'source'],
    [
      'two comparisons',
      { levels: [{ ...major, raise: { atLeast: 1, below: 2 } }] },
      'levels.0.raise',
    ],
    ['no comparison', { levels: [{ ...major, raise: {} }] }, 'levels.0.raise'],
    ['n above m', { levels: [{ ...major, samples: { atLeast: 4, of: 3 } }] }, 'levels.0.samples'],
    ['a hold of nothing', { levels: [{ ...major, for: '0s' }] }, 'levels.0.for'],
    ['a duration without unit', { levels: [{ ...major, clearFor: '30' }] }, 'levels.0.clearFor'],
    ['a severity that is none', { levels: [{ ...major, severity: 'huge' }] }, 'levels.0.severity'],
    ['a text in one language', { title: { en: 'Level' } }, 'title.zh-CN'],
  ])('refuses %s', (_name, more, path) => {
    expect(faultAt(more)).toBe(path)
  })
})

describe('a compiled rule', () => {
  test('knows the fields it looks at', () => {
    expect([...program(WINDOWED).fields].sort()).toEqual(['level', 'open'])
    expect([...program(SILENT).fields]).toEqual([])
  })

  test('a switch may be looked at as a number', () => {
    expect([...program(testRule({ value: { field: 'open' } })).fields]).toEqual(['open'])
  })

  test('has durations in milliseconds', () => {
    expect(program(LADDER).levels.map((l) => [l.holdFor, l.samples, l.clearFor])).toEqual([
      [2 * MINUTE, { atLeast: 2, of: 3 }, 3 * MINUTE],
      [MINUTE / 2, null, 40_000],
      [null, null, 0],
    ])
  })

  test('without a clear condition, clears when raise is known to be false', () => {
    const [level] = program(testRule({ levels: [major] })).levels
    const scope = (value: number | null) => ({
      at: 0,
      parameters: [],
      series: {},
      known: () => value,
    })
    expect([60, 40, null].map((value) => level?.clear(scope(value)))).toEqual([false, true, null])
  })

  test('counts silence in report intervals, by parameter', () => {
    const { silence, parameters } = program(SILENT)
    expect(parameters).toEqual(['intervals'])
    expect(silence?.([3])).toBe(3 * MINUTE)
    expect(silence?.([5])).toBe(5 * MINUTE)
    expect(program(LADDER).silence).toBeNull()
  })
})
