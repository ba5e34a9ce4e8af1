import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LevelProgram } from '../../../src/rules/compile.ts'
import { elapseLevel, levelDue, sampleLevel } from '../../../src/rules/level.ts'
import { type LevelState, restingLevel } from '../../../src/rules/state.ts'

/** `up` raises, `down` clears, `between` does neither, `unknown` says nothing. */
type Word = 'up' | 'between' | 'down' | 'unknown'
const RAISE = { up: true, between: false, down: false, unknown: null } as const
const CLEAR = { up: false, between: false, down: true, unknown: null } as const

function level(more: Partial<LevelProgram> = {}): LevelProgram {
  const never = () => null
  return {
    level: 'major',
    severity: 'major',
    raise: never,
    clear: never,
    holdFor: null,
    samples: null,
    clearFor: 0,
    ...more,
  }
}

/** Plays words a second apart; gives what each of them made of the level. */
function play(program: LevelProgram, words: readonly Word[], mayFire = true) {
  const state = restingLevel()
  const transitions = words.map((word, i) =>
    sampleLevel(program, state, { at: i * 1000, raise: RAISE[word], clear: CLEAR[word], mayFire }),
  )
  return { state, transitions }
}

const transitionsOf = (program: LevelProgram, words: string) =>
  play(program, words.split(' ') as Word[])
    .transitions.map((t) => t ?? '-')
    .join(' ')

describe('the machine, word by word', () => {
  test.each<[string, Partial<LevelProgram>, string, string]>([
    ['at once', {}, 'down up up', '- firing -'],
    ['between the thresholds a resting level rests', {}, 'between between', '- -'],
    ['between the thresholds a firing level fires', {}, 'up between between', 'firing - -'],
    ['cleared', {}, 'up down up', 'firing cleared firing'],
    ['unknown neither raises nor clears', {}, 'unknown up unknown down', '- firing - cleared'],
    ['held for two seconds', { holdFor: 2000 }, 'up up up', 'pending - firing'],
    [
      'a hold begins again after a break',
      { holdFor: 2000 },
      'up up between up up up',
      'pending - inactive pending - firing',
    ],
    ['unknown does not break a hold', { holdFor: 2000 }, 'up unknown up', 'pending - firing'],
    ['two of three', { samples: { atLeast: 2, of: 3 } }, 'up down up', 'pending inactive firing'],
    [
      'two of three: the first is forgotten at the fourth',
      { samples: { atLeast: 2, of: 3 } },
      'up down down up up',
      'pending inactive - pending firing',
    ],
    [
      'unknown is no sample',
      { samples: { atLeast: 2, of: 2 } },
      'up unknown unknown up',
      'pending - - firing',
    ],
    [
      'samples or hold, whichever comes first',
      { samples: { atLeast: 3, of: 3 }, holdFor: 1000 },
      'up up up',
      'pending firing -',
    ],
    [
      'cleared only when it held',
      { clearFor: 2000 },
      'up down down between down down down',
      'firing - - - - - cleared',
    ],
    [
      'after a clear the samples of before count no more',
      { samples: { atLeast: 2, of: 3 } },
      'up up down up up',
      'pending firing cleared pending firing',
    ],
  ])('%s', (_name, more, words, transitions) => {
    expect(transitionsOf(level(more), words)).toBe(transitions)
  })

  test('the past alone never fires, but it counts and clears', () => {
    const { state, transitions } = play(level(), ['up', 'up'], false)
    expect(transitions).toEqual(['pending', null])
    const fresh = { at: 5000, raise: true, clear: false, mayFire: true }
    expect(sampleLevel(level(), state, fresh)).toBe('firing')
    const late = { at: 6000, raise: false, clear: true, mayFire: false }
    expect(sampleLevel(level(), state, late)).toBe('cleared')
  })
})

describe('time alone', () => {
  const resting = restingLevel()
  const pending: LevelState = { ...resting, phase: 'pending', since: 1000 }
  const firing: LevelState = { ...resting, phase: 'firing', since: 1000 }
  const clearing: LevelState = { ...firing, clearSince: 4000 }

  test.each<[string, LevelState, Partial<LevelProgram>, number | null, string | null]>([
    ['resting: never', resting, { holdFor: 500 }, null, null],
    ['pending without a hold: never', pending, { samples: { atLeast: 2, of: 2 } }, null, null],
    ['pending with a hold', pending, { holdFor: 500 }, 1500, 'firing'],
    ['firing: never', firing, { clearFor: 500 }, null, null],
    ['clearing', clearing, { clearFor: 500 }, 4500, 'cleared'],
  ])('%s', (_name, before, more, due, becomes) => {
    const state = structuredClone(before)
    expect(levelDue(level(more), state)).toBe(due)
    expect(elapseLevel(level(more), state)).toBe(becomes)
    if (due === null) expect(state).toEqual(before)
    else expect(state).toMatchObject({ since: due, clearSince: null })
  })
})

describe('of any level and any words', () => {
  const programs = fc
    .record({
      holdFor: fc.option(fc.integer({ min: 1, max: 5000 })),
      samples: fc.option(
        fc
          .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(29))
          .map(([of, less]) => ({ atLeast: Math.max(1, of - less), of })),
      ),
      clearFor: fc.integer({ min: 0, max: 5000 }),
    })
    .map(level)
  const words = fc.array(fc.constantFrom<Word>('up', 'between', 'down', 'unknown'), {
    maxLength: 60,
  })

  test('it fires only at a word that raises, and is cleared only at a word that clears', () => {
    fc.assert(
      fc.property(programs, words, (program, said) => {
        play(program, said).transitions.forEach((transition, i) => {
          if (transition === 'firing' || transition === 'pending') expect(said[i]).toBe('up')
          if (transition === 'cleared') expect(said[i]).toBe('down')
        })
      }),
    )
  })

  test('each change is one that the machine has', () => {
    const after = { inactive: ['pending', 'firing'], pending: ['firing', 'inactive'] }
    fc.assert(
      fc.property(programs, words, (program, said) => {
        let phase: 'inactive' | 'pending' | 'firing' = 'inactive'
        for (const transition of play(program, said).transitions) {
          if (transition === null) continue
          if (phase === 'firing') expect(transition).toBe('cleared')
          else expect(after[phase]).toContain(transition)
          phase = transition === 'cleared' ? 'inactive' : transition
        }
      }),
    )
  })

  test('n of m: it fires at the first word where n of the last m known raised', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(29), words, (of, less, said) => {
        const atLeast = Math.max(1, of - less)
        const { transitions } = play(level({ samples: { atLeast, of } }), said)
        const known: Word[] = []
        const expected = said.findIndex((word) => {
          if (word === 'unknown') return false
          known.push(word)
          return known.slice(-of).filter((one) => one === 'up').length >= atLeast && word === 'up'
        })
        expect(transitions.indexOf('firing')).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('late words alone never fire', () => {
    fc.assert(
      fc.property(programs, words, (program, said) => {
        expect(play(program, said, false).transitions).not.toContain('firing')
      }),
    )
  })

  test('words between the thresholds and unknown ones leave a firing level as it is', () => {
    const calm = fc.array(fc.constantFrom<Word>('between', 'unknown'), { maxLength: 20 })
    fc.assert(
      fc.property(programs, calm, (program, said) => {
        const state: LevelState = { ...restingLevel(), phase: 'firing', since: 0 }
        for (const [i, word] of said.entries()) {
          const sample = { at: i, raise: RAISE[word], clear: CLEAR[word], mayFire: true }
          expect(sampleLevel(program, state, sample)).toBeNull()
        }
        expect(state).toMatchObject({ phase: 'firing', since: 0, clearSince: null })
      }),
    )
  })
})
