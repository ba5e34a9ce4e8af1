import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, it } from 'vitest'
import { freshFolder } from '../support/places.ts'
import { runCurbwatch } from '../support/process.ts'

const SECRETS = [
  'CURBWATCH_ADMIN_TOKEN',
  'CURBWATCH_GRAFANA_WEBHOOK_SECRET',
  'INFLUX_ADMIN_PASSWORD',
  'INFLUX_ADMIN_TOKEN',
  'INFLUX_GRAFANA_PASSWORD',
  'GRAFANA_ADMIN_PASSWORD',
]
const PLAIN = {
  CURBWATCH_TELEMETRY_DAYS: '365',
  CONSOLE_URL: 'http://localhost:8080',
  GRAFANA_URL: 'http://localhost:3000',
  DUTY_WEBHOOK_URL: 'http://curbwatch:8080/api/v1/grafana/alerts',
  DUTY_LANGUAGE: 'zh-CN',
}

async function stackEnv(file: string, ...more: string[]) {
  const ended = await runCurbwatch(['stack', 'env', '--file', file, '--lang', 'en', ...more])
  expect(ended).toMatchObject({ code: 0 })
  const content = readFileSync(file, 'utf8')
  const values = parseEnv(content) as Record<string, string>
  // No secret is printed, whatever else is.
  for (const name of SECRETS) expect(ended.stdout + ended.stderr).not.toContain(values[name])
  return { ...ended, content, values }
}

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)

it('writes every name that compose needs, with secrets that nobody reads otherwise', async () => {
  const file = join(freshFolder(), '.env')
  const { values, content, stdout } = await stackEnv(file)
  expect(Object.keys(values).sort()).toEqual([...SECRETS, ...Object.keys(PLAIN)].sort())
  expect(values).toMatchObject(PLAIN)
  for (const name of SECRETS) expect(values[name]).toMatch(/^[A-Za-z][A-Za-z0-9]{31,}$/)
  expect(new Set(SECRETS.map((name) => values[name])).size).toBe(SECRETS.length)
  expect(mode(file)).toBe('600')
  // Every value is explained in both languages.
  for (const name of Object.keys(values)) {
    expect(content).toMatch(new RegExp(`# .*[\\u4e00-\\u9fff].*\\n# [\\x20-\\x7e]+\\n${name}=`))
  }
  for (const told of ['up -d', 'stack check', 'http://localhost:3000', 'GRAFANA_ADMIN_PASSWORD'])
    expect(stdout).toContain(told)
})

it('keeps what a file has and adds what it lacks', async () => {
  const file = join(freshFolder(), '.env')
  const mine = '# mine\nOTHER="a b"\nexport GRAFANA_ADMIN_PASSWORD=my-own\nINFLUX_ADMIN_TOKEN='
  writeFileSync(file, mine, { mode: 0o644 })
  const first = await stackEnv(file)
  expect(first.values).toMatchObject({ OTHER: 'a b', GRAFANA_ADMIN_PASSWORD: 'my-own', ...PLAIN })
  expect(
    first.content.startsWith('# mine\nOTHER="a b"\nexport GRAFANA_ADMIN_PASSWORD=my-own\n'),
  ).toBe(true)
  // An empty value is no value: it is filled where it stands.
  expect(first.content.match(/^INFLUX_ADMIN_TOKEN=.+$/gm)).toHaveLength(1)
  expect(first.stdout).toMatch(/keeps GRAFANA_ADMIN_PASSWORD\n/)
  expect(first.stdout).toMatch(/added: .*INFLUX_ADMIN_TOKEN/)
  expect(mode(file)).toBe('600')

  chmodSync(file, 0o644)
  const second = await stackEnv(file)
  expect(second.content).toBe(first.content)
  expect(second.stdout).toContain('nothing was changed')
  expect(mode(file)).toBe('600')
})

it('makes new secrets by force only, warns, and keeps the former ones at hand', async () => {
  const folder = freshFolder()
  const file = join(folder, '.env')
  const before = await stackEnv(file)
  writeFileSync(file, before.content.replace(PLAIN.CONSOLE_URL, 'https://city.example'))
  const after = await stackEnv(file, '--force')
  for (const name of SECRETS) expect(after.values[name]).not.toBe(before.values[name])
  expect(after.values['CONSOLE_URL']).toBe('https://city.example')
  expect(Object.keys(after.values)).toEqual(Object.keys(before.values))
  for (const told of ['in their volumes', 'INFLUX_ADMIN_TOKEN', 'GRAFANA_ADMIN_PASSWORD'])
    expect(after.stderr).toContain(told)
  const [copy] = readdirSync(folder).filter((name) => name !== '.env')
  expect(after.stderr).toContain(copy)
  expect(mode(join(folder, copy ?? ''))).toBe('600')
  const kept = parseEnv(readFileSync(join(folder, copy ?? ''), 'utf8'))
  for (const name of SECRETS) expect(kept[name]).toBe(before.values[name])
})

it('speaks Chinese where the terminal does', async () => {
  const file = join(freshFolder(), '.env')
  const args = ['stack', 'env', '--file', file]
  const { stdout } = await runCurbwatch(args, { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' })
  expect(stdout).toContain('下一步')
  expect(existsSync(file)).toBe(true)
})

it('is told to git as a file to leave out', () => {
  const ignored = readFileSync(new URL('../../.gitignore', import.meta.url), 'utf8').split('\n')
  expect(ignored).toContain('.env')
  expect(ignored).toContain('.env.*')
})
