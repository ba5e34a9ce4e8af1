import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, type Fault } from '../../model/errors.ts'
import { type InfluxLocation, parseInfluxUrl } from '../../model/store-location.ts'
import { type Language, text } from '../../model/text.ts'
import { influxToken } from '../../ops/data-dir.ts'
import { setUpInflux } from '../../store/influxdb/setup.ts'
import { type Environment, settingsFrom } from '../environment.ts'
import { languageOf } from './language.ts'

/**
 * `stack setup`: makes InfluxDB ready for curbwatch and Grafana. Compose runs it at every start; it
 * changes only what is not as it should be.
 */
export interface SetupOptions {
  readonly url?: string
  readonly org?: string
  readonly wait: string
  readonly lang?: string
}

const DEFAULT_URL = 'influxdb://localhost:8086?org=city&bucket=telemetry'

export async function setUpStack(env: Environment, options: SetupOptions): Promise<number> {
  const settings = settingsFrom(env)
  const { adminToken, grafanaPassword } = secretsIn(env)
  const language = languageOf(options.lang, env)
  const file = join(settings.CURBWATCH_DATA_DIR, 'influx-token')
  const kept = influxToken(settings.CURBWATCH_DATA_DIR)
  const token = await setUpInflux(
    {
      location: locationOf(env, settings.CURBWATCH_TELEMETRY_URL, options),
      adminToken,
      adminPassword: env['INFLUX_ADMIN_PASSWORD'] || null,
      grafanaPassword,
      telemetryDays: settings.CURBWATCH_TELEMETRY_DAYS,
      serviceToken: kept,
      waitMs: waitMs(options.wait),
    },
    (line) => process.stdout.write(`${line[language]}\n`),
  )
  if (token !== kept) keep(file, token, language)
  return 0
}

function secretsIn(env: Environment): { adminToken: string; grafanaPassword: string } {
  const faults: Fault[] = []
  const need = (name: string): string => {
    const value = env[name] ?? ''
    if (value === '') faults.push({ path: name, message: 'is needed; see `curbwatch stack env`' })
    return value
  }
  const found = {
    adminToken: need('INFLUX_ADMIN_TOKEN'),
    grafanaPassword: need('INFLUX_GRAFANA_PASSWORD'),
  }
  if (faults.length > 0) throw new AppError('SETTINGS_INVALID', undefined, { faults })
  return found
}

/** Where InfluxDB is: as asked for, else INFLUX_…, else where curbwatch itself writes to. */
function locationOf(
  env: Environment,
  telemetryUrl: string,
  options: SetupOptions,
): Omit<InfluxLocation, 'token'> {
  const location = parseInfluxUrl(telemetryUrl) ?? parseInfluxUrl(DEFAULT_URL)
  const url = options.url ?? (env['INFLUX_URL'] || location?.url)
  const org = options.org ?? (env['INFLUX_ORG'] || location?.org)
  if (location === null || url === undefined || org === undefined || !URL.canParse(url)) {
    throw new AppError('SETTINGS_INVALID', undefined, {
      faults: [{ path: 'INFLUX_URL', message: 'must be http://host:port' }],
    })
  }
  return { ...location, url: new URL(url).origin, org }
}

function waitMs(given: string): number {
  const seconds = Number(given)
  if (Number.isFinite(seconds) && seconds >= 0 && seconds <= 3600) return seconds * 1000
  throw new AppError('SETTINGS_INVALID', undefined, {
    faults: [{ path: '--wait', message: 'must be 0 to 3600 seconds' }],
  })
}

/** Under its name at once or not at all: a service that starts now must not read half of it. */
function keep(file: string, token: string, language: Language): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.new`
  writeFileSync(fresh, `${token}\n`, { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, file)
  process.stdout.write(`${text(`令牌已写入 ${file}`, `the token is in ${file}`)[language]}\n`)
}
