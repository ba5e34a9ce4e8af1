import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadKinds } from '../catalog/catalog.ts'
import { errorsPage } from './errors-page.ts'
import { kindsPage } from './kinds-page.ts'
import { metricsPage } from './metrics-page.ts'
import { openapiPage } from './openapi-page.ts'
import { settingsPage } from './settings-page.ts'

/**
 * Documentation that follows from the code: written here, compared in `npm run check`, so that it
 * cannot say something else than the code does.
 *
 *   node src/docs/generate.ts           writes
 *   node src/docs/generate.ts --check   compares; exit 1 names what is stale
 */
const DOCS = new URL('../../docs/', import.meta.url)

const kinds = await loadKinds()
const pages: Readonly<Record<string, string>> = {
  'errors.md': errorsPage(),
  'settings.md': settingsPage(),
  'kinds.md': kindsPage(kinds),
  'metrics.md': metricsPage(),
  'openapi.json': await openapiPage(kinds),
}

const stale = Object.keys(pages).filter((name) => present(name) !== pages[name])
if (process.argv.includes('--check')) {
  for (const name of stale) process.stderr.write(`docs/${name} is stale: npm run generate\n`)
  if (stale.length > 0) process.exitCode = 1
} else {
  mkdirSync(DOCS, { recursive: true })
  for (const name of stale) {
    writeFileSync(new URL(name, DOCS), pages[name] ?? '')
    process.stdout.write(`docs/${name} written\n`)
  }
}

function present(name: string): string | null {
  try {
    return readFileSync(new URL(name, DOCS), 'utf8')
  } catch {
    return null
  }
}
