import { existsSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ENV_NAMES } from '../../src/cli/stack/env-names.ts'
import { readSettings } from '../../src/config/settings.ts'

/**
 * docker-compose.yml without Docker: against the schema of the Compose Specification, and against
 * what it names. The schema is compose-spec.json of github.com/compose-spec/compose-go v2.16.2,
 * unchanged; Apache-2.0, Copyright 2020 The Compose Specification Authors.
 */
const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const TEXT = read('docker-compose.yml')

interface Service {
  readonly image: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly restart: string
  readonly profiles?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: readonly string[] }
  readonly logging?: { readonly options: Readonly<Record<string, string>> }
  readonly stop_grace_period?: string
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const compose: Compose = parse(TEXT, { merge: true })
const SERVICES = Object.entries(compose.services)
/** These end by themselves, or have nothing to ask. */
const WITHOUT_HEALTH = ['influxdb-setup', 'simulator']

function validate(value: unknown): string {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const check = ajv.compile(JSON.parse(read('test/grafana/compose-spec.schema.json')))
  return check(value) ? '' : ajv.errorsText(check.errors)
}

test('it is a valid compose file, and the schema sees when it is not', () => {
  expect(validate(compose)).toBe('')
  const broken = structuredClone(compose) as { services: Record<string, object> }
  broken.services['grafana'] = { ...broken.services['grafana'], depend_on: {} }
  expect(validate(broken)).toContain('must NOT have unevaluated properties')
})

test('its services are those that the documents name', () => {
  expect(Object.keys(compose.services)).toEqual([
    'curbwatch',
    'influxdb',
    'influxdb-setup',
    'grafana',
    'simulator',
  ])
  const optional = SERVICES.filter(([, { profiles }]) => profiles !== undefined)
  expect(optional.map(([name, { profiles }]) => [name, profiles])).toEqual([
    ['simulator', ['simulator']],
  ])
})

describe('variables', () => {
  // `$$` is a dollar for the shell inside.
  const used = [...TEXT.replaceAll('$$', '').matchAll(/\$\{(\w+)(:[-?][^}]*)?\}/g)]

  test('every one is written by stack env', () => {
    const names = new Set(ENV_NAMES.map(({ name }) => name))
    expect(used.length).toBeGreaterThan(5)
    for (const [, name] of used) expect([...names]).toContain(name)
    // And all that stack env writes is of use here.
    expect([...names].sort()).toEqual([...new Set(used.map(([, name]) => name))].sort())
  })

  test('a secret is asked for; anything else has the default that stack env writes', () => {
    for (const [, name, rest] of used) {
      const known = ENV_NAMES.find((entry) => entry.name === name)
      expect([name, rest]).toEqual([
        name,
        known?.value === null ? ':?run npx curbwatch stack env first' : `:-${known?.value}`,
      ])
    }
  })

  test('no secret has a value in the file', () => {
    for (const [, { environment = {} }] of SERVICES) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|TOKEN|SECRET/.test(name)) expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/)
      }
    }
  })
})

test('images are pinned, and those of curbwatch are built here', () => {
  for (const [, { image, build }] of SERVICES) {
    expect(image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+$/)
    expect(build).toBe(image.startsWith('curbwatch:') ? '.' : undefined)
  }
  const { version } = JSON.parse(read('package.json'))
  expect(compose.services['curbwatch']?.image).toBe(`curbwatch:${version}`)
})

test('what is mounted is there: folders of the project, and named volumes', () => {
  for (const [, { volumes = [] }] of SERVICES) {
    for (const mount of volumes) {
      const [source = '', target = '', mode] = mount.split(':')
      expect(target.startsWith('/')).toBe(true)
      if (!source.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(source)
      else expect([source, existsSync(new URL(source, ROOT)), mode]).toEqual([source, true, 'ro'])
    }
  }
  const used = SERVICES.flatMap(([, { volumes = [] }]) =>
    volumes.map((mount) => mount.split(':')[0]),
  )
  for (const name of Object.keys(compose.volumes)) expect(used).toContain(name)
})

test('scripts that it runs are there', () => {
  const { entrypoint = [], healthcheck } = compose.services['grafana'] as Service
  for (const path of [entrypoint.at(-1), healthcheck?.test?.at(-1)]) {
    expect(existsSync(new URL((path ?? '').replace('/opt/curbwatch/', ''), ROOT))).toBe(true)
  }
})

test('who waits for whom is there and can be waited for', () => {
  for (const [name, { depends_on = {} }] of SERVICES) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const target = compose.services[other]
      expect([name, other, target !== undefined]).toEqual([name, other, true])
      const ends = target?.restart === 'no'
      expect(condition === 'service_completed_successfully').toBe(ends)
      if (condition === 'service_healthy') expect(WITHOUT_HEALTH).not.toContain(other)
    }
  }
})

test('every service has a health check that is its own', () => {
  for (const [name, { image, healthcheck }] of SERVICES) {
    const own = healthcheck?.test !== undefined
    const ofImage = healthcheck === undefined && image.startsWith('curbwatch:')
    const none = healthcheck?.disable === true
    expect([name, own || ofImage, none]).toEqual([
      name,
      !WITHOUT_HEALTH.includes(name),
      WITHOUT_HEALTH.includes(name),
    ])
  }
  expect(read('Dockerfile')).toContain('HEALTHCHECK')
})

test('only MQTT is open to the network; logs are bounded; what runs comes back', () => {
  for (const [name, { ports = [], logging, restart }] of SERVICES) {
    for (const port of ports) {
      expect(port).toMatch(name === 'curbwatch' ? /^(127\.0\.0\.1:8080:8080|1883:1883)$/ : /^127\./)
    }
    expect(logging?.options['max-size']).toBeDefined()
    expect(restart).toBe(name === 'influxdb-setup' ? 'no' : 'unless-stopped')
  }
})

test('curbwatch takes its settings: no name that it does not know', () => {
  for (const name of ['curbwatch', 'influxdb-setup', 'simulator']) {
    const { environment = {} } = compose.services[name] as Service
    const filled = Object.entries(environment).map(([key, value]) => [
      key,
      value.replace(/\$\{\w+:\?[^}]+\}/, 'a'.repeat(40)).replace(/\$\{\w+:-([^}]*)\}/, '$1'),
    ])
    const settings = readSettings(Object.fromEntries(filled))
    expect(settings.ok ? [] : settings.error).toEqual([])
    if (name === 'curbwatch' && settings.ok) {
      expect(settings.value.CURBWATCH_TELEMETRY_URL).toContain('influxdb://influxdb:8086')
    }
  }
})

test('Grafana needs no internet and lets nobody in without a login', () => {
  expect(compose.services['grafana']?.environment).toMatchObject({
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
    GF_PLUGINS_PLUGIN_ADMIN_ENABLED: 'false',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
    GF_SECURITY_DISABLE_GRAVATAR: 'true',
    GF_AUTH_ANONYMOUS_ENABLED: 'false',
  })
})

test('what Grafana puts into provisioning files is in its environment', () => {
  const files = ['datasources/curbwatch', 'alerting/contact-points', 'alerting/policies']
  const text = files.map((name) => read(`grafana/provisioning/${name}.yaml`)).join('\n')
  const names = new Set([...text.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? ''))
  expect(names.size).toBe(4)
  const environment = compose.services['grafana']?.environment ?? {}
  for (const name of names) expect(Object.keys(environment)).toContain(name)
})
