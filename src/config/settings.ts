import { z } from 'zod'
import type { Fault } from '../model/errors.ts'
import { fail, ok, type Result } from '../model/result.ts'
import { parseInfluxUrl } from '../model/store-location.ts'

/**
 * Settings: environment variables that begin with CURBWATCH_, checked all at once before anything
 * opens. This is the only reader of the environment; docs/settings.md is generated from it.
 */
interface Entry<T> {
  readonly schema: z.ZodType<T>
  /** Absent: the setting is off unless given. */
  readonly fallback: string | null
  /** What is allowed, in words: part of every fault. */
  readonly rule: string
  readonly about: string
  readonly secret?: boolean
}

function entry<T>(
  schema: z.ZodType<T>,
  fallback: string | null,
  rule: string,
  about: string,
  more: { secret?: boolean } = {},
): Entry<T> {
  return { schema, fallback, rule, about, ...more }
}

const text = z.string().min(1)
const port = z.coerce.number().int().min(0).max(65_535)
const days = z.coerce.number().int().min(1).max(36_500)
const telemetryUrl = z.string().refine((url) => url === 'sqlite:' || parseInfluxUrl(url) !== null)
const stateUrl = z.string().regex(/^sqlite:$/)

export const SETTINGS = {
  CURBWATCH_DATA_DIR: entry(
    text,
    './data',
    'a folder that can be written',
    'Where journal, state and telemetry are kept',
  ),
  CURBWATCH_HTTP_HOST: entry(
    text,
    '127.0.0.1',
    'a host name or address',
    'Address that the API, the console and MQTT over WebSocket listen on',
  ),
  CURBWATCH_HTTP_PORT: entry(
    port,
    '8080',
    '0 to 65535; 0 takes any free port',
    'Port of the API and the console',
  ),
  CURBWATCH_MQTT_HOST: entry(
    text,
    '127.0.0.1',
    'a host name or address',
    'Address that MQTT listens on',
  ),
  CURBWATCH_MQTT_PORT: entry(
    port,
    '1883',
    '0 to 65535; 0 takes any free port',
    'Port of MQTT over TCP',
  ),
  CURBWATCH_MQTTS_PORT: entry(
    port,
    null,
    '0 to 65535; 0 takes any free port',
    'Port of MQTT over TLS; needs CURBWATCH_TLS_CERT and CURBWATCH_TLS_KEY',
  ),
  CURBWATCH_TLS_CERT: entry(text, null, 'a PEM file', 'Certificate chain of the TLS port'),
  CURBWATCH_TLS_KEY: entry(text, null, 'a PEM file', 'Private key of the TLS port'),
  CURBWATCH_TLS_CLIENT_CA: entry(
    text,
    null,
    'a PEM file',
    'Where given, devices must also present a certificate signed by it',
  ),
  CURBWATCH_TELEMETRY_URL: entry(
    telemetryUrl,
    'sqlite:',
    'sqlite: or influxdb://host:8086?org=…&bucket=… (influxdbs:// for TLS)',
    'Where readings are stored: a file in the data directory, or InfluxDB (docs/influxdb.md)',
  ),
  CURBWATCH_INFLUX_TOKEN: entry(
    text,
    null,
    'a token',
    'Token of InfluxDB; where it is not given, the one in DATA_DIR/influx-token, which `curbwatch stack setup` writes',
    { secret: true },
  ),
  CURBWATCH_GRAFANA_WEBHOOK_SECRET: entry(
    z.string().min(16).max(256),
    null,
    '16 characters or more',
    'Secret that Grafana signs its alert notifications with (HMAC-SHA256); without it they are refused',
    { secret: true },
  ),
  CURBWATCH_STATE_URL: entry(
    stateUrl,
    'sqlite:',
    'sqlite:',
    'Where cases and alerts are stored. This version has the embedded store only',
  ),
  CURBWATCH_ADMIN_TOKEN: entry(
    z.string().min(16).max(256),
    null,
    '16 characters or more',
    'Bearer token of the API. Where it is not given, one is made at the first start and kept in DATA_DIR/admin-token',
    { secret: true },
  ),
  CURBWATCH_CITY_FILE: entry(
    text,
    null,
    'a JSON file',
    'Districts, streets, grids, units and limits of the city; default: the bundled demo city',
  ),
  CURBWATCH_CELLS: entry(
    z.coerce.number().int().min(1).max(64),
    '1',
    '1 to 64',
    'Processes that share the devices between them (docs/adr/0015): as many as there are cores to spare, chosen before the first start and never changed. 1: all in one process. Unsourced default',
  ),
  CURBWATCH_LOG_LEVEL: entry(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'info',
    'fatal, error, warn, info, debug, trace or silent',
    'How much is logged',
  ),
  CURBWATCH_DEVICE_RATE: entry(
    z.coerce.number().min(0.1).max(1_000_000),
    '2000',
    '0.1 to 1000000',
    'Messages per second that one device may send, in bursts of twice as many; a little more waits, much more is refused. Unsourced default',
  ),
  CURBWATCH_JOURNAL_MAX_MB: entry(
    z.coerce.number().int().min(16).max(10_000_000),
    '10240',
    '16 to 10000000',
    'Size of the journal beyond which messages are refused without an acknowledgement. Unsourced default',
  ),
  CURBWATCH_BACKLOG_MAX: entry(
    z.coerce.number().int().min(1_000).max(1_000_000_000),
    '2000000',
    '1000 to 1000000000',
    'Acknowledged messages that may wait for the rules; beyond, acknowledgements are as slow as the rules. Unsourced default',
  ),
  CURBWATCH_TELEMETRY_DAYS: entry(
    days,
    '365',
    '1 to 36500',
    'Days that readings are kept. Unsourced default',
  ),
  CURBWATCH_QUARANTINE_DAYS: entry(
    days,
    '90',
    '1 to 36500',
    'Days that quarantined messages, and notifications of Grafana, are kept. Unsourced default',
  ),
  CURBWATCH_CLOCK_SPEED: entry(
    z.coerce.number().min(0.01).max(10_000),
    '1',
    '0.01 to 10000',
    "How fast the service's clock runs; above 1 for demonstrations and soak runs only",
  ),
  CURBWATCH_CLOCK_START: entry(
    z.iso.datetime({ offset: true }),
    null,
    'an ISO 8601 time with an offset',
    'What the clock shows at the start; default: the real time',
  ),
} as const satisfies Record<string, Entry<unknown>>

export type SettingName = keyof typeof SETTINGS
type Value<N extends SettingName> = z.output<(typeof SETTINGS)[N]['schema']>
type Given<N extends SettingName> = (typeof SETTINGS)[N]['fallback'] extends null
  ? Value<N> | null
  : Value<N>
/** All settings, checked. Those without a default are null where they are not given. */
export type Settings = { readonly [N in SettingName]: Given<N> }

/** A fault of a setting: its name, what was given, the rule, a hint. */
export interface SettingFault extends Fault {
  readonly value: string | null
}

/** Reads and checks all settings; every fault at once. */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
): Result<Settings, SettingFault[]> {
  const faults: SettingFault[] = unknownNames(env)
  const values: Record<string, unknown> = {}
  for (const [name, { schema, fallback, rule, secret }] of Object.entries(SETTINGS) as [
    SettingName,
    Entry<unknown>,
  ][]) {
    // An empty value is no value: compose files write it so.
    const given = env[name] === '' ? undefined : env[name]
    const raw = given ?? fallback
    if (raw === null) {
      values[name] = null
      continue
    }
    const parsed = schema.safeParse(raw)
    if (parsed.success) values[name] = parsed.data
    else faults.push({ path: name, value: secret ? '(hidden)' : raw, message: `must be ${rule}` })
  }
  faults.push(...together(values))
  return faults.length > 0 ? fail(faults) : ok(values as unknown as Settings)
}

function unknownNames(env: Readonly<Record<string, string | undefined>>): SettingFault[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('CURBWATCH_') && !(name in SETTINGS))
    .map((name) => {
      const near = nearest(name)
      const hint = near === null ? 'see docs/settings.md' : `did you mean ${near}?`
      return { path: name, value: null, message: `there is no such setting; ${hint}` }
    })
}

/** Settings that only make sense together. */
function together(values: Record<string, unknown>): SettingFault[] {
  const faults: SettingFault[] = []
  const need = (name: SettingName, wanted: SettingName) => {
    if (values[name] != null && values[wanted] == null) {
      faults.push({ path: wanted, value: null, message: `is needed with ${name}` })
    }
  }
  need('CURBWATCH_MQTTS_PORT', 'CURBWATCH_TLS_CERT')
  need('CURBWATCH_MQTTS_PORT', 'CURBWATCH_TLS_KEY')
  need('CURBWATCH_TLS_CERT', 'CURBWATCH_MQTTS_PORT')
  need('CURBWATCH_TLS_KEY', 'CURBWATCH_MQTTS_PORT')
  need('CURBWATCH_TLS_CLIENT_CA', 'CURBWATCH_MQTTS_PORT')
  return faults
}

/** The setting whose name differs in the fewest letters, if that is few. */
function nearest(name: string): string | null {
  const ranked = Object.keys(SETTINGS)
    .map((known) => ({ known, far: distance(name, known) }))
    .sort((a, b) => a.far - b.far)
  const best = ranked[0]
  return best !== undefined && best.far <= 4 ? best.known : null
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

/** The settings in force, without secrets, for `config print`. */
export function printable(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(
    (Object.entries(SETTINGS) as [SettingName, Entry<unknown>][]).map(([name, { secret }]) => [
      name,
      secret && settings[name] !== null ? '(hidden)' : settings[name],
    ]),
  )
}

/** Faults as lines for a person: name, value, rule. */
export function describeFaults(faults: readonly SettingFault[]): string {
  return faults
    .map(({ path, value, message }) => `  ${path}${value === null ? '' : `=${value}`}: ${message}`)
    .join('\n')
}
