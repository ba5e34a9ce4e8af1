import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAKE_TOKEN, type FakeInflux } from '../support/fake-influx.ts'
import { FakeStack } from '../support/fake-stack.ts'
import { freshFolder } from '../support/places.ts'
import { freePort } from '../support/ports.ts'
import { runCurbwatch } from '../support/process.ts'

let stack: FakeStack
let folder: string
/** The stack as `stack env` and `stack setup` leave it. */
let content: string
let made: Pick<FakeInflux, 'buckets' | 'tasks' | 'logins'>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'curbwatch-check-'))
  stack = await FakeStack.start()
  const { influx } = stack
  const file = join(folder, 'made')
  writeFileSync(file, `INFLUX_ADMIN_TOKEN=${FAKE_TOKEN}\n`)
  expect(await runCurbwatch(['stack', 'env', '--file', file])).toMatchObject({ code: 0 })
  content = readFileSync(file, 'utf8')
  const { INFLUX_GRAFANA_PASSWORD = '' } = parseEnv(content)
  const env = { INFLUX_URL: influx.url, INFLUX_ADMIN_TOKEN: FAKE_TOKEN, INFLUX_GRAFANA_PASSWORD }
  const setup = await runCurbwatch(['stack', 'setup'], { ...env, CURBWATCH_DATA_DIR: folder })
  expect(setup).toMatchObject({ code: 0, stderr: '' })
  made = structuredClone({ buckets: influx.buckets, tasks: influx.tasks, logins: influx.logins })
})
afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** All as it should be again; gives a fresh file. */
function ready(): string {
  stack.mend()
  for (const table of ['buckets', 'tasks', 'logins'] as const)
    stack.influx[table].splice(0, Number.POSITIVE_INFINITY, ...structuredClone(made[table]))
  const file = join(freshFolder(), '.env')
  writeFileSync(file, content, { mode: 0o600 })
  return file
}

interface Seen {
  readonly id: string
  readonly state: 'fine' | 'wrong' | 'not-tried'
  readonly title: string
  readonly detail: string
  readonly hint: string | null
}

async function check(file: string, ...more: string[]) {
  const args = ['stack', 'check', '--file', file, ...stack.options, ...more]
  const ended = await runCurbwatch(args)
  // No secret is printed, right or wrong.
  for (const [name, value] of Object.entries(parseEnv(readFileSync(file, 'utf8'))))
    if (/TOKEN|SECRET|PASSWORD/.test(name) && (value ?? '').length > 8)
      expect(ended.stdout + ended.stderr).not.toContain(value)
  return ended
}

async function findings(file: string): Promise<Seen[]> {
  const { stdout, stderr } = await check(file, '--json', '--lang', 'en')
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('a stack that is as it should be', () => {
  it('is told line by line, in both languages, and the exit code is 0', async () => {
    const file = ready()
    const english = await check(file, '--lang', 'en')
    expect(english.stdout).not.toMatch(/[✗–→]/)
    expect(english).toMatchObject({ code: 0, stderr: '' })
    expect(english.stdout).toMatch(/^all is well$/m)
    const lines = english.stdout.match(/^✓ .+$/gm) ?? []
    expect(lines).toHaveLength(20)
    expect(lines.join('\n')).not.toMatch(/[\u4e00-\u9fff]/)
    const chinese = await check(file, '--lang', 'zh-CN')
    expect(chinese).toMatchObject({ code: 0 })
    expect(chinese.stdout).toMatch(/^一切正常$/m)
    for (const line of chinese.stdout.match(/^✓ .+$/gm) ?? ['none'])
      expect(line).toMatch(/[\u4e00-\u9fff]/)
  })

  it('is asked as its users do: with their secrets, board by board', async () => {
    const file = ready()
    await check(file)
    const values = parseEnv(readFileSync(file, 'utf8'))
    const admin = Buffer.from(`admin:${values['GRAFANA_ADMIN_PASSWORD']}`).toString('base64')
    const boards = [...stack.grafana.asked.keys()].flatMap(
      (path) => /^\/api\/dashboards\/uid\/(.+)$/.exec(path)?.[1] ?? [],
    )
    const kinds = 'manhole-cover waterlogging sprinkler-truck dust oil-fume tree-tilt'.split(' ')
    const all = [
      'duty',
      'district',
      'device',
      'cases',
      'pipeline',
      ...kinds.map((k) => `kind-${k}`),
    ]
    expect(boards.sort()).toEqual(
      all.flatMap((board) => [`city-${board}-zh`, `city-${board}-en`]).sort(),
    )
    expect(stack.grafana.asked.get('/api/org')).toBe(`Basic ${admin}`)
    expect(stack.curbwatch.asked.get('/api/v1/kinds')).toBe(
      `Bearer ${values['CURBWATCH_ADMIN_TOKEN']}`,
    )
  })
})

type Fault = readonly [
  what: string,
  spoil: () => unknown,
  id: string,
  told: RegExp,
  notTried?: readonly string[],
]

/** Many faults at once, of one check one at a time: each must be told beside the others. */
function rounds(faults: readonly Fault[]): { name: string; faults: Fault[] }[] {
  const all: Fault[][] = []
  for (const fault of faults) {
    const fits = (round: Fault[]) =>
      fault[4] === undefined && round.every(([, , id, , ids]) => id !== fault[2] && !ids)
    const round = all.find(fits)
    if (round === undefined) all.push([fault])
    else round.push(fault)
  }
  return all.map((round) => ({ name: round.map(([what]) => what).join('; '), faults: round }))
}

describe('each fault has a line of its own', () => {
  const seconds = (n: number) => n * 1000
  const FAULTS: readonly Fault[] = [
    [
      'curbwatch does not take messages',
      () => {
        const body = { status: 'not ready', troubles: ['JOURNAL_UNAVAILABLE'] }
        stack.curbwatch.answers['/readyz'] = [503, body]
      },
      'curbwatch.ready',
      /JOURNAL_UNAVAILABLE/,
    ],
    [
      'another admin token',
      () => {
        stack.curbwatch.answers['/api/v1/kinds'] = [401, { detail: 'Not authorized' }]
      },
      'curbwatch.token',
      /401/,
    ],
    [
      'another webhook secret',
      () => {
        stack.curbwatch.answers['/api/v1/grafana/alerts'] = [401, { detail: 'wrong signature' }]
      },
      'curbwatch.webhook',
      /wrong signature/,
    ],
    [
      'a port that is no broker',
      () => {
        stack.connack = Buffer.from('HTTP/1.1 400\r\n\r\n')
      },
      'curbwatch.mqtt',
      /not an MQTT broker/,
    ],
    [
      'a port that hangs up',
      () => {
        stack.connack = null
      },
      'curbwatch.mqtt',
      /without a CONNACK/,
    ],
    [
      'InfluxDB is unwell',
      () => {
        stack.influx.health = 'fail'
      },
      'influx.answers',
      /200/,
      ['influx.buckets', 'influx.tasks', 'influx.login', 'influx.heartbeat'],
    ],
    [
      'a bucket with another retention',
      () => {
        const ops = stack.influx.buckets.find((bucket) => bucket['name'] === 'ops')
        Object.assign(ops ?? {}, { retentionRules: [] })
      },
      'influx.buckets',
      /ops is kept for good, should be kept 7 days/,
    ],
    [
      'a task that failed',
      () =>
        Object.assign(stack.influx.tasks[0] ?? {}, {
          lastRunStatus: 'failed',
          lastRunError: 'bucket not found',
        }),
      'influx.tasks',
      /curbwatch-5m failed: bucket not found/,
    ],
    [
      'a task that is switched off',
      () => Object.assign(stack.influx.tasks[1] ?? {}, { status: 'inactive' }),
      'influx.tasks',
      /curbwatch-5m-late is not active/,
    ],
    [
      'a task that does not run any more',
      () =>
        Object.assign(stack.influx.tasks[0] ?? {}, {
          latestCompleted: new Date(Date.now() - seconds(1000)).toISOString(),
        }),
      'influx.tasks',
      /curbwatch-5m has not run since/,
    ],
    ['a task that is gone', () => stack.influx.tasks.pop(), 'influx.tasks', /late is not there/],
    [
      'a login that may write',
      () => {
        const { permissions } = stack.influx.logins[0] ?? { permissions: [] }
        permissions.push({ ...permissions[0], action: 'write' })
      },
      'influx.login',
      /writing to telemetry is not refused/,
    ],
    [
      'a login that may not read',
      () => stack.influx.logins[0]?.['permissions'].pop(),
      'influx.login',
      /cannot read cases/,
    ],
    [
      'a heartbeat that stopped',
      () => {
        stack.influx.heartbeat = Date.now() - seconds(300)
      },
      'influx.heartbeat',
      /^the last one was \d+ s ago$/,
    ],
    [
      'no heartbeat at all',
      () => {
        stack.influx.heartbeat = null
      },
      'influx.heartbeat',
      /no point/,
    ],
    [
      'Grafana cannot use its database',
      () => {
        stack.grafana.answers['/api/health'] = [503, { database: 'failing' }]
      },
      'grafana.answers',
      /503/,
      ['login', 'plugin', 'sources', 'boards', 'rules', 'contacts'].map((id) => `grafana.${id}`),
    ],
    [
      'another password of Grafana',
      () => {
        stack.grafana.answers['/api/org'] = [401, { message: 'Invalid username or password' }]
      },
      'grafana.login',
      /Invalid username/,
      ['plugin', 'sources', 'boards', 'rules', 'contacts'].map((id) => `grafana.${id}`),
    ],
    [
      'Grafana without its plugin, though it is healthy',
      () => {
        stack.grafana.answers['/api/plugins'] = [200, [{ id: 'prometheus' }]]
      },
      'grafana.plugin',
      /not there/,
    ],
    [
      'a data source that is not there',
      () => {
        const answer = [404, { message: 'Data source not found' }] as const
        stack.grafana.answers['/api/datasources/uid/influx-cases'] = answer
      },
      'grafana.sources',
      /influx-cases: 404 Data source not found/,
    ],
    [
      'a data source that reaches nothing',
      () => {
        const answer = [400, { status: 'ERROR', message: 'error reading InfluxDB' }] as const
        stack.grafana.answers['/api/datasources/uid/influx-ops/health'] = answer
      },
      'grafana.sources',
      /influx-ops: 400 error reading InfluxDB/,
    ],
    [
      'a board that was not read',
      () => {
        stack.grafana.answers['/api/dashboards/uid/city-duty-zh'] = [404, { message: 'not found' }]
      },
      'grafana.boards',
      /^city-duty-zh missing$/,
    ],
    [
      'no alert rules',
      () => {
        stack.grafana.answers['/api/v1/provisioning/alert-rules'] = [200, []]
      },
      'grafana.rules',
      /none/,
    ],
    [
      'a rule that fails',
      () => {
        const rules = [{ name: 'heartbeat', health: 'error', lastError: 'no such host' }]
        const answer = [200, { data: { groups: [{ rules }] } }] as const
        stack.grafana.answers['/api/prometheus/grafana/api/v1/rules'] = answer
      },
      'grafana.rules',
      /heartbeat: no such host/,
    ],
    [
      'no way back to curbwatch',
      () => {
        const answer = [200, [{ name: 'email receiver' }]] as const
        stack.grafana.answers['/api/v1/provisioning/contact-points'] = answer
      },
      'grafana.contacts',
      /case-api/,
    ],
    [
      'a clock that is wrong',
      () => {
        stack.grafana.ahead = seconds(-60)
      },
      'clocks',
      /Grafana -(59|60|61) s/,
    ],
  ]

  it.each(rounds(FAULTS))('$name', async ({ faults }) => {
    const file = ready()
    for (const [, spoil] of faults) spoil()
    const seen = await findings(file)
    for (const [what, , id, told] of faults) {
      const { state, detail, hint } = seen.find((one) => one.id === id) ?? {}
      expect([what, state, detail]).toEqual([what, 'wrong', expect.stringMatching(told)])
      expect(hint).toBeTruthy()
    }
    const ids = (state: string) => seen.filter((one) => one.state === state).map(({ id }) => id)
    expect(ids('wrong').sort()).toEqual(faults.map(([, , id]) => id).sort())
    expect(ids('not-tried').sort()).toEqual(faults.flatMap(([, , , , ids = []]) => ids).sort())
  })

  it('what does not answer at all, in words and with exit code 1', async () => {
    const file = ready()
    const nobody = `127.0.0.1:${await freePort()}`
    const args = ['stack', 'check', '--file', file, '--lang', 'zh-CN']
    const places = ['--console', '--influx', '--grafana'].flatMap((one) => [
      one,
      `http://${nobody}`,
    ])
    const ended = await runCurbwatch([...args, ...places, '--mqtt', nobody])
    expect(ended).toMatchObject({ code: 1, stderr: '' })
    for (const name of ['curbwatch 应答', 'InfluxDB 应答', 'Grafana 应答', 'MQTT 端口应答'])
      expect(ended.stdout).toMatch(new RegExp(`^✗ ${name}：.*ECONNREFUSED.* → .+$`, 'm'))
    expect(ended.stdout).toMatch(/^4 项有问题$/m)
  })
})

describe('a .env that is not as it should be', () => {
  it('is told: what is missing, who may read it, what Grafana would change', async () => {
    const file = ready()
    const spoiled = content
      .replace(/^GRAFANA_URL=.*$/m, '')
      .replace(/^GRAFANA_ADMIN_PASSWORD=.*$/m, 'GRAFANA_ADMIN_PASSWORD=12345678901234567890')
    writeFileSync(file, spoiled)
    chmodSync(file, 0o644)
    const seen = (await findings(file)).filter(({ state }) => state === 'wrong')
    expect(seen.map(({ id }) => id)).toEqual(['env.complete', 'env.mode', 'env.values'])
    expect(seen.map(({ detail }) => detail).join('\n')).toMatch(
      /GRAFANA_URL missing\n.*0644.*\nGRAFANA_ADMIN_PASSWORD: like a number/,
    )
    writeFileSync(file, `${spoiled}CURBWATCH_TELEMETRY_DAYS=always\n`.replace(/=1234\d+/, '=a23'))
    expect((await findings(file)).find(({ id }) => id === 'env.values')).toMatchObject({
      state: 'wrong',
      detail: expect.stringContaining('CURBWATCH_TELEMETRY_DAYS'),
    })
  })

  it('or is not there', async () => {
    const file = join(freshFolder(), '.env')
    const args = ['stack', 'check', '--file', file, ...stack.options, '--lang', 'en']
    const { code, stdout } = await runCurbwatch(args)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^✗ \.env is complete: there is no file .* → run npx curbwatch stack env/m,
    )
  })
})
