import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkKind, loadKinds } from '../../src/catalog/catalog.ts'
import { newDevice } from '../../src/catalog/new-device.ts'
import { normalise, play, scenarioSchema } from '../../src/cli/scenario.ts'
import { createDecoder } from '../../src/decode/decode.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'
import { testWorld } from '../support/world.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NAME = 'flood-gate'

interface Example {
  readonly receivedAt: string
  readonly payload: unknown
  readonly accepted: readonly unknown[]
  readonly rejected: readonly unknown[]
}

let root: string
let devices: URL

/** A package of its own, where `#device-kit` leads to ours. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'curbwatch-new-device-'))
  const imports = { '#device-kit': './src/model/device-kit.ts' }
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', imports }))
  symlinkSync(join(ROOT, 'src'), join(root, 'src'))
  mkdirSync(join(root, 'devices'))
  devices = pathToFileURL(join(root, 'devices/'))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a name that will not do is refused with a word, and nothing is made', () => {
  test.each([
    [undefined, 'which kind'],
    ['', 'no name'],
    ['Flood-Gate', 'no name'],
    ['flood_gate', 'no name'],
    ['2gates', 'no name'],
    ['../gates', 'no name'],
    ['gate-', 'no name'],
    ['g'.repeat(41), 'no name'],
  ])('%s', (name, word) => {
    expect(newDevice(name, devices)).toEqual({ ok: false, error: expect.stringContaining(word) })
    expect(readdirSync(devices)).toEqual([])
  })

  test('one that is taken', () => {
    expect(newDevice('dust')).toEqual({ ok: false, error: expect.stringContaining('already') })
  })
})

describe('a new kind', () => {
  let kind: DeviceKind

  beforeAll(async () => {
    expect(newDevice(NAME, devices)).toEqual({ ok: true, value: join(root, 'devices', NAME) })
    const kinds = await loadKinds(devices)
    kind = kinds[0] as DeviceKind
  })

  test('is whole and valid', () => {
    expect(kind.name).toBe(NAME)
    expect(checkKind(NAME, kind)).toEqual([])
    expect(kind.rules.map((rule) => rule.id)).toEqual([
      `${NAME}-level`,
      `${NAME}-silent`,
      `${NAME}-battery`,
    ])
  })

  test('keeps no trace of the template', () => {
    const files = readdirSync(join(root, 'devices', NAME), { recursive: true, withFileTypes: true })
    for (const entry of files.filter((one) => one.isFile())) {
      expect(entry.name).not.toContain('.tmpl')
      expect(readFileSync(join(entry.parentPath, entry.name), 'utf8')).not.toContain('__kind__')
    }
  })

  test('decodes its examples as they say', () => {
    for (const example of contents('examples')) {
      const { receivedAt, payload, accepted, rejected } = example as Example
      const bytes = new TextEncoder().encode(JSON.stringify(payload))
      const decoded = createDecoder(kind)(bytes, Date.parse(receivedAt))
      expect(decoded.readings).toHaveLength(accepted.length)
      expect(decoded.rejections).toHaveLength(rejected.length)
    }
  })

  test('plays its scenarios as they say', () => {
    for (const content of contents('scenarios')) {
      const scenario = scenarioSchema.parse(content)
      const outcome = play(testWorld([kind]), kind.name, scenario)
      expect(outcome.alerts).toEqual(normalise(scenario.alerts))
      expect(outcome.cases).toEqual(scenario.cases)
    }
  })

  function contents(folder: string): unknown[] {
    const path = join(root, 'devices', NAME, folder)
    return readdirSync(path).map((file) => JSON.parse(readFileSync(join(path, file), 'utf8')))
  }
})
