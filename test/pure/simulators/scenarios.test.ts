import { describe, expect, test } from 'vitest'
import { loadKinds } from '../../../simulators/kinds.ts'
import { createRandom } from '../../../simulators/random.ts'
import { type IncidentPlan, incidentAt, ordealOf, spread } from '../../../simulators/scenario.ts'
import { SCENARIOS } from '../../../simulators/scenarios.ts'
import { storm, valueAt, weatherAt } from '../../../simulators/weather.ts'
import { MINUTE } from '../../../src/model/time.ts'

const kinds = await loadKinds()

describe.each(Object.entries(SCENARIOS))('scenario %s', (_name, scenario) => {
  test('names kinds and incidents that exist', () => {
    for (const kind of Object.keys(scenario.mix)) expect([...kinds.keys()]).toContain(kind)
    for (const { kind, name } of scenario.incidents) {
      expect(scenario.mix[kind]).toBeGreaterThan(0)
      expect(kinds.get(kind)?.simulator.incidents).toContain(name)
    }
  })

  test('shares of a kind add up to at most 1, and incidents end after they begin', () => {
    const byKind = Map.groupBy(scenario.incidents, (plan) => plan.kind)
    for (const plans of byKind.values()) {
      expect(plans.reduce((sum, plan) => sum + plan.share, 0)).toBeLessThanOrEqual(1)
    }
    for (const plan of scenario.incidents) {
      expect(plan.strength).toBeGreaterThan(0)
      expect(plan.to).toBeGreaterThan(plan.from + plan.stagger)
    }
  })

  test('its weather is one that sensors could measure, at all times', () => {
    for (let minute = -720; minute < 1440; minute++) {
      const weather = weatherAt(scenario.weather, minute * MINUTE)
      expect(weather.rainfallMmH).toBeGreaterThanOrEqual(0)
      expect(weather.rainfallMmH).toBeLessThanOrEqual(150)
      expect(weather.windSpeedMs).toBeGreaterThanOrEqual(0)
      expect(weather.windSpeedMs).toBeLessThanOrEqual(40)
      expect(weather.windDirDeg).toBeGreaterThanOrEqual(0)
      expect(weather.windDirDeg).toBeLessThan(360)
      expect(weather.humidityPct).toBeLessThanOrEqual(100)
      expect(weather.pm10Background).toBeGreaterThan(0)
    }
  })

  test('curves are in order of time', () => {
    for (const curve of Object.values(scenario.weather)) {
      if (typeof curve === 'number') continue
      const minutes = curve.map((point: readonly [number, number]) => point[0])
      expect(minutes).toEqual(minutes.toSorted((a: number, b: number) => a - b))
    }
  })
})

test('the demo has an incident for each of its kinds, begun within three minutes', () => {
  const { incidents, mix } = SCENARIOS.demo ?? { incidents: [], mix: {} }
  expect(new Set(incidents.map((plan) => plan.kind))).toEqual(new Set(Object.keys(mix)))
  for (const plan of incidents) expect(plan.from + plan.stagger).toBeLessThanOrEqual(3 * MINUTE)
})

describe('weather', () => {
  test('a storm rises, peaks and ends', () => {
    const curve = storm({ start: 5, rise: 10, peakMmH: 80, hold: 20, decay: 30 })
    const at = (minute: number) => valueAt(curve, minute)
    expect([at(0), at(5), at(15), at(35), at(65), at(100)]).toEqual([0, 0, 80, 64, 0, 0])
    expect(at(10)).toBeCloseTo(40)
  })

  test('it changes smoothly: within ten seconds by a little', () => {
    const script = SCENARIOS.rainstorm?.weather
    if (script === undefined) throw new Error('no rainstorm')
    for (let at = 0; at < 60 * MINUTE; at += 10_000) {
      const change = weatherAt(script, at + 10_000).rainfallMmH - weatherAt(script, at).rainfallMmH
      expect(Math.abs(change)).toBeLessThan(8)
    }
  })
})

describe('how a scenario falls upon a fleet', () => {
  const plan: IncidentPlan = {
    kind: 'dust',
    name: 'dusty-work',
    strength: 2,
    share: 0.1,
    from: 1_000,
    to: 9_000,
    stagger: 500,
  }
  const other = { ...plan, name: 'night-noise', share: 0.2 }
  const namesOf = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      return ordealOf([plan, other], 'dust', index, createRandom(1, index))?.incident.name
    })

  test('shares hold for many devices, and the first device shows the first incident', () => {
    const names = namesOf(1_000)
    expect(names[0]).toBe('dusty-work')
    expect(names.filter((name) => name === 'dusty-work').length).toBeCloseTo(100, -1)
    expect(names.filter((name) => name === 'night-noise').length).toBeCloseTo(200, -1)
  })

  test('a larger fleet leaves the fate of the others as it was', () => {
    expect(namesOf(1_000).slice(0, 50)).toEqual(namesOf(50))
  })

  test('an incident acts from its beginning to its end', () => {
    const ordeal = ordealOf([plan], 'dust', 0, createRandom(1))
    expect(ordeal?.from).toBeGreaterThanOrEqual(1_000)
    expect(ordeal?.from).toBeLessThanOrEqual(1_500)
    expect(incidentAt(ordeal, 999)).toBeNull()
    expect(incidentAt(ordeal, 1_500)).toEqual({ name: 'dusty-work', strength: 2 })
    expect(incidentAt(ordeal, 9_000)).toBeNull()
    expect(incidentAt(null, 1_500)).toBeNull()
  })

  test('devices are spread by weight, everybody counted, no kind left out', () => {
    expect([...spread(102, { a: 3, b: 1 })]).toEqual([
      ['a', 76],
      ['b', 26],
    ])
    expect([...spread(3, { a: 98, b: 1, c: 1, d: 0 }).values()]).toEqual([1, 1, 1])
    for (const total of [1, 2, 7, 1_234]) {
      const counts = [...spread(total, { a: 30, b: 20, c: 15, d: 20, e: 5, f: 10 }).values()]
      expect(counts.reduce((a, b) => a + b)).toBe(total)
    }
  })
})
