import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createRandom } from '../../simulators/random.ts'
import { catalogRules, checkKind, loadKinds } from '../../src/catalog/catalog.ts'
import { normalise, play, samples, scenarioSchema } from '../../src/cli/scenario.ts'
import { createDecoder } from '../../src/decode/decode.ts'
import { isErrorCode } from '../../src/model/errors.ts'
import type { Simulator } from '../../src/model/simulation.ts'
import { isoUtc } from '../../src/model/time.ts'
import { compileRule } from '../../src/rules/compile.ts'
import { testWorld } from '../support/world.ts'

const DEVICES = fileURLToPath(new URL('../../devices/', import.meta.url))
const kinds = await loadKinds()

const exampleSchema = z.strictObject({
  title: z.string().min(10),
  receivedAt: z.iso.datetime(),
  payload: z.unknown().optional(),
  /** Raw text instead of a payload, for what is no JSON. */
  text: z.string().optional(),
  accepted: z.array(
    z.strictObject({
      observedAt: z.iso.datetime().optional(),
      fields: z.record(z.string(), z.union([z.number(), z.boolean()])),
    }),
  ),
  rejected: z.array(
    z.strictObject({
      code: z.string().refine(isErrorCode),
      field: z.string().optional(),
      index: z.number().optional(),
    }),
  ),
})

function files(kind: string, folder: 'examples' | 'scenarios'): [name: string, content: unknown][] {
  const path = `${DEVICES}${kind}/${folder}`
  return readdirSync(path).map((name) => [
    name,
    JSON.parse(readFileSync(`${path}/${name}`, 'utf8')),
  ])
}

test('the catalogue holds the six kinds of the contract', () => {
  expect(kinds.map((kind) => kind.name)).toEqual([
    'dust',
    'manhole-cover',
    'oil-fume',
    'sprinkler-truck',
    'tree-tilt',
    'waterlogging',
  ])
})

test('an empty catalogue fails to load', async () => {
  await expect(loadKinds(new URL('./', import.meta.url))).rejects.toThrow('no device kind')
})

test('a kind that calls itself otherwise than its folder is told', () => {
  expect(checkKind('other', kinds[0] as (typeof kinds)[number])).toContainEqual(
    expect.stringContaining('calls itself'),
  )
})

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
  const scenarios = files(name, 'scenarios').map(
    ([file, content]) => [file, scenarioSchema.parse(content)] as const,
  )

  test('has a profile, a simulator, examples, scenarios and a README', () => {
    for (const file of ['profile.ts', 'simulate.ts', 'README.md', 'examples', 'scenarios']) {
      expect(existsSync(`${DEVICES}${name}/${file}`), file).toBe(true)
    }
  })

  test.each(files(name, 'examples'))('example %s decodes as it says', (_file, content) => {
    const example = exampleSchema.parse(content)
    const receivedAt = Date.parse(example.receivedAt)
    const text = example.text ?? JSON.stringify(example.payload)
    const decoded = createDecoder(kind)(new TextEncoder().encode(text), receivedAt)
    expect(
      decoded.readings.map((r) => ({
        observedAt: isoUtc(r.ts ?? receivedAt),
        fields: r.values.fields,
      })),
    ).toEqual(example.accepted.map((a) => ({ observedAt: isoUtc(receivedAt), ...a })))
    expect(decoded.rejections).toEqual(example.rejected.map((r) => expect.objectContaining(r)))
  })

  test('has accepted and rejected examples', () => {
    const examples = files(name, 'examples').map(([, content]) => exampleSchema.parse(content))
    expect(examples.some((example) => example.accepted.length > 0)).toBe(true)
    expect(examples.some((example) => example.rejected.length > 0)).toBe(true)
  })

  test.each(scenarios)('scenario %s comes out as it says', (_file, scenario) => {
    const outcome = play(testWorld([kind]), kind.name, scenario)
    expect(outcome.alerts).toEqual(normalise(scenario.alerts))
    expect(outcome.cases).toEqual(scenario.cases)
    const fired = new Set(outcome.alerts.map((alert) => alert.rule))
    expect(scenario.quiet.filter((rule) => fired.has(rule))).toEqual([])
  })

  test.each(catalogRules(kind).map((rule) => [rule.id, rule] as const))(
    'rule %s has a scenario that fires and one that comes near',
    (id, rule) => {
      expect(
        scenarios.some(([, s]) => s.alerts.some((a) => a.rule === id && a.becomes === 'firing')),
      ).toBe(true)
      const program = compileRule(rule, kind)
      const fields = program.ok ? program.value.fields : []
      const near = scenarios.filter(([, s]) => s.quiet.includes(id))
      const touches = near.some(
        ([, s]) =>
          rule.missing !== undefined ||
          samples(s).some((sample) =>
            Object.keys(sample.fields).some((field) => fields.includes(field)),
          ),
      )
      expect(touches).toBe(true)
    },
  )

  test('a thousand seeded simulator steps decode', async () => {
    const { simulator } = (await import(`${DEVICES}${name}/simulate.ts`)) as {
      simulator: Simulator
    }
    const decode = createDecoder(kind)
    const start = Date.parse('2026-11-22T00:00:00Z')
    const device = simulator.create(
      {
        lat: 35,
        lon: 118,
        route: [
          [118, 35],
          [118.01, 35],
          [118.02, 35.01],
        ],
      },
      createRandom(7),
    )
    for (let i = 0; i < 1000; i++) {
      const incident = simulator.incidents[i % (simulator.incidents.length + 3)]
      const now = start + i * 60_000
      const weather = {
        rainfallMmH: Math.max(0, 60 * Math.sin(i / 50)),
        windSpeedMs: 5 + 5 * Math.sin(i / 30),
        windDirDeg: (i * 3) % 360,
        temperatureC: 18,
        humidityPct: 60,
        pm10Background: 70,
      }
      const world = { now, hour: (8 + i / 60) % 24, weather }
      device.step(world, 10_000, incident === undefined ? null : { name: incident, strength: 1 })
      const decoded = decode(new TextEncoder().encode(JSON.stringify(device.read(world))), now)
      expect(decoded.rejections).toEqual([])
      expect(decoded.readings).toHaveLength(1)
    }
  })
})
