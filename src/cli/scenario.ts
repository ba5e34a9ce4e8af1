import { z } from 'zod'
import type { Case } from '../cases/case.ts'
import { createEffects, type Effects } from '../engine/effects.ts'
import { NOTHING_LOOKED_UP, prepare, step } from '../engine/step.ts'
import { advance } from '../engine/time.ts'
import { placeDevice, type World } from '../engine/world.ts'
import type { Device } from '../model/device.ts'
import { ruleOverridesSchema } from '../model/rule.ts'
import { type Duration, isoUtc, parseDuration } from '../model/time.ts'
import { deviceTopic } from '../model/topics.ts'

/**
 * Plays a kind's scenario file through the engine: readings over time in, alerts and cases out.
 * The catalogue's tests and `rules test` are this.
 */

const DEVICE = 'scenario-device'

const offset = z.string().transform((text) => (text === '0m' ? 0 : (parseDuration(text) as number)))
const value = z.union([z.number(), z.boolean()])
const entrySchema = z.union([
  z.strictObject({ at: offset, fields: z.record(z.string(), value) }),
  z.strictObject({
    from: offset,
    to: offset,
    every: offset,
    fields: z.record(z.string(), value).default({}),
    ramp: z.record(z.string(), z.tuple([z.number(), z.number()])).default({}),
    wave: z.record(z.string(), z.tuple([z.number(), z.number(), z.string()])).default({}),
  }),
])

export const scenarioSchema = z.strictObject({
  title: z.string().min(10),
  start: z.iso.datetime(),
  device: z
    .strictObject({
      attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
      ruleOverrides: ruleOverridesSchema.default({}),
    })
    .default({ attributes: {}, ruleOverrides: {} }),
  readings: z.array(entrySchema).min(1),
  until: offset,
  alerts: z.array(
    z.strictObject({
      at: z.string(),
      rule: z.string(),
      level: z.string(),
      becomes: z.enum(['firing', 'cleared']),
    }),
  ),
  cases: z.array(
    z.strictObject({ rule: z.string(), severity: z.string(), signal: z.enum(['firing', 'clear']) }),
  ),
  /** Rules that this scenario comes near to without firing. */
  quiet: z.array(z.string()),
})
export type Scenario = z.infer<typeof scenarioSchema>

export interface Outcome {
  readonly alerts: Scenario['alerts']
  readonly cases: Scenario['cases']
}

/** The device that a scenario is about. */
export function scenarioDevice(kind: string, scenario: Scenario): Device {
  return {
    id: DEVICE,
    kind,
    name: DEVICE,
    lat: null,
    lon: null,
    gridCode: null,
    districtId: null,
    unitId: null,
    ...scenario.device,
    enabled: true,
    secretHash: '',
    createdAt: 0,
  }
}

/** Plays the scenario in a world that has the rules; the clock moves as far as `until`. */
export function play(world: World, kind: string, scenario: Scenario): Outcome {
  const start = Date.parse(scenario.start)
  placeDevice(world, scenarioDevice(kind, scenario))
  const effects = createEffects()
  let seq = 0
  for (const { at, fields } of samples(scenario)) {
    const receivedAt = start + at
    const payload = new TextEncoder().encode(JSON.stringify({ ts: isoUtc(receivedAt), ...fields }))
    const topic = deviceTopic(kind, DEVICE, 'telemetry')
    const prepared = prepare(world, { seq: ++seq, type: 'telemetry', receivedAt, topic, payload })
    step(world, prepared, NOTHING_LOOKED_UP, effects)
  }
  if (effects.quarantined.length > 0) {
    throw new Error(
      `a reading of the scenario is not valid: ${JSON.stringify(effects.quarantined[0]?.rejections)}`,
    )
  }
  advance(world, start + scenario.until, effects)
  return outcome(start, effects)
}

/** The scenario's readings in order of time. */
export function samples(
  scenario: Scenario,
): { at: Duration; fields: Record<string, number | boolean> }[] {
  return scenario.readings
    .flatMap((entry) => {
      if ('at' in entry) return [entry]
      const count = Math.floor((entry.to - entry.from) / entry.every) + 1
      return Array.from({ length: count }, (_, i) => {
        const share = count === 1 ? 0 : i / (count - 1)
        const since = i * entry.every
        const ramp = mapValues(entry.ramp, ([a, b]) => round(a + (b - a) * share))
        const wave = mapValues(entry.wave, ([mean, amplitude, period]) =>
          round(
            mean + amplitude * Math.sin((2 * Math.PI * since) / (parseDuration(period) as number)),
          ),
        )
        return { at: entry.from + since, fields: { ...entry.fields, ...ramp, ...wave } }
      })
    })
    .sort((a, b) => a.at - b.at)
}

function outcome(start: number, effects: Effects): Outcome {
  const alerts = effects.alertChanges
    .filter((change) => change.becomes === 'firing' || change.becomes === 'cleared')
    .map((change) => ({
      at: offsetText(change.at - start),
      rule: change.ruleId,
      level: change.level as string,
      becomes: change.becomes as 'firing' | 'cleared',
    }))
  const cases = [...effects.cases.values()].map((it: Case) => ({
    rule: it.ruleId,
    severity: it.severity as string,
    signal: it.signal.state,
  }))
  return { alerts, cases }
}

function offsetText(ms: Duration): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}m` : `${ms / 1000}s`
}

/** Writes offsets the way the outcome does, so that `1h` in a file equals `60m`. */
export function normalise(alerts: Scenario['alerts']): Scenario['alerts'] {
  return alerts.map((alert) => ({
    ...alert,
    at: offsetText(alert.at === '0m' ? 0 : (parseDuration(alert.at) as number)),
  }))
}

function mapValues<T, U>(record: Record<string, T>, f: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, one]) => [key, f(one)]))
}

function round(n: number): number {
  return Math.round(n * 1000) / 1000
}
