import { describe, expect, test } from 'vitest'
import type { Condition, Expr } from '../../../src/model/rule.ts'
import { MINUTE } from '../../../src/model/time.ts'
import { FieldTable } from '../../../src/model/values.ts'
import {
  type Compilation,
  compileCondition,
  compileExpr,
  type Scope,
} from '../../../src/rules/expression.ts'

const NAMES = ['yes', 'no', 'gone', 'x', 'a', 'b']
const TABLE = new FieldTable(
  'probe',
  NAMES.map((name) => [name, name === 'yes' || name === 'no']),
)

function compilation(): Compilation {
  return {
    reportInterval: MINUTE,
    table: TABLE,
    numberFields: new Set(),
    switchFields: new Set(),
    parameters: [],
    taps: new Map(),
    shared: new Map(),
  }
}

function scope(known: Record<string, number | boolean>, parameters: readonly number[] = []): Scope {
  return {
    at: 0,
    parameters,
    series: {},
    known: (place) => {
      const value = known[NAMES[place] as string]
      return value === undefined ? null : Number(value)
    },
  }
}

const truth = (condition: Condition, known: Record<string, number | boolean>, own = 5) =>
  compileCondition(condition, () => own, compilation())(scope(known, [5]))

/** `yes` and `no` are known switches; `gone` is not known. */
const KNOWN = { yes: true, no: false }
const T: Condition = { field: 'yes', is: true }
const F: Condition = { field: 'no', is: true }
const U: Condition = { field: 'gone', is: true }

describe('three values: true, false, unknown', () => {
  test.each<[string, Condition, boolean | null]>([
    ['not true', { not: T }, false],
    ['not false', { not: F }, true],
    ['not unknown', { not: U }, null],
    ['all TT', { all: [T, T] }, true],
    ['all TF', { all: [T, F] }, false],
    ['all TU', { all: [T, U] }, null],
    ['all FU', { all: [F, U] }, false],
    ['all UF', { all: [U, F] }, false],
    ['all FF', { all: [F, F] }, false],
    ['all UU', { all: [U, U] }, null],
    ['any TT', { any: [T, T] }, true],
    ['any TF', { any: [T, F] }, true],
    ['any FT', { any: [F, T] }, true],
    ['any TU', { any: [T, U] }, true],
    ['any UT', { any: [U, T] }, true],
    ['any FU', { any: [F, U] }, null],
    ['any FF', { any: [F, F] }, false],
    ['any UU', { any: [U, U] }, null],
  ])('%s', (_name, condition, expected) => {
    expect(truth(condition, KNOWN)).toBe(expected)
  })
})

describe('comparisons', () => {
  test.each<[Condition, number, boolean]>([
    [{ atLeast: 5 }, 5, true],
    [{ atLeast: 5 }, 4.99, false],
    [{ above: 5 }, 5, false],
    [{ above: 5 }, 5.01, true],
    [{ atMost: 5 }, 5, true],
    [{ atMost: 5 }, 5.01, false],
    [{ below: 5 }, 5, false],
    [{ below: 5 }, 4.99, true],
    [{ atLeast: { parameter: 'limit' } }, 5, true],
    [{ of: { field: 'x' }, above: 5 }, 0, true],
  ])('%j of %d', (condition, own, expected) => {
    expect(truth(condition, { x: 6 }, own)).toBe(expected)
  })

  test('unknown compares to nothing', () => {
    const unknown = compileCondition({ atLeast: 0 }, () => null, compilation())
    expect(unknown(scope({}))).toBeNull()
    expect(truth({ of: { field: 'gone' }, below: 9 }, {})).toBeNull()
  })

  test('a switch as a number is 1 or 0', () => {
    expect(truth({ of: { field: 'yes' }, atLeast: 1 }, KNOWN)).toBe(true)
    expect(truth({ of: { field: 'no' }, atMost: 0 }, KNOWN)).toBe(true)
    expect(truth({ field: 'no', is: false }, KNOWN)).toBe(true)
  })
})

test('a condition may say what to assume of a switch that is not known', () => {
  const assuming = (assume: boolean): Condition => ({ field: 'gone', is: true, assume })
  expect([truth(assuming(true), {}), truth(assuming(false), {})]).toEqual([true, false])
  expect(truth({ field: 'no', is: true, assume: true }, KNOWN)).toBe(false)
})

describe('expressions', () => {
  test.each<[Expr, number | null]>([
    [{ field: 'a' }, 3],
    [{ abs: { field: 'b' } }, 4],
    [{ minus: [{ field: 'a' }, { field: 'b' }] }, 7],
    [{ hypot: [{ field: 'a' }, { field: 'b' }] }, 5],
    [{ abs: { field: 'gone' } }, null],
    [{ minus: [{ field: 'a' }, { field: 'gone' }] }, null],
    [{ hypot: [{ field: 'gone' }, { field: 'b' }] }, null],
  ])('%j', (expr, expected) => {
    expect(compileExpr(expr, compilation())(scope({ a: 3, b: -4 }))).toBe(expected)
  })

  test('windows of the same quantity share their memory, others do not', () => {
    const into = compilation()
    const of = { field: 'a' }
    compileExpr({ window: 'mean', of, over: '10m' }, into)
    compileExpr({ window: 'max', of, over: '10m', minValid: '1m' }, into)
    expect(into.taps.size).toBe(1)
    compileExpr({ window: 'mean', of, over: '20m' }, into)
    compileExpr({ change: of, over: '10m' }, into)
    expect(into.taps.size).toBe(3)
    expect([...into.numberFields]).toEqual(['a'])
  })

  test('what several windows look at is computed once for a moment, and feeds all of them', () => {
    const into = compilation()
    const of: Expr = { hypot: [{ field: 'a' }, { field: 'b' }] }
    const short = compileExpr({ window: 'max', of, over: '2m' }, into)
    const long = compileExpr({ window: 'max', of, over: '4m' }, into)
    expect(compileExpr({ window: 'max', of, over: '4m' }, into)).toBe(long)
    const places = ['a', 'b'].map((name) => TABLE.place(name))
    expect([...into.taps.values()].map((tap) => tap.places)).toEqual([places, places])
    expect([...into.numberFields]).toEqual(['a', 'b'])
    const known = { a: 3, b: 4 }
    const it = scope(known)
    let looks = 0
    const moment = (at: number): Scope => ({
      ...it,
      at,
      known: (place) => {
        looks++
        return it.known(place)
      },
    })
    const read = (at: number) => {
      looks = 0
      const now = moment(at)
      for (const tap of into.taps.values()) tap.feed(now)
      const values = [short(now), long(now), short(now), long(now)]
      expect(looks).toBe(2)
      return values
    }
    read(0)
    expect(read(MINUTE)).toEqual([5, 5, 5, 5])
    known.a = 0
    read(2 * MINUTE)
    expect(read(3 * MINUTE)).toEqual([4, 5, 4, 5])
  })

  test('half of the window must be spoken for, unless the rule says otherwise', () => {
    const into = compilation()
    const of = { field: 'a' }
    const half = compileExpr({ window: 'mean', of, over: '4m' }, into)
    const little = compileExpr({ window: 'mean', of, over: '4m', minValid: '1m' }, into)
    const it = scope({ a: 3 })
    const feed = () => {
      for (const tap of into.taps.values()) tap.feed(it)
    }
    feed()
    expect([half(it), little(it)]).toEqual([null, 3])
    const later = { ...it, at: MINUTE }
    for (const tap of into.taps.values()) tap.feed(later)
    expect(half(later)).toBe(3)
  })

  test('a change needs nine tenths of its span, unless the rule says otherwise', () => {
    const into = compilation()
    const change = compileExpr({ change: { field: 'a' }, over: '10m' }, into)
    const at = (time: number, a: number): Scope => ({ ...scope({ a }), at: time, series })
    const series = {}
    const reading = (time: number, a: number) => {
      for (const tap of into.taps.values()) tap.feed(at(time, a))
      return change(at(time, a))
    }
    expect(reading(0, 1)).toBeNull()
    expect(reading(9 * MINUTE - 1, 5)).toBeNull()
    expect(reading(9 * MINUTE, 6)).toBe(5)
    expect(reading(12 * MINUTE, 8)).toBe(7)
  })
})
