import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  describeFaults,
  printable,
  readSettings,
  SETTINGS,
  type SettingName,
} from '../../../src/config/settings.ts'

const read = (env: Record<string, string>) => readSettings(env)
const faultsOf = (env: Record<string, string>) => {
  const settings = read(env)
  return settings.ok ? [] : settings.error.map(({ path, value }) => [path, value])
}

test('without any variable the contract holds', () => {
  const settings = read({})
  expect(settings).toMatchObject({
    ok: true,
    value: {
      CURBWATCH_DATA_DIR: './data',
      CURBWATCH_HTTP_HOST: '127.0.0.1',
      CURBWATCH_HTTP_PORT: 8080,
      CURBWATCH_MQTT_HOST: '127.0.0.1',
      CURBWATCH_MQTT_PORT: 1883,
      CURBWATCH_MQTTS_PORT: null,
      CURBWATCH_ADMIN_TOKEN: null,
      CURBWATCH_TELEMETRY_URL: 'sqlite:',
      CURBWATCH_STATE_URL: 'sqlite:',
      CURBWATCH_LOG_LEVEL: 'info',
    },
  })
})

test('every default passes its own rule', () => {
  for (const [name, { fallback }] of Object.entries(SETTINGS)) {
    if (fallback !== null) expect(faultsOf({ [name]: fallback }), name).toEqual([])
  }
})

describe('faults', () => {
  test('all of them at once, with name and value', () => {
    expect(
      faultsOf({
        CURBWATCH_HTTP_PORT: '70000',
        CURBWATCH_MQTT_PORT: 'mqtt',
        CURBWATCH_LOG_LEVEL: 'loud',
        CURBWATCH_STATE_URL: 'oracle:',
        CURBWATCH_COLOUR: 'red',
        CURBWATCH_MQTTS_PORT: '8883',
      }).sort(),
    ).toEqual([
      ['CURBWATCH_COLOUR', null],
      ['CURBWATCH_HTTP_PORT', '70000'],
      ['CURBWATCH_LOG_LEVEL', 'loud'],
      ['CURBWATCH_MQTT_PORT', 'mqtt'],
      ['CURBWATCH_STATE_URL', 'oracle:'],
      ['CURBWATCH_TLS_CERT', null],
      ['CURBWATCH_TLS_KEY', null],
    ])
  })

  test.each<[string, string]>([
    ['CURBWATCH_MQTT_PROT', 'did you mean CURBWATCH_MQTT_PORT?'],
    ['CURBWATCH_LOGLEVEL', 'did you mean CURBWATCH_LOG_LEVEL?'],
    ['CURBWATCH_DATADIR', 'did you mean CURBWATCH_DATA_DIR?'],
    ['CURBWATCH_SOMETHING_ELSE', 'see docs/settings.md'],
  ])('%s: %s', (name, hint) => {
    const settings = read({ [name]: 'x' })
    expect(!settings.ok && settings.error[0]?.message).toContain(hint)
  })

  test.each(['-1', '65536', '80.5', 'x', '1e9'])('port %j is refused', (port) => {
    expect(faultsOf({ CURBWATCH_HTTP_PORT: port })).toEqual([['CURBWATCH_HTTP_PORT', port]])
  })

  test('a secret is never shown', () => {
    const settings = read({ CURBWATCH_ADMIN_TOKEN: 'too-short' })
    expect(settings.ok).toBe(false)
    if (!settings.ok) expect(describeFaults(settings.error)).not.toContain('too-short')
    const good = read({ CURBWATCH_ADMIN_TOKEN: 'a-very-secret-token' })
    if (!good.ok) throw new Error('refused')
    expect(good.value.CURBWATCH_ADMIN_TOKEN).toBe('a-very-secret-token')
    expect(JSON.stringify(printable(good.value))).not.toContain('a-very-secret-token')
  })

  test('TLS goes together', () => {
    const all = {
      CURBWATCH_MQTTS_PORT: '8883',
      CURBWATCH_TLS_CERT: 'c.pem',
      CURBWATCH_TLS_KEY: 'k.pem',
      CURBWATCH_TLS_CLIENT_CA: 'ca.pem',
    }
    expect(faultsOf(all)).toEqual([])
    expect(faultsOf({ CURBWATCH_TLS_CLIENT_CA: 'ca.pem' })).toEqual([
      ['CURBWATCH_MQTTS_PORT', null],
    ])
  })
})

test('an empty value is none, and other names are none of ours', () => {
  expect(read({ CURBWATCH_HTTP_PORT: '', CURB_WATCH: 'x', PATH: '/bin' })).toEqual(read({}))
})

test('any environment is answered: with settings, or with faults that have words', () => {
  const names = fc.oneof(
    fc.constantFrom(...(Object.keys(SETTINGS) as SettingName[])),
    fc.string({ maxLength: 8 }).map((tail) => `CURBWATCH_${tail}`),
  )
  fc.assert(
    fc.property(fc.dictionary(names, fc.string(), { maxKeys: 5 }), (env) => {
      const settings = read(env)
      if (settings.ok) expect(Object.keys(settings.value)).toEqual(Object.keys(SETTINGS))
      else for (const fault of settings.error) expect(fault.message.length).toBeGreaterThan(8)
    }),
    { numRuns: 300 },
  )
})
