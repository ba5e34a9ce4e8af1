import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import registry from '../../grafana/src/alerts/registry.json' with { type: 'json' }
import { TOMBSTONES } from '../../grafana/src/alerts/tombstones.ts'
import type {
  ContactPointsFile,
  DashboardsFile,
  DataSourcesFile,
  PoliciesFile,
  RulesFile,
  TemplatesFile,
} from '../../grafana/src/provisioning/shapes.ts'
import { queriesOf } from '../support/alert-rules.ts'

/** What the files of Grafana name in one another is there, once, and nothing vanished unburied. */
const FOLDER = new URL('../../grafana/', import.meta.url)
const read = (path: string) => parse(readFileSync(new URL(path, FOLDER), 'utf8'))

const rulesFile: RulesFile = read('provisioning/alerting/rules.yaml')
const contactPoints: ContactPointsFile = read('provisioning/alerting/contact-points.yaml')
const policies: PoliciesFile = read('provisioning/alerting/policies.yaml')
const templates: TemplatesFile = read('provisioning/alerting/templates.yaml')
const dataSources: DataSourcesFile = read('provisioning/datasources/curbwatch.yaml')
const providers: DashboardsFile = read('provisioning/dashboards/curbwatch.yaml')
const RULES = rulesFile.groups.flatMap(({ rules }) => rules)
const TOP_POLICY = policies.policies[0]

interface Board {
  readonly uid: string
  readonly panels: readonly { readonly id: number; readonly title: string }[]
}

function boards(language: string): Map<string, Board> {
  const folder = new URL(`dashboards/${language}/`, FOLDER)
  const all = readdirSync(folder).map(
    (name): Board => JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
  )
  return new Map(all.map((board) => [board.uid, board]))
}
const BOARDS = { zh: boards('zh-CN'), en: boards('en') }

describe('rules', () => {
  test.each(RULES.map((rule) => [rule.uid, rule] as const))('%s', (_uid, rule) => {
    expect(rule.title).toMatch(/^\p{Script=Han}[^|]* \| [A-Z][ -~]+$/u)
    expect(rule.annotations['summary']).toMatch(/\p{Script=Han}/u)
    expect(rule.annotations['summary_en']).toMatch(/^[ -~]+$/)
    expect(rule.labels).toEqual({
      team: 'duty',
      source: expect.stringMatching(/^(case|count|device|service)$/),
      severity: expect.stringMatching(/^(minor|major|critical)$/),
    })
    const uids = dataSources.datasources.map(({ uid }) => uid)
    for (const { datasourceUid } of rule.data)
      expect([...uids, '__expr__']).toContain(datasourceUid)
    const caseLink = rule.annotations['case_url']
    expect(caseLink).toBe(
      rule.labels['source'] === 'case'
        ? 'http://localhost:8080/cases/{{ .Labels.case_id }}'
        : undefined,
    )
    // An outage of InfluxDB must neither raise nor end an alert: only the heartbeat tells it.
    const expected = rule.uid === 'service-heartbeat' ? 'Alerting' : 'KeepLast'
    expect([rule.noDataState, rule.execErrState]).toEqual([expected, expected])
  })

  test.each(RULES.map((rule) => [rule.uid, rule] as const))(
    '%s leads to a panel that is there in both languages',
    (_uid, rule) => {
      const uid = rule.dashboardUid ?? ''
      const zh = BOARDS.zh.get(uid)
      const en = BOARDS.en.get(uid.replace(/-zh$/, '-en'))
      expect([uid, zh?.panels.map(({ id }) => id)]).toEqual([
        uid,
        expect.arrayContaining([rule.panelId]),
      ])
      expect(en?.panels.map(({ id }) => id)).toEqual(expect.arrayContaining([rule.panelId]))
      // And it shows something of what the rule looks at.
      const shown = JSON.stringify(zh?.panels.find(({ id }) => id === rule.panelId))
      const fields = queriesOf(rule, 0).map(({ query }) => /\("(\w+)"\)/.exec(query)?.[1])
      expect([uid, fields.filter((field) => shown.includes(`\\"${field}`))]).not.toEqual([uid, []])
    },
  )

  test('their folder is none of the boards', () => {
    const folders = new Set(rulesFile.groups.map(({ folder }) => folder))
    expect([...folders]).toEqual(['Duty alerts'])
    for (const { folder, folderUid } of providers.providers) {
      expect(folders.has(folder)).toBe(false)
      expect(['city-zh', 'city-en']).toContain(folderUid)
    }
  })
})

test('the names of the data sources are those that boards and rules use', () => {
  expect(dataSources.datasources.map(({ uid, jsonData }) => [uid, jsonData.dbName])).toEqual([
    ['influx-telemetry', 'telemetry'],
    ['influx-telemetry-5m', 'telemetry_5m'],
    ['influx-ops', 'ops'],
    ['influx-cases', 'cases'],
  ])
  expect(dataSources.datasources.filter(({ isDefault }) => isDefault).length).toBe(1)
})

test('policies name contact points that are there, each is used, uids are unique', () => {
  const names = contactPoints.contactPoints.map(({ name }) => name)
  const used = [TOP_POLICY.receiver, ...TOP_POLICY.routes.map(({ receiver }) => receiver)]
  expect([...new Set(used)].sort()).toEqual([...names].sort())
  const uids = contactPoints.contactPoints.flatMap(({ receivers }) =>
    receivers.map(({ uid }) => uid),
  )
  expect(new Set(uids).size).toBe(uids.length)
})

test('every template that a contact point calls is defined, in both languages', () => {
  const defined = templates.templates.flatMap(({ template }) =>
    [...template.matchAll(/\{\{ define "([^"]+)"/g)].map(([, name]) => name),
  )
  expect(new Set(defined).size).toBe(defined.length)
  const settings = contactPoints.contactPoints.flatMap(({ receivers }) =>
    receivers.flatMap((receiver) => [receiver.settings.title, receiver.settings.message]),
  )
  const called = settings.flatMap((text) =>
    ['zh-CN', 'en'].map((language) =>
      /template "([^"]+)"/.exec(text ?? '')?.[1]?.replace('$DUTY_LANGUAGE', language),
    ),
  )
  expect([...new Set(called)].sort()).toEqual(defined.sort())
})

describe('tombstones', () => {
  const provisioned = {
    rules: RULES.map(({ uid }) => uid),
    contactPoints: contactPoints.contactPoints.flatMap(({ receivers }) =>
      receivers.map(({ uid }) => uid),
    ),
    templates: templates.templates.map(({ name }) => name),
  }
  const deleted = {
    rules: rulesFile.deleteRules.map(({ uid }) => uid),
    contactPoints: contactPoints.deleteContactPoints.map(({ uid }) => uid),
    templates: templates.deleteTemplates.map(({ name }) => name),
  }

  test.each(['rules', 'contactPoints', 'templates'] as const)('%s', (what) => {
    // A new one belongs into registry.json; one that left the sources belongs into tombstones.ts.
    expect([...provisioned[what], ...TOMBSTONES[what]].sort()).toEqual([...registry[what]].sort())
    expect(deleted[what]).toEqual(TOMBSTONES[what])
  })
})
