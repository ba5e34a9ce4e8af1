import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { boards, boardsIn } from '../../grafana/src/boards/index.ts'
import { maps } from '../../grafana/src/maps.ts'
import { loadKinds } from '../../src/catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../../src/catalog/city.ts'
import type { City } from '../../src/model/city.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'
import { type BoardJson, committedBoards, queriesOf } from '../support/boards.ts'

/** The boards as files: fit for Grafana's schema, linted, the same in both languages. */
const SOURCES = ['influx-telemetry', 'influx-telemetry-5m', 'influx-ops', 'influx-cases']
const GRAFANA = new URL('../../grafana/', import.meta.url)

let kinds: DeviceKind[]
let city: City

beforeAll(async () => {
  kinds = await loadKinds()
  const loaded = await loadCity(DEMO_CITY)
  if (!loaded.ok) throw new Error('the bundled city does not load')
  city = loaded.value
})

const chinese = committedBoards('zh-CN')
const english = committedBoards('en')
const all = [...chinese, ...english]
const named = all.map((board) => [board.uid, board] as const)

test('the committed files are what is generated', () => {
  for (const { path, content } of [...boards(kinds, city), ...maps(city)]) {
    const committed = readFileSync(new URL(path, GRAFANA))
    const same = committed.equals(Buffer.from(content))
    expect(same, `grafana/${path} is stale: node grafana/src/generate.ts`).toBe(true)
  }
})

test('every board is there, and a board for every kind of the catalogue', () => {
  const expected = ['duty', 'district', 'device', 'cases', 'pipeline', ...kindBoards(kinds)]
  expect(chinese.map(({ uid }) => uid).sort()).toEqual(expected.map((n) => `city-${n}-zh`).sort())
  expect(english.map(({ uid }) => uid).sort()).toEqual(expected.map((n) => `city-${n}-en`).sort())
})

function kindBoards(of: readonly DeviceKind[]): string[] {
  return of.map(({ name }) => `kind-${name}`)
}

test('a kind that is added gets its board, fields without a rule and unknown to others too', () => {
  const [first] = kinds
  if (first === undefined) throw new Error('no kind')
  const label = { 'zh-CN': '新', en: 'New' }
  const field = { type: 'number', label, unit: 'celsius', min: -50, max: 99, digits: 1 } as const
  const added = {
    ...first,
    name: 'hydrant',
    title: { 'zh-CN': '消火栓', en: 'Hydrant' },
    fields: { ...Object.fromEntries([...'abcdefghijkl'].map((name) => [name, field])), t: field },
    primaryField: 't',
    rules: [],
  }
  const made = boardsIn('en', [...kinds, added], city) as unknown as BoardJson[]
  const board = made.find(({ uid }) => uid === 'city-kind-hydrant-en')
  expect(board?.title).toContain('Hydrant')
  if (board !== undefined) checkGrid(board)
})

describe.each(named)('%s', (_, board) => {
  const panels = board.panels

  test('fits the schema of Grafana', () => {
    const schema = JSON.parse(
      readFileSync(new URL('dashboard.schema.json', import.meta.url), 'utf8'),
    ) as object
    const validate = new Ajv({ allErrors: true, strict: false }).compile(schema)
    expect(validate(board) ? [] : validate.errors).toEqual([])
  })

  test('has what all boards have', () => {
    expect(board.uid).toMatch(/^[a-z0-9-]{1,40}$/)
    expect(board).not.toHaveProperty('id')
    expect(board).not.toHaveProperty('__inputs')
    expect(board).toMatchObject({
      schemaVersion: 42,
      editable: false,
      refresh: '30s',
      graphTooltip: 1,
      timezone: 'Asia/Shanghai',
    })
    expect(board.title).not.toBe('')
    expect(board.tags).toContain('curbwatch')
  })

  test('every panel has title, description, unit, a word for no data, a source and a query', () => {
    for (const panel of panels) {
      const { unit, noValue } = panel.fieldConfig.defaults
      const texts = [panel.title, panel.description, unit, noValue]
      expect(texts.map(Boolean), `panel ${panel.id}`).toEqual([true, true, true, true])
      expect(texts.join(), `panel ${panel.id}: a text that nobody filled in`).not.toMatch(/\{\w+\}/)
      expect(SOURCES, `panel ${panel.id}`).toContain(panel.datasource?.uid)
      if (panel.type === 'alertlist') continue
      expect(panel.targets?.length, `panel ${panel.id}`).toBeGreaterThan(0)
      for (const target of panel.targets ?? []) {
        expect(SOURCES).toContain(target.datasource.uid)
        expect(target.rawQuery).toBe(true)
      }
    }
  })

  test('at most twelve panels, each with its own id and place inside 24 columns', () => {
    checkGrid(board)
  })

  test('queries are InfluxQL that names its range, and no name is left open', () => {
    for (const { panel, target } of queriesOf(board)) {
      if (panel === 0) continue
      expect(target.query).toMatch(/^SELECT .*\$timeFilter/)
      const variables = [...target.query.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name)
      const declared = (board.templating.list ?? []).map(({ name }) => name)
      const known = ['timeFilter', '__interval', ...declared]
      expect(variables.filter((name) => !known.includes(name ?? ''))).toEqual([])
    }
  })

  test('links lead to boards that exist, in this language, and to the console', () => {
    const uids = all.map(({ uid }) => uid)
    const language = board.uid.slice(-3)
    const links = [...JSON.stringify(panels).matchAll(/"url":"([^"]+)"/g)].map(
      ([, url]) => url ?? '',
    )
    for (const url of links.filter((one) => !one.startsWith('public/maps/'))) {
      if (url.startsWith('http')) {
        expect(url).toBe(`http://localhost:8080/cases/\${__data.fields.case_id}`)
        continue
      }
      const [, uid = ''] = /^\/d\/([^?]+)/.exec(url) ?? []
      const targets = kinds.map(({ name }) => uid.replace(`\${__field.labels.kind}`, name))
      for (const target of targets) expect(uids).toContain(target)
      expect(uid.endsWith(language), url).toBe(true)
    }
    const twin = board.links.find(({ url }) => url?.startsWith('/d/'))?.url ?? ''
    expect(uids).toContain(twin.slice('/d/'.length))
    expect(twin.slice(0, -3)).toBe(`/d/${board.uid.slice(0, -3)}`)
    for (const { type, tags } of board.links.filter((link) => link.type === 'dashboards')) {
      const found = all.filter((other) => tags.every((tag) => other.tags.includes(tag)))
      expect(found.length, `${type} ${tags}`).toBeGreaterThan(0)
      expect(found.every(({ uid }) => uid.endsWith(language))).toBe(true)
    }
  })

  test('whatever lists devices or cases links to them', () => {
    for (const panel of panels.filter(({ type }) => type === 'table' || type === 'geomap')) {
      const columns = (panel.targets ?? [])
        .map(({ query }) => query.split(' FROM ')[0] ?? '')
        .join()
      const overrides = JSON.stringify(panel.fieldConfig.overrides)
      if (columns.includes('"case_id"')) expect(overrides).toContain('/cases/')
      if (columns.includes('"device"')) expect(overrides).toContain('var-device=')
    }
  })

  test('no query lists all devices', () => {
    for (const { target } of queriesOf(board)) {
      if (!/GROUP BY[^)]*"device"/.test(target.query)) continue
      expect(target.query).toMatch(/top\(|bottom\(|count\(|max\(|min\(|LIMIT/)
    }
  })
})

function checkGrid({ panels }: BoardJson) {
  expect(panels.length).toBeLessThanOrEqual(12)
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = new Map<string, number>()
  for (const { id, gridPos } of panels) {
    const { x, y, w, h } = gridPos
    expect(
      [x, y, w, h].every((n) => Number.isInteger(n) && n >= 0),
      `panel ${id}`,
    ).toBe(true)
    expect(x + w, `panel ${id}`).toBeLessThanOrEqual(24)
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        const cell = `${column}/${row}`
        expect(cells.get(cell), `panels ${id} and ${cells.get(cell)} overlap`).toBeUndefined()
        cells.set(cell, id)
      }
    }
  }
  // No gaps: what is left of the rectangle is nothing.
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h))
  expect(cells.size).toBe(24 * bottom)
}

test('no two boards of a folder have one title, and no uid is used twice', () => {
  for (const folder of [chinese, english]) {
    expect(new Set(folder.map(({ title }) => title)).size).toBe(folder.length)
  }
  expect(new Set(all.map(({ uid }) => uid)).size).toBe(all.length)
})

test('both languages have the same panels, places and queries, and their own words', () => {
  expect(chinese.length).toBe(english.length)
  for (const [i, zh] of chinese.entries()) {
    const en = english[i]
    if (en === undefined) throw new Error(`no English board for ${zh.uid}`)
    const shape = (board: BoardJson) =>
      board.panels.map(({ id, type, gridPos, targets, timeFrom, interval, fieldConfig }) => ({
        ...{ id, type, gridPos, targets, timeFrom, interval },
        thresholds: fieldConfig.defaults.thresholds,
        columns: fieldConfig.overrides.map(({ matcher }) => matcher.options),
      }))
    expect(shape(en)).toEqual(shape(zh))
    expect(queriesOf(en).map(({ target }) => target)).toEqual(
      queriesOf(zh).map(({ target }) => target),
    )
    expect(en.title).not.toBe(zh.title)
    expect(zh.title).toMatch(/\p{Script=Han}/u)
    expect(en.title).not.toMatch(/\p{Script=Han}/u)
    for (const [n, panel] of zh.panels.entries()) {
      const twin = en.panels[n]
      const words = [twin?.title, twin?.description, twin?.fieldConfig.defaults.noValue].join()
      expect(words, `${en.uid} panel ${panel.id}`).not.toMatch(/\p{Script=Han}/u)
      expect(panel.description).not.toBe(twin?.description)
    }
  }
})

describe("limits are the rules' own", () => {
  /** By hand from the profiles: kind, panel "worst now", its steps without the first. */
  const EXPECTED: Readonly<Record<string, readonly number[]>> = {
    waterlogging: [3, 10, 15, 25],
    dust: [150, 200],
    'manhole-cover': [10, 90],
    'oil-fume': [2],
    'sprinkler-truck': [2],
    'tree-tilt': [2, 5, 10],
  }

  test.each(Object.entries(EXPECTED))('%s', (kind, values) => {
    const board = chinese.find(({ uid }) => uid === `city-kind-${kind}-zh`)
    for (const id of [3, 7]) {
      const steps = board?.panels.find((panel) => panel.id === id)?.fieldConfig.defaults.thresholds
      expect(steps?.steps.slice(1).map(({ value }) => value)).toEqual(values)
      expect(steps?.steps[0]?.value).toBeNull()
    }
  })

  test('every number is a constant of a rule of the kind', () => {
    for (const kind of kinds) {
      const constants = kind.rules.flatMap((rule) => [
        ...Object.values(rule.parameters ?? {}),
        ...[...JSON.stringify(rule.levels).matchAll(/:(-?[\d.]+)/g)].map(([, n]) => Number(n)),
      ])
      const board = chinese.find(({ uid }) => uid === `city-kind-${kind.name}-zh`)
      const judged = board?.panels.filter(({ id }) => id === 3 || id >= 7) ?? []
      for (const { id, fieldConfig } of judged) {
        const steps = fieldConfig.defaults.thresholds?.steps.slice(1) ?? []
        for (const { value } of steps) {
          expect(constants, `${kind.name} panel ${id}`).toContain(value)
        }
      }
    }
  })

  test('a limit that the profile changes moves the board', () => {
    const changed = kinds.map((kind) =>
      kind.name !== 'waterlogging'
        ? kind
        : {
            ...kind,
            rules: kind.rules.map((rule) => ({
              ...rule,
              parameters: { ...rule.parameters, criticalCm: 40 },
            })),
          },
    )
    const board = (boardsIn('en', changed, city) as unknown as BoardJson[]).find(
      ({ uid }) => uid === 'city-kind-waterlogging-en',
    )
    const worst = board?.panels.find(({ id }) => id === 3)
    expect(worst?.fieldConfig.defaults.thresholds?.steps.at(-1)?.value).toBe(40)
    expect(worst?.description).toContain('Critical ≥ 40 cm')
  })

  test('a low limit colours what is below it', () => {
    const device = chinese.find(({ uid }) => uid === 'city-device-zh')
    const battery = device?.panels.find(({ id }) => id === 3)?.fieldConfig.defaults.thresholds
    expect(battery?.steps.map(({ value }) => value)).toEqual([null, 10, 20])
    expect(new Set(battery?.steps.map(({ color }) => color)).size).toBe(3)
  })
})

test('the map needs no internet', () => {
  for (const board of all) {
    for (const panel of board.panels.filter(({ type }) => type === 'geomap')) {
      const { basemap, layers } = (panel as unknown as { options: MapOptions }).options
      expect(basemap).toMatchObject({ type: 'xyz', config: { url: 'public/maps/city/blank.png' } })
      const [districts, ...markers] = layers
      expect(districts?.config.src).toBe('public/maps/city/districts.geojson')
      expect(markers.map(({ filterData }) => filterData?.options)).toEqual(
        panel.targets?.map(({ refId }) => refId),
      )
    }
  }
  expect(JSON.stringify(all)).not.toMatch(/https:/)
  const tile = readFileSync(new URL('maps/blank.png', GRAFANA))
  expect(tile.subarray(1, 4).toString()).toBe('PNG')
  const geo = JSON.parse(readFileSync(new URL('maps/districts.geojson', GRAFANA), 'utf8')) as Geo
  expect(geo.features.map(({ properties }) => properties.id)).toEqual(
    city.districts.map(({ id }) => id),
  )
  for (const { geometry } of geo.features) {
    const [ring = []] = geometry.coordinates
    expect(ring.at(-1)).toEqual(ring[0])
  }
})

interface MapOptions {
  readonly basemap: object
  readonly layers: readonly {
    readonly config: { readonly src?: string }
    readonly filterData?: { readonly options: string }
  }[]
}

interface Geo {
  readonly features: readonly {
    readonly properties: { readonly id: string }
    readonly geometry: { readonly coordinates: readonly (readonly number[])[][] }
  }[]
}
