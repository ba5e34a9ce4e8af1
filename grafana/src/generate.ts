import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadKinds } from '../../src/catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../../src/catalog/city.ts'
import { boards, type Output } from './boards/index.ts'
import { kindsOfCity } from './city-kinds.ts'
import { maps } from './maps.ts'
import { provisioning } from './provisioning/index.ts'

/**
 * Grafana's boards, maps, alert rules and their provisioning: written here from the device kinds
 * and the city, compared in `npm run check`.
 *
 *   npm run generate:grafana                         writes
 *   npm run generate:grafana -- --city my-city.json  writes with a city's own districts and limits
 *   node grafana/src/generate.ts --check             compares; exit 1 names what is stale
 */
const GRAFANA = new URL('../', import.meta.url)
/** Folders that hold generated files only: what is there and not made here is stale. */
const OWNED = ['dashboards/zh-CN', 'dashboards/en']

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, city: { type: 'string' } },
})
const city = await loadCity(values.city ?? DEMO_CITY)
if (!city.ok) {
  const faults = city.error.map(({ path, message }) => `  ${path}: ${message}\n`).join('')
  process.stderr.write(`the city file is not valid\n${faults}`)
  process.exit(1)
}
const kinds = kindsOfCity(await loadKinds(), city.value)

const outputs: readonly Output[] = [
  ...boards(kinds, city.value),
  ...maps(city.value),
  ...provisioning(kinds, city.value),
]

const stale = outputs.filter(({ path, content }) => !present(path)?.equals(Buffer.from(content)))
const orphans = OWNED.flatMap((folder) => files(folder)).filter(
  (path) => !outputs.some((output) => output.path === path),
)

if (values.check) {
  for (const path of [...stale.map((output) => output.path), ...orphans]) {
    process.stderr.write(`grafana/${path} is stale: npm run generate\n`)
    process.exitCode = 1
  }
} else {
  for (const { path, content } of stale) {
    const file = new URL(path, GRAFANA)
    mkdirSync(new URL('./', file), { recursive: true })
    writeFileSync(file, content)
    process.stdout.write(`grafana/${path} written\n`)
  }
  for (const path of orphans) {
    rmSync(new URL(path, GRAFANA))
    process.stdout.write(`grafana/${path} removed\n`)
  }
}

function present(path: string): Buffer | null {
  try {
    return readFileSync(new URL(path, GRAFANA))
  } catch {
    return null
  }
}

function files(folder: string): string[] {
  try {
    return readdirSync(new URL(`${folder}/`, GRAFANA)).map((name) => `${folder}/${name}`)
  } catch {
    return []
  }
}
