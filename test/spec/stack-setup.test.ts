import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { FakeInflux } from '../support/fake-influx.ts'
import { describeWith, INFLUX_SERVERS, startInflux2 } from '../support/influx-servers.ts'
import { freshFolder } from '../support/places.ts'
import { freePort } from '../support/ports.ts'
import { type Ended, runCurbwatch } from '../support/process.ts'
import type { Doc } from '../support/service.ts'

const PASSWORD = 'GrafanaReads0123456789'
const MINUTES_5 = 5 * 60_000

/** What the suite needs of a server, real or not. */
interface Server {
  readonly url: string
  readonly token: string
  stop(): Promise<void>
}

const real = INFLUX_SERVERS.find(({ name }) => name === 'InfluxDB 2') ?? INFLUX_SERVERS[1]
const SERVERS = [
  { name: 'InfluxDB 2 from memory', run: describe, start: () => FakeInflux.start() },
  { name: real.name, run: describeWith(real), start: () => startInflux2() },
]

for (const { name, run, start } of SERVERS) {
  run(`stack setup, ${name}`, () => suite(start))
}

function suite(start: () => Promise<Server>): void {
  let server: Server
  // Not one test's: the steps follow one another.
  let dataDir: string
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'curbwatch-setup-'))
    server = await start()
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const setUp = (dataDir: string, more: Record<string, string> = {}): Promise<Ended> =>
    runCurbwatch(['stack', 'setup', '--lang', 'en', '--wait', '20'], {
      INFLUX_URL: server.url,
      INFLUX_ORG: '',
      INFLUX_ADMIN_TOKEN: server.token,
      INFLUX_GRAFANA_PASSWORD: PASSWORD,
      CURBWATCH_DATA_DIR: dataDir,
      ...more,
    })
  const fine = async (dataDir: string, more: Record<string, string> = {}) => {
    const ended = await setUp(dataDir, more)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(ended.stdout).not.toContain(PASSWORD)
    return ended.stdout.trim().split('\n')
  }
  const get = async (path: string): Promise<Doc> => {
    const headers = { authorization: `Token ${server.token}` }
    return (await fetch(`${server.url}${path}`, { headers })).json()
  }
  const write = async (path: string, authorization: string) => {
    const init = { method: 'POST', headers: { authorization } }
    return (await fetch(`${server.url}${path}`, init)).status
  }
  const databases = async (authorization: string) => {
    const url = `${server.url}/query?q=SHOW+DATABASES`
    const answer: Doc = await (await fetch(url, { headers: { authorization } })).json()
    return answer.results?.[0].series[0].values.map(([name]: string[]) => name)
  }
  const inventory = async () => ({
    buckets: (await get('/api/v2/buckets?limit=100')).buckets
      .filter(({ name }: Doc) => !/^_|^first$/.test(name))
      .map(({ name, retentionRules: [rule] }: Doc) => `${name} ${rule?.everySeconds ?? 0}`)
      .sort(),
    tasks: (await get('/api/v2/tasks')).tasks.map(({ name }: Doc) => name).sort(),
    logins: (await get('/private/legacy/authorizations')).authorizations.map((a: Doc) => a.token),
    tokens: (await get('/api/v2/authorizations')).authorizations.filter(
      ({ description }: Doc) => description === 'curbwatch',
    ).length,
  })
  const DAYS = 86_400
  const ALL = {
    buckets: [
      'cases 0',
      `ops ${7 * DAYS}`,
      `telemetry ${365 * DAYS}`,
      `telemetry_5m ${1825 * DAYS}`,
    ],
    tasks: ['curbwatch-5m', 'curbwatch-5m-late'],
    logins: ['grafana'],
    tokens: 1,
  }
  const basic = (password: string) =>
    `Basic ${Buffer.from(`grafana:${password}`).toString('base64')}`

  it('makes everything, and the second time nothing', async () => {
    const first = await fine(dataDir)
    expect(first.filter((line) => /: made/.test(line))).toHaveLength(8)
    expect(await inventory()).toEqual(ALL)
    const file = join(dataDir, 'influx-token')
    const token = readFileSync(file, 'utf8')
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
    expect(first.join('\n')).not.toContain(token.trim())
    const second = await fine(dataDir)
    expect(second.filter((line) => /unchanged/.test(line))).toHaveLength(8)
    expect(second).toHaveLength(9)
    expect(await inventory()).toEqual(ALL)
    expect(readFileSync(file, 'utf8')).toBe(token)
  })

  it('gives the service a token that may no more than it must', async () => {
    const token = `Token ${readFileSync(join(dataDir, 'influx-token'), 'utf8').trim()}`
    for (const bucket of ['telemetry', 'ops', 'cases'])
      expect(await write(`/api/v2/write?org=city&bucket=${bucket}`, token)).toBe(204)
    expect(await write('/api/v2/write?org=city&bucket=telemetry_5m', token)).toBe(403)
    expect(await databases(token)).toEqual(
      expect.arrayContaining(['telemetry', 'telemetry_5m', 'ops', 'cases']),
    )
    // A list that one may not see is refused, or it is empty.
    const tasks = await fetch(`${server.url}/api/v2/tasks`, { headers: { authorization: token } })
    expect(tasks.ok ? ((await tasks.json()) as Doc).tasks : []).toEqual([])
  })

  it('gives Grafana a login that reads and cannot write', async () => {
    expect((await databases(basic(PASSWORD))).sort()).toEqual([
      'cases',
      'ops',
      'telemetry',
      'telemetry_5m',
    ])
    for (const db of ['telemetry', 'telemetry_5m', 'ops', 'cases'])
      expect(await write(`/write?db=${db}`, basic(PASSWORD))).toBe(403)
    expect(await databases(basic('anything-else-0123'))).toBeUndefined()
  })

  it('puts right what differs, and says so', async () => {
    const changed = await fine(dataDir, {
      CURBWATCH_TELEMETRY_DAYS: '30',
      INFLUX_GRAFANA_PASSWORD: 'AnotherOne0123456789',
    })
    expect(changed).toContain('bucket telemetry: now kept 30 days (it was kept 365 days)')
    expect(changed).toContain('read-only user grafana: new password')
    expect(await databases(basic(PASSWORD))).toBeUndefined()
    expect(await databases(basic('AnotherOne0123456789'))).toHaveLength(4)
    const [task] = (await get('/api/v2/tasks')).tasks
    await fetch(`${server.url}/api/v2/tasks/${task.id}`, {
      method: 'PATCH',
      headers: { authorization: `Token ${server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'inactive' }),
    })
    expect(await fine(dataDir)).toContain(`task ${task.name}: put right`)
    expect(await inventory()).toEqual(ALL)
    expect(await databases(basic(PASSWORD))).toHaveLength(4)
  })

  it('replaces a token that is lost or no longer works', async () => {
    const file = join(dataDir, 'influx-token')
    writeFileSync(file, 'stale\n')
    expect(await fine(dataDir)).toContain(
      "curbwatch's token: the one it had does not work, replaced",
    )
    rmSync(file)
    expect(await fine(dataDir)).toContain("curbwatch's token: made")
    const token = `Token ${readFileSync(file, 'utf8').trim()}`
    expect(await write('/api/v2/write?org=city&bucket=ops', token)).toBe(204)
  })

  it('says what is wrong with a code, and what to do', async () => {
    const dir = freshFolder()
    const wrong = await setUp(dir, { INFLUX_ADMIN_TOKEN: 'another-token-0123' })
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.stderr).toMatch(/INFLUX_UNAUTHORIZED: .* 401/)
    const org = await setUp(dir, { INFLUX_ORG: 'elsewhere' })
    expect(org).toMatchObject({ code: 1 })
    expect(org.stderr).toContain('INFLUX_REFUSED: there is no organization "elsewhere"')
    const none = await setUp(dir, { INFLUX_ADMIN_TOKEN: '', INFLUX_GRAFANA_PASSWORD: '' })
    expect(none).toMatchObject({ code: 78 })
    expect(none.stderr).toMatch(/INFLUX_ADMIN_TOKEN[\s\S]*INFLUX_GRAFANA_PASSWORD/)
    for (const { stderr } of [wrong, org, none]) expect(stderr).toMatch(/[\u4e00-\u9fff]/)
  })
}

it('sets up a server that nobody has set up, where it is given the password', async () => {
  const server = await FakeInflux.start()
  onTestFinished(() => server.stop())
  server.fresh = true
  const env = {
    INFLUX_URL: server.url,
    INFLUX_ORG: 'city',
    INFLUX_ADMIN_TOKEN: server.token,
    INFLUX_ADMIN_PASSWORD: '',
    INFLUX_GRAFANA_PASSWORD: PASSWORD,
    CURBWATCH_DATA_DIR: freshFolder(),
  }
  const args = ['stack', 'setup', '--lang', 'en']
  const without = await runCurbwatch(args, env)
  expect(without).toMatchObject({ code: 1 })
  expect(without.stderr).toContain('INFLUX_ADMIN_PASSWORD')
  const given = await runCurbwatch(args, { ...env, INFLUX_ADMIN_PASSWORD: 'first-password' })
  expect(given).toMatchObject({ code: 0, stderr: '' })
  expect(given.stdout).toContain('first set-up: user admin, organization city')
})

it('gives up on an InfluxDB that does not come', async () => {
  const port = await freePort()
  const ended = await runCurbwatch(['stack', 'setup', '--lang', 'en', '--wait', '1'], {
    INFLUX_URL: `http://127.0.0.1:${port}`,
    INFLUX_ADMIN_TOKEN: 'x',
    INFLUX_GRAFANA_PASSWORD: 'x',
    CURBWATCH_DATA_DIR: freshFolder(),
  })
  expect(ended).toMatchObject({ code: 1 })
  expect(ended.stdout).toContain('waiting for InfluxDB')
  expect(ended.stderr).toMatch(/INFLUX_UNAVAILABLE: .*ECONNREFUSED/)
})

describeWith(real)('the downsampling tasks, InfluxDB 2', () => {
  let server: Awaited<ReturnType<typeof startInflux2>>
  beforeAll(async () => {
    server = await startInflux2()
  })
  afterAll(() => server?.stop())

  const call = async (method: string, path: string, body?: object | string): Promise<Doc> => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Token ${server.token}` },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const content = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${content}`)
    return content === '' ? null : JSON.parse(content)
  }
  /** Runs a task as if it were due at a time. */
  const runTask = async (name: string, at: number) => {
    const [task] = (await call('GET', `/api/v2/tasks?name=${name}`)).tasks
    const due = { scheduledFor: new Date(at).toISOString().replace('.000', '') }
    const { id } = await call('POST', `/api/v2/tasks/${task.id}/runs`, due)
    await eventually(async () => {
      const run = await call('GET', `/api/v2/tasks/${task.id}/runs/${id}`)
      if (run.status === 'failed') throw new Error(JSON.stringify(run.log))
      return run.status === 'success'
    })
  }
  const rows = async (kind: string): Promise<Doc[]> => {
    const [series] = (await server.query('telemetry_5m', `SELECT * FROM "${kind}"`)) as Doc[]
    return (series?.values ?? []).map((row: unknown[]) =>
      Object.fromEntries(series.columns.map((column: string, i: number) => [column, row[i]])),
    )
  }

  it('write means and maxima of every kind at the end of five minutes, once', async () => {
    await runCurbwatch(['stack', 'setup'], {
      INFLUX_URL: server.url,
      INFLUX_ORG: 'city',
      INFLUX_ADMIN_TOKEN: server.token,
      INFLUX_GRAFANA_PASSWORD: PASSWORD,
      CURBWATCH_DATA_DIR: freshFolder(),
    })
    const due = Math.floor(Date.now() / MINUTES_5) * MINUTES_5
    const reading = (kind: string, device: string, fields: string, at: number) =>
      `${kind},device=${device},district=d1 ${fields},receivedAt=${at},seq=1 ${at}`
    const lines = [
      reading('waterlogging', 'w1', 'depthCm=1,rainfallMmH=10', due - 2 * MINUTES_5),
      reading('waterlogging', 'w1', 'depthCm=3', due - MINUTES_5 - 1),
      reading('waterlogging', 'w1', 'depthCm=8', due - MINUTES_5),
      // Not yet over: it belongs to the next run.
      reading('waterlogging', 'w1', 'depthCm=99', due),
      reading('dust', 'd1', 'pm10=50', due - 60_000),
      reading('dust', 'd1', 'pm10=150', due - 30_000),
      // Came a day late.
      reading('dust', 'd2', 'pm10=7', due - 30 * 12 * MINUTES_5),
    ]
    await call('POST', '/api/v2/write?org=city&bucket=telemetry&precision=ms', lines.join('\n'))
    const water = [
      { time: due - MINUTES_5, device: 'w1', depthCm: 2, depthCm_max: 3, rainfallMmH: 10 },
      { time: due, device: 'w1', depthCm: 8, depthCm_max: 8, rainfallMmH: null },
    ]
    // A run that begins a little after its time cuts the windows as if it had not.
    for (const at of [due, due, due + 17_000]) {
      await runTask('curbwatch-5m', at)
      expect(await rows('waterlogging')).toMatchObject(water)
      expect(await rows('dust')).toMatchObject([
        { time: due, district: 'd1', device: 'd1', pm10: 100, pm10_max: 150 },
      ])
    }
    for (const row of await rows('waterlogging'))
      expect(Object.keys(row).join()).not.toMatch(/receivedAt|seq/)
    await runTask('curbwatch-5m-late', due)
    expect(await rows('waterlogging')).toMatchObject(water)
    expect(await rows('dust')).toMatchObject([
      { device: 'd2', pm10: 7, pm10_max: 7 },
      { time: due, device: 'd1', pm10: 100, pm10_max: 150 },
    ])
  })
})
