import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

/**
 * The borders of the house (docs/ARCHITECTURE.md): who may import what, what pure code may touch,
 * who reads the clock and the environment. A gate that checks nothing must fail, so every row of
 * the table is tried with imports that must be caught and with some that must not.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A place in the tree; imports that must be refused there; imports that must be allowed. */
type Row = readonly [place: string, bad: readonly string[], good: readonly string[]]

const TABLE: readonly Row[] = [
  [
    'src/model/planted.ts',
    ['../rules/state.ts', '../store/open.ts', 'node:fs', 'pino', 'fs'],
    ['./time.ts', 'zod'],
  ],
  [
    'src/decode/planted.ts',
    ['../rules/state.ts', '../engine/step.ts', 'node:buffer', 'mqtt'],
    ['../model/time.ts', './control.ts', 'zod'],
  ],
  [
    'src/rules/planted.ts',
    ['../decode/decode.ts', '../cases/case.ts', 'node:crypto', 'pino'],
    ['../model/time.ts', './state.ts', 'zod'],
  ],
  [
    'src/cases/planted.ts',
    ['../rules/evaluate.ts', '../engine/step.ts', 'node:fs', 'pino'],
    ['../model/time.ts', '../rules/state.ts', './case.ts', 'zod'],
  ],
  [
    'src/engine/planted.ts',
    ['../processor/processor.ts', '../store/state-port.ts', 'zod', 'node:events'],
    ['../model/time.ts', '../decode/decode.ts', '../rules/state.ts', '../cases/case.ts'],
  ],
  [
    'devices/planted/profile.ts',
    ['../dust/profile.ts', '../../src/model/time.ts', 'node:fs', 'pino'],
    ['#device-kit', './simulate.ts', 'zod'],
  ],
  [
    'src/broker/planted.ts',
    ['../ingest/ingest.ts', '../journal/port.ts', 'aedes', 'mqtt-packet', 'ws', 'mqtt'],
    ['../model/time.ts', './port.ts', 'node:net'],
  ],
  [
    'src/broker/embedded.ts',
    ['ws', 'mqtt', 'mqtt-packet', '../ingest/ingest.ts'],
    ['aedes', '../model/ids.ts'],
  ],
  ['src/broker/aedes-inside.ts', ['ws', 'mqtt'], ['aedes', 'mqtt-packet', './lane.ts']],
  ['src/broker/websocket.ts', ['aedes', 'mqtt', '../ingest/ingest.ts'], ['ws', './port.ts']],
  [
    'src/ingest/planted.ts',
    ['../broker/embedded.ts', '../journal/sqlite.ts', '../store/open.ts', 'zod', 'node:fs'],
    ['../model/time.ts', '../broker/port.ts', '../journal/port.ts', './rate-limit.ts'],
  ],
  [
    'src/journal/planted.ts',
    ['../rules/state.ts', '../store/open.ts', 'zod', 'kafkajs'],
    ['../model/time.ts', './port.ts', 'node:sqlite'],
  ],
  [
    'src/store/planted.ts',
    ['../cases/decide.ts', '../journal/port.ts', '../processor/change.ts', 'pg'],
    ['../model/time.ts', '../cases/case.ts', './state-port.ts', 'node:path'],
  ],
  [
    'src/store/sqlite/planted.ts',
    ['../../engine/step.ts', '../../journal/port.ts', 'pg'],
    ['../../model/time.ts', '../../cases/case.ts', '../state-port.ts', 'node:sqlite'],
  ],
  [
    'src/store/influxdb/planted.ts',
    ['../../engine/step.ts', '../../journal/port.ts', '../sqlite/state.ts', 'pg'],
    ['../../model/time.ts', '../telemetry-port.ts', '@influxdata/influxdb-client', 'node:sqlite'],
  ],
  [
    'src/processor/planted.ts',
    ['../journal/sqlite.ts', '../store/open.ts', '../api/ports.ts', 'node:fs', 'pino'],
    ['../model/time.ts', '../engine/step.ts', '../journal/port.ts', '../store/state-port.ts'],
  ],
  [
    'src/exporter/planted.ts',
    ['../engine/step.ts', '../store/open.ts', '../store/influxdb/ops.ts', '../ops/clock.ts', 'zod'],
    ['../model/time.ts', '../cases/case.ts', '../store/ops-port.ts', './protocol.ts'],
  ],
  [
    'src/cells/planted.ts',
    [
      '../broker/embedded.ts',
      '../ingest/ingest.ts',
      '../journal/port.ts',
      '../processor/processor.ts',
      '../store/open.ts',
      '../api/ports.ts',
      'node:fs',
      'zod',
    ],
    [
      '../model/partition.ts',
      '../processor/protocol.ts',
      '../store/state-reader-port.ts',
      './protocol.ts',
      'node:child_process',
    ],
  ],
  [
    'src/api/planted.ts',
    [
      '../broker/port.ts',
      '../ingest/ingest.ts',
      '../engine/step.ts',
      '../journal/port.ts',
      '../store/open.ts',
      '../store/sqlite/state.ts',
      '../ops/clock.ts',
      '../config/settings.ts',
      '../catalog/catalog.ts',
      '../processor/processor.ts',
      'aedes',
      'mqtt',
    ],
    ['../model/time.ts', '../rules/compile.ts', '../cases/case.ts', './ports.ts', 'fastify', 'zod'],
  ],
  [
    'src/api/routes/planted.ts',
    ['../../broker/port.ts', '../../store/sqlite/state.ts', '../../ops/clock.ts', 'pino'],
    ['../../model/time.ts', '../../store/state-reader-port.ts', '../ports.ts', 'zod'],
  ],
  ...['src/catalog', 'src/config', 'src/ops'].map(
    (folder) =>
      [
        `${folder}/planted.ts`,
        ['../engine/step.ts', '../store/open.ts', '../api/ports.ts', 'fastify', 'mqtt'],
        ['../model/time.ts', 'zod', 'node:fs'],
      ] as const,
  ),
  [
    'simulators/planted.ts',
    ['../src/broker/port.ts', '../src/store/open.ts', '../src/api/ports.ts', 'fastify', 'aedes'],
    ['../src/model/time.ts', '../src/catalog/catalog.ts', './random.ts', 'mqtt', 'zod'],
  ],
  [
    'grafana/src/lib/planted.ts',
    [
      '../../../src/store/open.ts',
      '../../../src/api/ports.ts',
      '../../../src/rules/state.ts',
      'pino',
    ],
    [
      '../../../src/model/time.ts',
      '../../../src/catalog/catalog.ts',
      '../alerts/rules.ts',
      './links.ts',
      '@grafana/grafana-foundation-sdk/stat',
      'yaml',
      'node:fs',
    ],
  ],
  [
    'grafana/src/planted.ts',
    ['../../src/store/open.ts', '../../src/cli/run.ts', '../../simulators/random.ts'],
    ['../../src/model/time.ts', './boards/index.ts'],
  ],
  [
    'test/spec/planted.test.ts',
    ['../../src/model/time.ts', '../pure/x.ts', '../../simulators/random.ts', 'mqtt'],
    ['../support/service.ts', 'vitest', 'node:net'],
  ],
]

const PURE = ['src/model', 'src/decode', 'src/rules', 'src/cases', 'src/engine', 'devices']
const GLOBALS: readonly [name: string, line: string][] = [
  ['setTimeout', 'setTimeout(() => {}, 1)'],
  ['setInterval', 'setInterval(() => {}, 1)'],
  ['process', 'export const a = process.argv'],
  ['console', 'console.log(1)'],
  ['fetch', "export const a = fetch('x')"],
  ['performance', 'export const a = performance.now()'],
  ['crypto', 'export const a = crypto.randomUUID()'],
  ['globalThis', 'export const a = globalThis.name'],
]

/** Biome's findings in a tree that has these files and our configuration: `path rule`. */
function lint(files: ReadonlyMap<string, string>): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-borders-'))
  try {
    return lintIn(folder, files)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lintIn(folder: string, files: ReadonlyMap<string, string>): Set<string> {
  for (const name of ['biome.json', 'package.json']) cpSync(join(ROOT, name), join(folder, name))
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n')
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const args = ['lint', '--reporter=json', '--max-diagnostics=none', '.']
  const { stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin/biome'), args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  const report = JSON.parse(stdout || `{"error":${JSON.stringify(stderr)}}`) as {
    diagnostics: { category: string; location: { path: string | { file: string } } }[]
  }
  expect(report.diagnostics, stderr).toBeDefined()
  return new Set(
    report.diagnostics.map(({ category, location: { path } }) => {
      const file = typeof path === 'string' ? path : path.file
      return `${file.replace(/^\.\//, '')} ${category.split('/').at(-1)}`
    }),
  )
}

/** A file for one import at a place, beside the others: same folder, so same rules. */
function planted(place: string, i: number): string {
  // Rules for one file only need this very file.
  return /(embedded|aedes-inside|websocket)\.ts$/.test(place)
    ? place
    : place.replace(/(\.\w+)+$/, `${i}$&`)
}

describe('who may import what', () => {
  const cases = TABLE.flatMap(([place, bad, good]) =>
    [...bad.map((to) => [to, true] as const), ...good.map((to) => [to, false] as const)].map(
      ([to, refused], i) => ({ place, to, refused, file: planted(place, i) }),
    ),
  )
  const found = new Map<(typeof cases)[number], boolean>()

  beforeAll(() => {
    // Imports of a file that stands alone are tried one tree after the other.
    const rounds = Map.groupBy(cases, (one) =>
      one.file === one.place ? cases.filter((c) => c.place === one.place).indexOf(one) : 0,
    )
    for (const round of rounds.values()) {
      const files = round.map((one) => [one.file, `import '${one.to}'\n`] as const)
      const findings = lint(new Map(files))
      for (const one of round) found.set(one, findings.has(`${one.file} noRestrictedImports`))
    }
  })

  test.each(TABLE.map(([place]) => place))('%s', (place) => {
    const here = cases.filter((one) => one.place === place)
    const verdicts = (of: (one: (typeof cases)[number]) => boolean | undefined) =>
      here.map((one) => `${one.to}: ${of(one) ? 'refused' : 'allowed'}`)
    expect(verdicts((one) => found.get(one))).toEqual(verdicts((one) => one.refused))
  })

  test('every folder of the house has a row', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `src/${entry.name}`)
    const rows = TABLE.map(([place]) => place)
    const without = folders.filter((folder) => !rows.some((row) => row.startsWith(`${folder}/`)))
    // The browser page is no module of ours; cli and docs are composition roots of commands.
    expect(without.sort()).toEqual(['src/cli', 'src/console', 'src/docs'])
  })
})

test('pure code may not touch the outside, and no two files import each other', () => {
  const files = new Map<string, string>()
  const expected: string[] = []
  for (const folder of PURE) {
    for (const [name, line] of GLOBALS) {
      const file = `${folder}/x/${name}.ts`
      files.set(file, `${line}\n`)
      expected.push(`${file} noRestrictedGlobals`)
    }
    files.set(`${folder}/x/good.ts`, 'export const a = Math.max(1, 2)\n')
  }
  files.set('src/model/one.ts', "import { b } from './two.ts'\nexport const a = () => b\n")
  files.set('src/model/two.ts', "import { a } from './one.ts'\nexport const b = () => a\n")
  files.set('src/model/three.ts', "import { a } from './one.ts'\nexport const c = () => a\n")
  const findings = lint(files)
  const missed = expected.filter((one) => !findings.has(one))
  expect(missed).toEqual([])
  expect([...findings].filter((one) => one.includes('good.ts'))).toEqual([])
  const cycles = [...findings].filter((one) => one.endsWith('noImportCycles')).sort()
  expect(cycles).toEqual(['src/model/one.ts noImportCycles', 'src/model/two.ts noImportCycles'])
})

/** TypeScript sources under some folders, as paths from the root. */
function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
      .filter((path) => !path.endsWith('.d.ts')),
  )
}

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** The code without its comments, line for line. */
function code(text: string): string[] {
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
  return bare.split('\n').map((line) => line.replace(/(^|\s)\/\/.*$/, ''))
}

/** Places where a pattern stands in the code: `path:line`. */
function places(pattern: RegExp, files: readonly string[], read = textOf): string[] {
  return files.flatMap((path) =>
    code(read(path)).flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}`] : [])),
  )
}

const IMPURE = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bMath\.random\b/
const CLOCK = /\bDate\.now\b|\bnew Date\(\s*\)/
const ENVIRONMENT = /\bprocess\.env\b|\benv\s*\}\s*=\s*process\b/

describe('clock, chance, environment', () => {
  test('the scan finds what is planted, and comments are no code', () => {
    const plant = (line: string) => places(IMPURE, ['x.ts'], () => `const a = 1\n${line}\n`)
    for (const line of ['Date.now()', 'new Date()', 'Math.random()', 'const now = Date.now']) {
      expect(plant(line), line).toEqual(['x.ts:2'])
    }
    for (const line of ['// Date.now()', '/* Date.now() */', 'new Date(at)', 'myDate.nowhere']) {
      expect(plant(line), line).toEqual([])
    }
    expect(places(ENVIRONMENT, ['x.ts'], () => 'process.env.HOME')).toEqual(['x.ts:1'])
    expect(places(ENVIRONMENT, ['x.ts'], () => 'const { env } = process')).toEqual(['x.ts:1'])
  })

  test('there is something to scan', () => {
    for (const folder of PURE) expect(sources(folder).length, folder).toBeGreaterThan(1)
    expect(sources('src').length).toBeGreaterThan(100)
  })

  test('pure code knows no now and no chance', () => {
    expect(places(IMPURE, sources(...PURE))).toEqual([])
  })

  test('only ops/clock.ts reads the clock', () => {
    const readers = places(CLOCK, sources('src')).map((place) => place.replace(/:\d+$/, ''))
    expect([...new Set(readers)]).toEqual(['src/ops/clock.ts'])
  })

  test('the environment is read where settings are, and where a command begins', () => {
    const readers = places(ENVIRONMENT, sources('src', 'simulators', 'devices'))
    const allowed = /^(src\/config\/|src\/cli\/|src\/main\.ts|simulators\/cli)/
    expect(readers.filter((place) => !allowed.test(place))).toEqual([])
    expect(readers).not.toEqual([])
  })
})

describe('rooms in good order', () => {
  test('every source says what it promises', () => {
    const silent = sources('src').filter((path) => !/\/\*\*|^\/\/ /m.test(textOf(path)))
    expect(silent).toEqual([])
  })

  test('no source is longer than 320 lines', () => {
    // The one list of codes: a table, not a room.
    const allowed = ['src/model/errors.ts']
    const long = sources('src').filter((path) => textOf(path).split('\n').length > 321)
    expect(long.filter((path) => !allowed.includes(path))).toEqual([])
  })
})
