import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { catalogRules, DEVICES, loadKinds } from '../catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../catalog/city.ts'
import { createWorld, placeRule } from '../engine/world.ts'
import type { Fault } from '../model/errors.ts'
import { ruleSchema } from '../model/rule.ts'
import { compileRule } from '../rules/compile.ts'
import { normalise, play, scenarioSchema } from './scenario.ts'

/** `rules check`: a rule, or an array of rules, in a JSON file. */
export async function checkRules(file: string): Promise<number> {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const kinds = await loadKinds()
  let bad = 0
  for (const [i, one] of (Array.isArray(document) ? document : [document]).entries()) {
    const faults = faultsOf(one, kinds)
    const name = (one as { id?: unknown } | null)?.id ?? `rule ${i + 1}`
    process.stdout.write(
      `${String(name)}: ${faults.length === 0 ? 'fine' : `faults: ${faults.length}`}\n`,
    )
    for (const { path, message } of faults) process.stdout.write(`  ${path}: ${message}\n`)
    if (faults.length > 0) bad++
  }
  return bad === 0 ? 0 : 1
}

function faultsOf(document: unknown, kinds: Awaited<ReturnType<typeof loadKinds>>): Fault[] {
  const parsed = ruleSchema.safeParse(document)
  if (!parsed.success) {
    return parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
  }
  const kind = kinds.find((one) => one.name === parsed.data.kind)
  if (kind === undefined) return [{ path: 'kind', message: `unknown kind "${parsed.data.kind}"` }]
  const program = compileRule({ ...parsed.data, version: 1, origin: 'city' }, kind)
  return program.ok ? [] : program.error
}

/** `rules test`: plays the scenarios of the catalogue with its rules, and tells what differs. */
export async function testRules(only: string | undefined): Promise<number> {
  const city = await loadCity(DEMO_CITY)
  if (!city.ok) throw new Error('the bundled city is not valid')
  let bad = 0
  for (const kind of await loadKinds()) {
    if (only !== undefined && kind.name !== only) continue
    const folder = new URL(`${kind.name}/scenarios/`, DEVICES)
    for (const file of readdirSync(folder)) {
      const scenario = scenarioSchema.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
      const world = createWorld(city.value, [kind])
      for (const rule of catalogRules(kind)) placeRule(world, rule)
      const outcome = play(world, kind.name, scenario)
      const same =
        isDeepStrictEqual(outcome.alerts, normalise(scenario.alerts)) &&
        isDeepStrictEqual(outcome.cases, scenario.cases)
      process.stdout.write(
        `${same ? 'as expected' : 'DIFFERS    '}  ${kind.name}/${file}: ${scenario.title}\n`,
      )
      if (!same) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
      if (!same) bad++
    }
  }
  return bad === 0 ? 0 : 1
}
