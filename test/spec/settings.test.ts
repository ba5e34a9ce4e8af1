import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCurbwatch } from '../support/process.ts'
import { Service } from '../support/service.ts'

let service: Service
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'curbwatch-spec-'))
  service = await Service.start()
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Settings of a service that would start, in a directory of its own. */
function settings(name: string, more: Record<string, string> = {}) {
  return { ...service.env, CURBWATCH_DATA_DIR: join(folder, name), ...more }
}

describe('wrong settings', () => {
  it('are told all at once with name, value and rule, and the exit code is 78', async () => {
    const wrong = settings('wrong', {
      CURBWATCH_HTTP_PORT: '70000',
      CURBWATCH_MQTT_PORT: 'mqtt',
      CURBWATCH_LOG_LEVEL: 'loud',
      CURBWATCH_TELEMETRY_URL: 'csv:',
      CURBWATCH_MQTT_PROT: '1883',
      CURBWATCH_ADMIN_TOKEN: 'tooshort',
    })
    for (const args of [['start'], ['config', 'check']]) {
      const { code, stderr } = await runCurbwatch(args, wrong)
      expect([args, code]).toEqual([args, 78])
      for (const told of [
        'CURBWATCH_HTTP_PORT=70000',
        'CURBWATCH_MQTT_PORT=mqtt',
        'CURBWATCH_LOG_LEVEL=loud',
        'CURBWATCH_TELEMETRY_URL=csv:',
        'CURBWATCH_MQTT_PROT',
        'CURBWATCH_ADMIN_TOKEN',
        '0 to 65535',
        'did you mean CURBWATCH_MQTT_PORT?',
      ])
        expect(stderr).toContain(told)
      expect(stderr).not.toContain('tooshort')
    }
    expect(existsSync(wrong.CURBWATCH_DATA_DIR)).toBe(false)
  })

  it('that only make sense together are told as such', async () => {
    const { code, stderr } = await runCurbwatch(
      ['start'],
      settings('tls', { CURBWATCH_MQTTS_PORT: '0' }),
    )
    expect(code).toBe(78)
    expect(stderr).toContain('CURBWATCH_TLS_CERT')
    expect(stderr).toContain('CURBWATCH_TLS_KEY')
  })

  it('include files that are not there: exit code 78, and the setting is named', async () => {
    for (const more of [
      { CURBWATCH_CITY_FILE: join(folder, 'none.json') },
      {
        CURBWATCH_MQTTS_PORT: '0',
        CURBWATCH_TLS_CERT: join(folder, 'none.pem'),
        CURBWATCH_TLS_KEY: join(folder, 'none.pem'),
      },
    ]) {
      const { code, stderr } = await runCurbwatch(['start'], settings('files', more))
      const name = Object.keys(more).find((one) => /FILE|CERT/.test(one)) as string
      expect([name, code]).toEqual([name, 78])
      expect(stderr).toContain(name)
    }
  })
})

describe('right settings', () => {
  it('are fine by config check', async () => {
    const { code, stderr } = await runCurbwatch(['config', 'check'], settings('fine'))
    expect([code, stderr]).toEqual([0, ''])
  })

  it('are printed with defaults and without secrets', async () => {
    const { code, stdout } = await runCurbwatch(
      ['config', 'print'],
      settings('print', { CURBWATCH_INFLUX_TOKEN: 'influx-secret-token' }),
    )
    expect(code).toBe(0)
    expect(stdout).toContain('CURBWATCH_MQTT_HOST=127.0.0.1\n')
    expect(stdout).toMatch(/^CURBWATCH_ADMIN_TOKEN=\(hidden\)$/m)
    expect(stdout).not.toContain('influx-secret-token')
    expect(stdout).not.toContain(service.env['CURBWATCH_ADMIN_TOKEN'])
  })

  it('need no token: one is made at the first start, kept for its owner only, and holds', async () => {
    const own = await Service.start({ CURBWATCH_ADMIN_TOKEN: '' })
    try {
      const file = join(own.dataDir, 'admin-token')
      const token = readFileSync(file, 'utf8').trim()
      expect(token.length).toBeGreaterThanOrEqual(24)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const ask = () =>
        own.request('GET', '/api/v1/kinds', { headers: { authorization: `Bearer ${token}` } })
      expect((await ask()).status).toBe(200)
      expect((await own.api('GET', '/kinds')).status).toBe(401)
      await own.restart()
      expect((await ask()).status).toBe(200)
      expect(own.logs.join('\n')).not.toContain(token)
    } finally {
      await own.stop()
    }
  })
})

describe('a start that cannot be', () => {
  it('in a data directory that is in use: exit code 1, DATA_DIR_BUSY', async () => {
    const { code, stderr } = await runCurbwatch(['start'], service.env)
    expect(code).toBe(1)
    expect(stderr).toContain('DATA_DIR_BUSY')
    expect(stderr).toContain(service.dataDir)
    expect((await service.request('GET', '/readyz')).status).toBe(200)
  })

  it('on an MQTT port that is taken: exit code 1, PORT_TAKEN, and the setting is named', async () => {
    const { code, stderr } = await runCurbwatch(
      ['start'],
      settings('mqtt-taken', { CURBWATCH_MQTT_PORT: String(service.mqttPort) }),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('PORT_TAKEN')
    expect(stderr).toContain('CURBWATCH_MQTT_PORT')
  })

  it('on an HTTP port that is taken: exit code 1, PORT_TAKEN, and the setting is named', async () => {
    const { code, stderr } = await runCurbwatch(
      ['start'],
      settings('http-taken', { CURBWATCH_HTTP_PORT: new URL(service.http).port }),
    )
    expect(code).toBe(1)
    expect(stderr).toContain('PORT_TAKEN')
    expect(stderr).toContain('CURBWATCH_HTTP_PORT')
  })
})

describe('the command line', () => {
  it('says what it can do', async () => {
    const { code, stdout } = await runCurbwatch(['--help'])
    expect(code).toBe(0)
    for (const command of [
      'start',
      'demo',
      'simulate',
      'devices',
      'rules',
      'config',
      'ledger',
      'backup',
    ])
      expect(stdout).toContain(command)
  })

  it.each([
    ['start'],
    ['demo'],
    ['simulate'],
    ['devices', 'import'],
    ['rules', 'check'],
    ['config', 'check'],
    ['ledger'],
    ['backup'],
  ])('explains %s %s', async (...args) => {
    const { code, stdout } = await runCurbwatch([...args.filter(Boolean), '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage')
  })

  it('ends with 1 for a command that is not there', async () => {
    expect((await runCurbwatch(['explode'])).code).toBe(1)
  })
})
