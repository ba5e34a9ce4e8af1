import { execFile, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type FakeGrafana, startFakeGrafana } from '../support/fake-grafana.ts'

/**
 * The two scripts of Grafana's container, run for real: by this machine's sh with curl, and where
 * busybox is there by it and its tools alone, as the image has them.
 */
const GRAFANA = fileURLToPath(new URL('../../grafana/', import.meta.url))
const PASSWORD = 'Secret0fTheAdministrator'
const HAS_BUSYBOX = spawnSync('busybox', ['true']).status === 0
const SHELLS = ['sh', ...(HAS_BUSYBOX ? ['busybox'] : [])]
if (!HAS_BUSYBOX && process.env['CI'] === 'true') throw new Error('busybox is missing')

let folder: string
let tools: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'curbwatch-grafana-'))
  tools = join(folder, 'tools')
  mkdirSync(tools)
  if (HAS_BUSYBOX) spawnSync('busybox', ['--install', '-s', tools])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function runScript(shell: string, file: string, env: Record<string, string>): Promise<Ended> {
  const path = shell === 'busybox' ? tools : (process.env['PATH'] ?? '')
  const command = shell === 'busybox' ? join(tools, 'sh') : shell
  return new Promise((resolve) => {
    execFile(command, [file], { env: { PATH: path, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe.each(SHELLS)('start.sh by %s', (shell) => {
  let source: string
  let work: string

  beforeEach(() => {
    source = mkdtempSync(join(folder, 'source-'))
    work = join(source, 'work')
    cpSync(join(GRAFANA, 'provisioning'), join(source, 'provisioning'), { recursive: true })
    cpSync(join(GRAFANA, 'start.sh'), join(source, 'start.sh'))
    for (const [language, suffix] of [
      ['zh-CN', 'zh'],
      ['en', 'en'],
    ] as const) {
      mkdirSync(join(source, 'dashboards', language), { recursive: true })
      const url = 'http://localhost:8080/cases/$case'
      const board = { uid: `city-duty-${suffix}`, links: [{ url }] }
      writeFileSync(join(source, 'dashboards', language, 'city-duty.json'), JSON.stringify(board))
    }
    const run = join(source, 'run.sh')
    writeFileSync(run, '#!/bin/sh\nenv | grep "^GF_\\|^DUTY_"\n')
    chmodSync(run, 0o755)
  })

  const start = (env: Record<string, string> = {}) =>
    runScript(shell, join(source, 'start.sh'), {
      GRAFANA_WORK: work,
      GRAFANA_RUN: join(source, 'run.sh'),
      CONSOLE_URL: 'https://city.example:8443/console/',
      DUTY_WEBHOOK_URL: 'https://duty.example/hook?key=a&b=c',
      INFLUX_GRAFANA_PASSWORD: 'p'.repeat(32),
      CURBWATCH_GRAFANA_WEBHOOK_SECRET: 's'.repeat(32),
      ...env,
    })

  const everything = () =>
    readdirSync(work, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')

  test('puts the address in everywhere, and starts Grafana on the copy', async () => {
    const ended = await start()
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain(`GF_PATHS_PROVISIONING=${work}/provisioning\n`)
    expect(ended.stdout).toContain('GF_USERS_DEFAULT_LANGUAGE=zh-Hans\n')
    expect(ended.stdout).toContain('DUTY_LANGUAGE=zh-CN\n')
    const wall = `${work}/dashboards/zh-CN/city-duty.json`
    expect(ended.stdout).toContain(`GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH=${wall}\n`)
    expect(JSON.parse(readFileSync(wall, 'utf8')).links[0].url).toBe(
      'https://city.example:8443/console/cases/$case',
    )
    const all = everything()
    expect(all).not.toContain('localhost:8080')
    expect(all).toContain(
      "case_url: 'https://city.example:8443/console/cases/{{ .Labels.case_id }}'",
    )
    const boards = parse(readFileSync(`${work}/provisioning/dashboards/curbwatch.yaml`, 'utf8'))
    for (const { options } of boards.providers) {
      expect(options.path.startsWith(`${work}/dashboards/`)).toBe(true)
      expect(existsSync(options.path)).toBe(true)
    }
    // The address of curbwatch inside the network of containers is another matter.
    expect(all).toContain('http://curbwatch:8080/api/v1/grafana/alerts')
  })

  test('a second start, with another address, language and fewer boards', async () => {
    await start()
    rmSync(join(source, 'dashboards/en/city-duty.json'))
    writeFileSync(join(source, 'dashboards/en/other.json'), '{}')
    const ended = await start({ CONSOLE_URL: 'http://10.0.0.7', DUTY_LANGUAGE: 'en' })
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain('GF_USERS_DEFAULT_LANGUAGE=en-US\n')
    expect(ended.stdout).not.toContain('HOME_DASHBOARD_PATH')
    expect(existsSync(join(work, 'dashboards/en/city-duty.json'))).toBe(false)
    const all = everything()
    expect(all).not.toContain('city.example')
    expect(all).toContain("case_url: 'http://10.0.0.7/cases/{{ .Labels.case_id }}'")
    const rules = readFileSync(`${work}/provisioning/alerting/rules.yaml`, 'utf8')
    expect(rules).toContain("dashboardUid: 'city-duty-en'")
    expect(rules).toContain("__dashboardUid__: 'city-duty-en'")
    expect(rules).not.toMatch(/city-\w+-zh/)
  })

  test.each([
    ['CONSOLE_URL', 'localhost:8080'],
    ['CONSOLE_URL', 'ftp://city.example'],
    ['CONSOLE_URL', 'http://'],
    ['CONSOLE_URL', 'http://city example'],
    ['CONSOLE_URL', 'http://city"example'],
    ['CONSOLE_URL', "http://city'example"],
    ['CONSOLE_URL', 'http://city|example'],
    ['CONSOLE_URL', 'http://city&example'],
    ['CONSOLE_URL', 'http://city\\example'],
    ['CONSOLE_URL', 'http://city.example\nhttp://other'],
    ['CONSOLE_URL', 'http://城市.example'],
    ['DUTY_LANGUAGE', 'de'],
    ['DUTY_WEBHOOK_URL', ''],
    ['DUTY_WEBHOOK_URL', 'https://duty.example/a b'],
    ['INFLUX_GRAFANA_PASSWORD', ''],
    ['INFLUX_GRAFANA_PASSWORD', '123e4567'],
    ['CURBWATCH_GRAFANA_WEBHOOK_SECRET', '99999999999999999999'],
  ])('refuses %s=%j', async (name, value) => {
    const ended = await start({ [name]: value })
    expect(ended.code).toBe(78)
    expect(ended.stderr).toContain(name)
    expect(ended.stdout).toBe('')
    if (/SECRET|PASSWORD/.test(name) && value !== '') expect(ended.stderr).not.toContain(value)
  })

  test('takes an IPv6 address, and a folder that is not there is told', async () => {
    expect((await start({ CONSOLE_URL: 'http://[fd00::7]:8080' })).code).toBe(0)
    rmSync(join(source, 'dashboards'), { recursive: true })
    const ended = await start()
    expect(ended.code).toBe(78)
    expect(ended.stderr).toContain('dashboards')
  })
})

describe.each(SHELLS)('healthcheck.sh by %s', (shell) => {
  let grafana: FakeGrafana
  let work: string
  const rules = parse(readFileSync(join(GRAFANA, 'provisioning/alerting/rules.yaml'), 'utf8'))
  const uids: string[] = rules.groups.flatMap((group: { rules: { uid: string }[] }) =>
    group.rules.map(({ uid }) => uid),
  )

  beforeEach(async () => {
    work = mkdtempSync(join(folder, 'health-'))
    grafana = await startFakeGrafana(PASSWORD, uids)
  })
  afterEach(() => grafana.close())

  const check = (env: Record<string, string> = {}) =>
    runScript(shell, join(GRAFANA, 'healthcheck.sh'), {
      GRAFANA_ADDRESS: grafana.address,
      GRAFANA_WORK: work,
      GF_SECURITY_ADMIN_PASSWORD: PASSWORD,
      ...env,
    })

  test('all is there', async () => {
    expect(await check()).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(grafana.refusals).toEqual([])
  })

  const SICK = { message: 'error reading influxDB: unauthorized access', status: 'ERROR' }
  test.each<[string, string, readonly [number, unknown] | null, string]>([
    ['its database', '/api/health', [200, { database: 'failing' }], 'database'],
    ['a start that is not over', '/api/health', [503, {}], 'does not answer'],
    ['no data source', '/api/datasources/uid/influx-ops', null, 'no data source influx-ops'],
    ['a sick one', '/api/datasources/uid/influx-cases/health', [400, SICK], 'influx-cases'],
    ['a plugin that is gone', '/api/datasources/uid/influx-ops/health', [404, {}], 'influx-ops'],
    ['no board', '/api/dashboards/uid/city-duty-en', null, 'no board city-duty-en'],
    [
      'one rule missing',
      '/api/v1/provisioning/alert-rules',
      [200, uids.slice(1).map((uid) => ({ uid }))],
      `no alert rule ${uids[0]}\n`,
    ],
    ['no rules at all', '/api/v1/provisioning/alert-rules', [500, {}], 'does not list its alert'],
    [
      'no contact point',
      '/api/v1/provisioning/contact-points',
      [200, [{ name: 'case-api' }, { name: 'duty-default' }]],
      'no contact point duty-critical',
    ],
  ])('%s', async (_title, path, answer, words) => {
    if (answer === null) grafana.answers.delete(path)
    else grafana.answers.set(path, answer)
    const ended = await check()
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain(words)
    expect(ended.stderr.trim().split('\n').length).toBe(1)
    expect(ended.stderr + ended.stdout).not.toContain(PASSWORD)
  })

  test('several faults are told together', async () => {
    grafana.answers.delete('/api/datasources/uid/influx-ops')
    grafana.answers.delete('/api/dashboards/uid/city-duty-zh')
    const ended = await check()
    expect(ended.code).toBe(1)
    expect(ended.stderr.trim().split('\n').length).toBe(2)
  })

  test('a changed password is tried once, so that nobody is locked out', async () => {
    const ended = await check({ GF_SECURITY_ADMIN_PASSWORD: 'AnotherSecretThanThis' })
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('refuses the login')
    expect(ended.stderr).not.toContain('AnotherSecretThanThis')
    const again = await check({ GF_SECURITY_ADMIN_PASSWORD: 'AnotherSecretThanThis' })
    expect([again.code, again.stderr]).toEqual([1, ended.stderr])
    expect(grafana.refusals).toEqual(['/api/org'])
  })

  test('nothing listens', async () => {
    await grafana.close()
    const ended = await check()
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('does not answer')
  })
})
