import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { PoliciesFile, Route, TemplatesFile } from '../../grafana/src/provisioning/shapes.ts'
import { alertRules } from '../support/alert-rules.ts'

/**
 * Who is told what, by Prometheus' own Alertmanager tool: Grafana routes and renders with that
 * code. Missing: skipped here, a failure in CI.
 */
const HAS_AMTOOL = spawnSync('amtool', ['--version']).status === 0
if (!HAS_AMTOOL && process.env['CI'] === 'true') throw new Error('amtool is missing')
const describeNotify = HAS_AMTOOL ? describe : describe.skip

const FOLDER = new URL('../../grafana/provisioning/alerting/', import.meta.url)
const read = (name: string) => parse(readFileSync(new URL(name, FOLDER), 'utf8'))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'curbwatch-amtool-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function amtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('amtool', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`amtool ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

describeNotify('routing (amtool)', () => {
  let config: string

  beforeAll(() => {
    const policies: PoliciesFile = read('policies.yaml')
    const [{ orgId: _, ...top }] = policies.policies
    const toRoute = ({ object_matchers, ...route }: Route) => ({
      ...route,
      matchers: object_matchers.map(([name, operator, value]) => `${name}${operator}"${value}"`),
    })
    const names = [...new Set([top.receiver, ...top.routes.map(({ receiver }) => receiver)])]
    config = join(folder, 'alertmanager.yml')
    const route = { ...top, routes: top.routes.map(toRoute) }
    const receivers = names.map((name) => ({ name }))
    writeFileSync(config, stringify({ route, receivers }))
    amtool('check-config', config)
  })

  test.each([
    ['an open critical case', { source: 'case', severity: 'critical' }, 'case-api,duty-critical'],
    ['an open major case', { source: 'case', severity: 'major' }, 'case-api,duty-default'],
    ['minor cases by count', { source: 'count', severity: 'minor' }, 'duty-default'],
    ['silent devices', { source: 'device', severity: 'major' }, 'duty-default'],
    ['no heartbeat', { source: 'service', severity: 'critical' }, 'duty-critical'],
    ['a lag', { source: 'service', severity: 'major' }, 'duty-default'],
    ['a rule that somebody made by hand', {}, 'duty-default'],
  ])('%s', (_title, labels, receivers) => {
    const args = Object.entries({ team: 'duty', ...labels }).map(
      ([name, value]) => `${name}=${value}`,
    )
    const found = amtool('config', 'routes', 'test', `--config.file=${config}`, ...args)
    expect(found.trim()).toBe(receivers)
  })
})

/** As Grafana gives it to a template, as far as the templates look. */
function dataOf(firing: number, resolved: number, url: boolean) {
  const alert = (status: string, index: number) => ({
    status,
    labels: { alertname: '未结紧急案件 | Open critical case' },
    annotations: {
      summary: `紧急：老城区积水 ${index}`,
      summary_en: `Critical: flood ${index} in Old Town`,
      ...(url ? { case_url: `http://localhost:8080/cases/c${index}` } : {}),
    },
    startsAt: '2026-11-23T04:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
    fingerprint: String(index),
  })
  const range = (count: number, status: string) =>
    Array.from({ length: count }, (_, index) => alert(status, index + 1))
  return {
    receiver: 'duty-default',
    status: firing > 0 ? 'firing' : 'resolved',
    alerts: [...range(firing, 'firing'), ...range(resolved, 'resolved')],
    groupLabels: {},
    commonLabels: { alertname: '未结紧急案件 | Open critical case' },
    commonAnnotations: {},
    externalURL: 'http://localhost:3000/',
  }
}

describeNotify('templates (amtool)', () => {
  beforeAll(() => {
    const { templates }: TemplatesFile = read('templates.yaml')
    for (const { name, template } of templates)
      writeFileSync(join(folder, `${name}.tmpl`), template)
  })

  function render(name: string, data: object): string {
    const file = join(folder, 'data.json')
    writeFileSync(file, JSON.stringify(data))
    return amtool(
      'template',
      'render',
      `--template.glob=${folder}/*.tmpl`,
      `--template.data=${file}`,
      `--template.text={{ template "${name}" . }}`,
    )
  }

  test('titles say how many, what, and when it is over', () => {
    const said = (language: string, firing: number) =>
      render(`duty.${language}.title`, dataOf(firing, 1, true))
    expect(said('zh-CN', 2)).toBe('[告警 2] 未结紧急案件 | Open critical case')
    expect(said('en', 2)).toBe('[Alert 2] 未结紧急案件 | Open critical case')
    expect(said('zh-CN', 0)).toBe('[已恢复] 未结紧急案件 | Open critical case')
    expect(said('en', 0)).toBe('[Resolved] 未结紧急案件 | Open critical case')
  })

  test('messages list what fires with its link, then what is over', () => {
    expect(render('duty.zh-CN.message', dataOf(2, 1, true))).toBe(
      [
        '● 紧急：老城区积水 1',
        '  处理：http://localhost:8080/cases/c1',
        '● 紧急：老城区积水 2',
        '  处理：http://localhost:8080/cases/c2',
        '已恢复：',
        '○ 紧急：老城区积水 1',
        '',
      ].join('\n'),
    )
    expect(render('duty.en.message', dataOf(1, 0, false))).toBe('● Critical: flood 1 in Old Town\n')
    expect(render('duty.en.message', dataOf(0, 1, true))).toBe(
      'Resolved:\n○ Critical: flood 1 in Old Town\n',
    )
  })

  test('a flood of alerts stays a message that can be read', () => {
    const said = render('duty.en.message', dataOf(300, 0, false))
    expect(said.split('\n').filter((line) => line.startsWith('●')).length).toBe(20)
    expect(said).toMatch(/\n300 in all\n$/)
  })
})

describeNotify('summaries (amtool)', () => {
  /** A summary of a rule, with labels in the places of the alert's; every value is 7. */
  function summary(template: string, labels: Readonly<Record<string, string>>): string {
    const file = join(folder, 'alert.json')
    writeFileSync(file, JSON.stringify({ alerts: [{ status: 'firing', labels }] }))
    const text = template.replaceAll(
      /\{\{ with \.Values\.\w+ \}\}\{\{ \.Value \}\}\{\{ end \}\}/g,
      '7',
    )
    const inside = `{{ with index .Alerts 0 }}${text}{{ end }}`
    const args = [`--template.glob=${folder}/*`, `--template.data=${file}`]
    return amtool('template', 'render', ...args, `--template.text=${inside}`)
  }

  test('all are templates that Go takes, and leave nothing open', () => {
    for (const { uid, annotations } of alertRules()) {
      for (const name of ['summary', 'summary_en', 'case_url']) {
        const template = annotations[name]
        if (template === undefined) continue
        const labels = {
          case_id: 'c1',
          number: 'n1',
          device: 'd1',
          district: 'binhe',
          kind: 'dust',
        }
        expect([uid, summary(template, labels)]).toEqual([
          uid,
          expect.not.stringMatching(/[{}]|no value/),
        ])
      }
    }
  })

  test('known ids are names in the language of the summary, others stay as they are', () => {
    const rule = alertRules().find(({ uid }) => uid === 'case-critical-open')
    const said = (name: string, district: string, kind: string) =>
      summary(rule?.annotations[name] ?? '', { district, kind, device: 'wl-7', number: '0007' })
    expect(said('summary', 'laocheng', 'waterlogging')).toBe(
      '紧急：老城区积水监测点，设备 wl-7，案件 0007',
    )
    expect(said('summary_en', 'none', 'sprinkler-truck')).toBe(
      'Critical: Sprinkler truck in no district, device wl-7, case 0007',
    )
    expect(said('summary_en', 'dongcheng', 'new-kind')).toBe(
      'Critical: new-kind in dongcheng, device wl-7, case 0007',
    )
  })
})
