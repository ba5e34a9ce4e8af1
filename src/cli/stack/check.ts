import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { loadKinds } from '../../catalog/catalog.ts'
import { readSettings } from '../../config/settings.ts'
import { AppError } from '../../model/errors.ts'
import { type InfluxLocation, parseInfluxUrl } from '../../model/store-location.ts'
import type { Language } from '../../model/text.ts'
import type { Environment } from '../environment.ts'
import { checkClocks } from './checks/clocks.ts'
import { checkCurbwatch } from './checks/curbwatch.ts'
import { checkEnv } from './checks/env.ts'
import type { Finding } from './checks/finding.ts'
import { checkGrafana } from './checks/grafana.ts'
import { checkInflux } from './checks/influx.ts'
import type { Target } from './checks/target.ts'
import { ENV_NAMES } from './env-names.ts'
import { languageOf } from './language.ts'

/**
 * `stack check`: looks at the running stack as its users do, and says in words what is wrong, a
 * line each. Exit 0: all is well. It changes nothing and prints no secret.
 */
export interface CheckOptions {
  readonly file: string
  readonly console?: string
  readonly mqtt?: string
  readonly influx?: string
  readonly grafana?: string
  readonly json?: boolean
  readonly lang?: string
}

export async function checkStack(env: Environment, options: CheckOptions): Promise<number> {
  const target = targetOf(env, options)
  const findings = [
    ...checkEnv(target),
    ...(await checkCurbwatch(target)),
    ...(await checkInflux(target)),
    ...(await checkGrafana(target, await boardUids())),
    await checkClocks(target),
  ]
  const language = languageOf(options.lang, env)
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify(
        findings.map((one) => plain(one, language)),
        null,
        2,
      )}\n`,
    )
  } else {
    for (const finding of findings) process.stdout.write(`${line(finding, language)}\n`)
    process.stdout.write(`${summary(findings, language)}\n`)
  }
  return findings.every(({ state }) => state === 'fine') ? 0 : 1
}

const MARKS = { fine: '✓', wrong: '✗', 'not-tried': '–' } as const

function line({ state, title, detail, hint }: Finding, language: Language): string {
  const colon = language === 'zh-CN' ? '：' : ': '
  const words = `${MARKS[state]} ${title[language]}${colon}${detail[language]}`
  return hint === null ? words : `${words} → ${hint[language]}`
}

function plain({ id, state, title, detail, hint }: Finding, language: Language) {
  const words = { title: title[language], detail: detail[language], hint: hint?.[language] ?? null }
  return { id, state, ...words }
}

function summary(findings: readonly Finding[], language: Language): string {
  const wrong = findings.filter(({ state }) => state === 'wrong').length
  if (wrong === 0) return language === 'zh-CN' ? '一切正常' : 'all is well'
  return language === 'zh-CN' ? `${wrong} 项有问题` : `${wrong} of ${findings.length} are wrong`
}

function targetOf(env: Environment, options: CheckOptions): Target {
  const values = valuesOf(env, options.file)
  const settings = readSettings(values)
  const consoleUrl = address(
    options.console || values['CONSOLE_URL'] || 'http://localhost:8080',
    '--console',
  )
  return {
    envFile: options.file,
    values,
    consoleUrl,
    grafanaUrl: address(
      options.grafana || values['GRAFANA_URL'] || 'http://localhost:3000',
      '--grafana',
    ),
    mqtt: mqttAddress(options.mqtt ?? `${new URL(consoleUrl).hostname}:1883`),
    influx: influxOf(values, options.influx),
    telemetryDays: settings.ok ? settings.value.CURBWATCH_TELEMETRY_DAYS : 365,
  }
}

/** As docker compose has it: what the environment says comes before the file. */
function valuesOf(env: Environment, file: string): Record<string, string> {
  const written = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  const names = new Set([...ENV_NAMES.map(({ name }) => name), ...ALSO])
  const given = Object.entries(env).filter(([name, value]) => names.has(name) && value)
  return { ...written, ...Object.fromEntries(given) } as Record<string, string>
}

const ALSO = ['INFLUX_URL', 'INFLUX_ORG', 'CURBWATCH_TELEMETRY_URL', 'CURBWATCH_TELEMETRY_DAYS']

/** The buckets are curbwatch's; the address is the one seen from here, not from its container. */
function influxOf(values: Record<string, string>, asked?: string): Omit<InfluxLocation, 'token'> {
  const written = parseInfluxUrl(values['CURBWATCH_TELEMETRY_URL'] ?? '')
  const location = written ?? parseInfluxUrl('influxdb://localhost:8086?org=city&bucket=telemetry')
  if (location === null) throw new Error('the default address is one')
  return {
    ...location,
    url: address(asked || values['INFLUX_URL'] || 'http://localhost:8086', '--influx'),
    org: values['INFLUX_ORG'] || location.org,
  }
}

function address(text: string, path: string): string {
  const ok = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
  if (ok) return text.replace(/\/+$/, '')
  throw new AppError('SETTINGS_INVALID', undefined, {
    faults: [{ path, message: `must be http://host:port, not ${text}` }],
  })
}

function mqttAddress(text: string): { host: string; port: number } {
  const match = /^(?:mqtt:\/\/)?\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text)
  if (match?.[1] !== undefined) return { host: match[1], port: Number(match[2]) }
  throw new AppError('SETTINGS_INVALID', undefined, {
    faults: [{ path: '--mqtt', message: `must be host:port, not ${text}` }],
  })
}

/** Every board in both languages, as grafana/dashboards has them. */
async function boardUids(): Promise<string[]> {
  const kinds = (await loadKinds()).map(({ name }) => `kind-${name}`)
  const boards = ['duty', 'district', ...kinds, 'device', 'cases', 'pipeline']
  return boards.flatMap((board) => [`city-${board}-zh`, `city-${board}-en`])
}
