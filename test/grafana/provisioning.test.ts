import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { contactPoints, policies, templates } from '../../grafana/src/alerts/notify.ts'
import { checkRules } from '../../grafana/src/provisioning/check-rules.ts'
import { dashboards } from '../../grafana/src/provisioning/dashboards.ts'
import { dataSources } from '../../grafana/src/provisioning/datasources.ts'
import { provisioning } from '../../grafana/src/provisioning/index.ts'
import {
  contactPointsFile,
  dashboardsFile,
  dataSourcesFile,
  policiesFile,
  type RulesFile,
  rulesFile,
  templatesFile,
} from '../../grafana/src/provisioning/shapes.ts'
import { toYaml } from '../../grafana/src/provisioning/yaml.ts'
import { loadKinds } from '../../src/catalog/catalog.ts'
import { DEMO_CITY, loadCity } from '../../src/catalog/city.ts'

/**
 * The provisioning files: committed as generated, and refused at generation where Grafana would
 * drop a key, expand a dollar or end at its start.
 */
const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const rules = (): RulesFile => parse(read('grafana/provisioning/alerting/rules.yaml'))

test('the committed files are what is generated', async () => {
  const city = await loadCity(DEMO_CITY)
  if (!city.ok) throw new Error('the bundled city does not load')
  const files = provisioning(await loadKinds(), city.value)
  expect(files.map(({ path }) => path).sort()).toEqual([
    'provisioning/alerting/contact-points.yaml',
    'provisioning/alerting/policies.yaml',
    'provisioning/alerting/rules.yaml',
    'provisioning/alerting/templates.yaml',
    'provisioning/dashboards/curbwatch.yaml',
    'provisioning/datasources/curbwatch.yaml',
  ])
  for (const { path, content } of files) {
    expect(read(`grafana/${path}`), `${path}: node grafana/src/generate.ts`).toBe(content)
    // Grafana reads YAML 1.1: it must find there what 1.2 finds.
    expect(parse(content, { version: '1.1' })).toEqual(parse(content))
  }
})

test('what is printed is what was given, also where YAML would guess', () => {
  const file = dashboards()
  const [provider] = file.providers
  if (provider === undefined) throw new Error('no provider')
  for (const text of [
    'on',
    'yes',
    '=',
    '...',
    '1e3',
    '0x1f',
    '12:30:00',
    '- a',
    'a: b #c',
    "it's",
  ]) {
    provider.name = text
    const printed = toYaml('boards', dashboardsFile, file)
    expect(parse(printed, { version: '1.1' }).providers[0].name).toBe(text)
  }
})

/** A copy with the value at `path` replaced; undefined takes it away. */
function changed<T>(value: T, path: string, to: unknown): T {
  const copy = structuredClone(value)
  const keys = path.split('.')
  const last = keys.pop() as string
  // biome-ignore lint/suspicious/noExplicitAny: a test walks shapes that it is about to break
  const at = keys.reduce((node: any, key) => node[key], copy)
  if (to === undefined) delete at[last]
  else at[last] = to
  return copy
}

const RULE = 'groups.0.rules.0'

describe('a rules file is refused', () => {
  test.each([
    ['an unknown key', `${RULE}.keep_firing_for`, '5m', 'keep_firing_for'],
    ['a misspelt key', `${RULE}.noDataStat`, 'OK', 'noDataStat'],
    ["the API's spelling", `${RULE}.missingSeriesEvalsToResolve`, 3, 'missingSeriesEvalsToResolve'],
    ['an unknown key in a query', `${RULE}.data.0.datasourceUID`, 'x', 'datasourceUID'],
    ['an unknown key in a model', `${RULE}.data.0.model.rawSql`, 'x', 'rawSql'],
    ['an unknown key at the top', 'contactpoints', [], 'contactpoints'],
    ['no uid', `${RULE}.uid`, undefined, 'uid'],
    ['no condition', `${RULE}.condition`, undefined, 'condition'],
    ['no noDataState', `${RULE}.noDataState`, undefined, 'noDataState'],
    ['no time range', `${RULE}.data.0.relativeTimeRange`, undefined, 'relativeTimeRange'],
    ['no folder', 'groups.0.folder', undefined, 'folder'],
    ['a folder in a folder', 'groups.0.folder', 'Duty/alerts', 'nests'],
    ['a uid too long', `${RULE}.uid`, 'a'.repeat(41), '40'],
    ['a uid with odd characters', `${RULE}.uid`, 'case.open', '40'],
    ['a duration without a unit', `${RULE}.for`, '30', 'duration'],
    ['a duration of nonsense', `${RULE}.keepFiringFor`, '1.5m', 'duration'],
    ['an interval that the scheduler cannot keep', 'groups.0.interval', '25s', '10 s'],
    ['an interval of nothing', 'groups.0.interval', '0s', '10 s'],
    ['a state that is none', `${RULE}.noDataState`, 'Keeplast', 'noDataState'],
    ['$labels in a label', `${RULE}.labels.team`, '{{ $labels.kind }}', '.Labels'],
    ['a variable nobody sets in a title', `${RULE}.title`, 'cost $HOME', 'HOME'],
    ['a braced variable in a label', `${RULE}.labels.team`, `$${'{DUTY_LANGUAGE}'}`, 'expand'],
    ['a dollar in an annotation', `${RULE}.annotations.summary`, '{{ $labels.a }}', 'dollar'],
    ['a query over all times', `${RULE}.data.0.model.query`, 'SELECT 1', '$timeFilter'],
  ])('%s', (_title, path, to, words) => {
    const file = changed(rules(), path, to)
    expect(() => toYaml('rules', rulesFile, file)).toThrow(words)
  })

  test('all faults are told at once, each with its place', () => {
    const file = changed(changed(rules(), `${RULE}.uid`, ''), 'groups.0.interval', '7s')
    expect(() => toYaml('rules', rulesFile, file)).toThrow(
      /groups\.0\.interval: [\s\S]*groups\.0\.rules\.0\.uid: /,
    )
  })
})

describe('rules that do not fit together are refused', () => {
  test.each([
    ['a condition that is no query', `${RULE}.condition`, 'X', 'condition X'],
    ['an expression of nothing', `${RULE}.data.1.model.expression`, 'X', 'refers to X'],
    ['one refId twice', `${RULE}.data.1.refId`, 'AQ', 'twice'],
    ['two data sources', `${RULE}.data.0.model.datasource.uid`, 'influx-cases', 'two data sources'],
    ['a panel without a board', `${RULE}.dashboardUid`, undefined, 'without a dashboard'],
    ['two boards', `${RULE}.annotations.__dashboardUid__`, 'other', 'two dashboards'],
    ['two panels', `${RULE}.annotations.__panelId__`, '99', 'two panels'],
    ['one uid twice', 'groups.0.rules.1.uid', 'case-critical-open', 'case-critical-open'],
    ['one title twice', 'groups.0.rules.1.title', '未结紧急案件 | Open critical case', 'title'],
    ['a wait between two evaluations', `${RULE}.for`, '45s', 'interval'],
  ])('%s', (_title, path, to, words) => {
    expect(checkRules(changed(rules(), path, to)).join('\n')).toContain(words)
  })

  test('the real ones fit', () => expect(checkRules(rules())).toEqual([]))
})

describe('the other files are refused', () => {
  test.each([
    ['a password nobody sets', 'datasources.0.secureJsonData.password', '$PASSWORD', 'PASSWORD'],
    ['a database in the old place', 'datasources.0.database', 'telemetry', 'database'],
    ['a source without uid', 'datasources.0.uid', undefined, 'uid'],
  ])('data sources: %s', (_title, path, to, words) => {
    expect(() => toYaml('x', dataSourcesFile, changed(dataSources(), path, to))).toThrow(words)
  })

  test.each([
    ['a misspelt key', 'providers.0.folderUID', 'x', 'folderUID'],
    ['no path', 'providers.0.options.path', undefined, 'path'],
  ])('boards: %s', (_title, path, to, words) => {
    expect(() => toYaml('x', dashboardsFile, changed(dashboards(), path, to))).toThrow(words)
  })

  const CONTACT = 'contactPoints.0.receivers.0'
  test.each([
    ['a misspelt setting', `${CONTACT}.settings.hmac`, {}, 'hmac'],
    ['no uid', `${CONTACT}.uid`, undefined, 'uid'],
    ['no settings', `${CONTACT}.settings`, undefined, 'settings'],
    ['a secret nobody sets', `${CONTACT}.settings.hmacConfig.secret`, '$SECRET', 'SECRET'],
    ['a variable of a template', `${CONTACT}.settings.title`, '{{ $x }}', '$x'],
  ])('contact points: %s', (_title, path, to, words) => {
    expect(() => toYaml('x', contactPointsFile, changed(contactPoints(), path, to))).toThrow(words)
  })

  const ROUTE = 'policies.0.routes.0'
  test.each([
    ['a second tree', 'policies.1', policies().policies[0], 'policies'],
    ['matchers of the old kind', `${ROUTE}.match`, { a: 'b' }, 'match'],
    ['an operator that is none', `${ROUTE}.object_matchers.0.1`, '==', 'object_matchers'],
    ['no pause between messages', `${ROUTE}.group_interval`, '0s', 'zero'],
    ['no receiver', `${ROUTE}.receiver`, undefined, 'receiver'],
  ])('policies: %s', (_title, path, to, words) => {
    expect(() => toYaml('x', policiesFile, changed(policies(), path, to))).toThrow(words)
  })

  test('templates: one without a name; dollars are its own', () => {
    const file = templates()
    expect(() => toYaml('x', templatesFile, changed(file, 'templates.0.name', ''))).toThrow('name')
    expect(toYaml('x', templatesFile, file)).toContain('$index')
  })
})
