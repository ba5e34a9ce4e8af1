import { describe, expect, test } from 'vitest'
import { type CrewMember, scenarioCrew } from '../../../simulators/crew.ts'
import { loadKinds } from '../../../simulators/kinds.ts'
import { createPlacer } from '../../../simulators/place.ts'
import type { Scenario } from '../../../simulators/scenario.ts'
import { SCENARIOS } from '../../../simulators/scenarios.ts'
import { createWorlds } from '../../../simulators/weather.ts'
import type { Fields } from '../../../src/model/reading.ts'
import { HOUR, MINUTE } from '../../../src/model/time.ts'
import { TEST_CITY } from './fixture-city.ts'

const kinds = await loadKinds()
const demo = SCENARIOS.demo as Scenario

function crewOf(counts: Record<string, number>, seed: number, backlog = 0): CrewMember[] {
  const place = createPlacer(TEST_CITY, seed)
  return scenarioCrew(demo, new Map(Object.entries(counts)), kinds, { place, seed, backlog })
}

interface Played {
  readonly at: number
  readonly fields: Fields
}

/** What a device reports up to a moment of the scenario. */
function play({ source }: CrewMember, until: number): Played[] {
  const worldAt = createWorlds(demo.weather, demo.startHour, 0)
  const readings: Played[] = []
  while (source.dueAt <= until) {
    const at = source.dueAt
    const fields = source.advance(worldAt(at))
    if (fields !== null) readings.push({ at, fields })
  }
  return readings
}

const EACH = Object.fromEntries([...kinds.keys()].map((kind) => [kind, 2]))
const idOf = ({ placed }: CrewMember) => placed.id

describe('a seed', () => {
  test('gives the same devices and the same readings again', () => {
    const [first, second] = [crewOf(EACH, 7), crewOf(EACH, 7)]
    expect(first.map(idOf)).toEqual(second.map(idOf))
    for (const [i, member] of first.entries()) {
      expect(play(member, 20 * MINUTE)).toEqual(play(second[i] as CrewMember, 20 * MINUTE))
    }
  })

  test('other than this gives others', () => {
    const [a, b] = [crewOf(EACH, 7)[0], crewOf(EACH, 8)[0]]
    expect(play(a as CrewMember, 20 * MINUTE)).not.toEqual(play(b as CrewMember, 20 * MINUTE))
  })

  test('more devices change nothing for those that were there', () => {
    const few = crewOf({ waterlogging: 1, dust: 1 }, 7)
    const many = new Map(crewOf({ waterlogging: 9, dust: 5 }, 7).map((m) => [idOf(m), m]))
    for (const member of few) {
      const same = many.get(idOf(member)) as CrewMember
      expect(play(member, 20 * MINUTE)).toEqual(play(same, 20 * MINUTE))
    }
  })
})

describe('reports', () => {
  test.each([...kinds.keys()])('%s: within a minute, then at least at its interval', (kind) => {
    const interval = kinds.get(kind)?.profile.reportInterval ?? 0
    for (const member of crewOf({ [kind]: 5 }, 3)) {
      const moments = play(member, 13 * HOUR).map((reading) => reading.at)
      expect(moments[0]).toBeLessThanOrEqual(MINUTE)
      for (const [i, at] of moments.entries()) {
        const before = moments[i - 1] ?? 0
        expect(at).toBeGreaterThan(before)
        expect(at - before).toBeLessThanOrEqual(interval + MINUTE)
      }
    }
  })

  test('a moving truck reports every 15 s', () => {
    const [truck] = crewOf({ 'sprinkler-truck': 1 }, 3)
    const moments = play(truck as CrewMember, 30 * MINUTE).map((reading) => reading.at)
    const steps = moments.slice(1).map((at, i) => at - (moments[i] as number))
    expect(steps.filter((step) => step === 15_000).length).toBeGreaterThan(steps.length * 0.8)
  })

  test('what keeps readings has them from before the start, the others have not', () => {
    for (const member of crewOf(EACH, 3, HOUR)) {
      const keeps = ['dust', 'oil-fume', 'tree-tilt'].includes(member.placed.kind)
      const past = play(member, 0)
      expect(past.length > 3).toBe(keeps)
      if (keeps) expect(past[0]?.at).toBeLessThanOrEqual(MINUTE - HOUR)
    }
  })
})

test('the demo: water passes 15 cm before minute 20, on every seed', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [lowPoint] = crewOf({ waterlogging: 1 }, seed)
    const deep = play(lowPoint as CrewMember, 20 * MINUTE).filter(({ fields }) => {
      return Number(fields.depthCm) >= 15
    })
    expect(deep.length).toBeGreaterThanOrEqual(3)
  }
})
