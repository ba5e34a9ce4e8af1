import type { Instant } from '../model/time.ts'
import type { LevelProgram } from './compile.ts'
import type { LevelState } from './state.ts'

/**
 * One level of an alert as a small machine, advanced by samples and by time alone.
 *
 *   inactive ──raise──▶ pending ──held for, or n of m samples──▶ firing ──clear held──▶ inactive
 *
 * Raise and clear have thresholds of their own (hysteresis); between them nothing changes.
 */
export type Transition = 'pending' | 'firing' | 'cleared' | 'inactive'

export interface Sample {
  readonly at: Instant
  /** Conditions at this sample; null: unknown, neither raises nor clears. */
  readonly raise: boolean | null
  readonly clear: boolean | null
  /**
   * False for a reading that came late: it may feed and clear, but an alert is never raised by
   * the past alone.
   */
  readonly mayFire: boolean
}

/** Takes one sample; returns what changed, or null. Changes `state` in place. */
export function sampleLevel(
  level: LevelProgram,
  state: LevelState,
  sample: Sample,
): Transition | null {
  if (state.phase === 'firing') return sampleFiring(level, state, sample)
  if (sample.raise === null) return null
  if (level.samples !== null) {
    const mask = 2 ** level.samples.of - 1
    state.samples = ((state.samples << 1) | (sample.raise ? 1 : 0)) & mask
  }
  if (!sample.raise) {
    if (state.phase === 'inactive') return null
    enter(state, 'inactive', sample.at)
    return 'inactive'
  }
  const before = state.phase
  if (before === 'inactive') enter(state, 'pending', sample.at)
  if (sample.mayFire && isDue(level, state, sample.at)) {
    enter(state, 'firing', sample.at)
    return 'firing'
  }
  return before === 'inactive' ? 'pending' : null
}

function sampleFiring(level: LevelProgram, state: LevelState, sample: Sample): Transition | null {
  if (sample.clear === null) return null
  if (!sample.clear) {
    state.clearSince = null
    return null
  }
  state.clearSince ??= sample.at
  if (sample.at - state.clearSince < level.clearFor) return null
  enter(state, 'inactive', sample.at)
  return 'cleared'
}

/** When time alone would move the level, or null. Nothing moves before it. */
export function levelDue(level: LevelProgram, state: LevelState): Instant | null {
  if (state.phase === 'pending' && level.holdFor !== null) return state.since + level.holdFor
  if (state.phase === 'firing' && state.clearSince !== null)
    return state.clearSince + level.clearFor
  return null
}

/** Time has come to `at` (at least the level's due time); returns what changed. */
export function elapseLevel(level: LevelProgram, state: LevelState): Transition | null {
  const due = levelDue(level, state)
  if (due === null) return null
  if (state.phase === 'pending') {
    enter(state, 'firing', due)
    return 'firing'
  }
  enter(state, 'inactive', due)
  return 'cleared'
}

function isDue(level: LevelProgram, state: LevelState, at: Instant): boolean {
  const held = level.holdFor !== null && at - state.since >= level.holdFor
  const counted = level.samples !== null && bits(state.samples) >= level.samples.atLeast
  const atOnce = level.holdFor === null && level.samples === null
  return held || counted || atOnce
}

function enter(state: LevelState, phase: LevelState['phase'], at: Instant): void {
  state.phase = phase
  state.since = at
  state.clearSince = null
  if (phase === 'firing') state.samples = 0
}

function bits(n: number): number {
  let count = 0
  for (let rest = n; rest > 0; rest &= rest - 1) count++
  return count
}
