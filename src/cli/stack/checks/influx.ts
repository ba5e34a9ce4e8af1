import { type Text, text } from '../../../model/text.ts'
import { realTime } from '../../../ops/clock.ts'
import { kept, wantedBuckets } from '../../../store/influxdb/setup-buckets.ts'
import { downsamplingTasks } from '../../../store/influxdb/setup-tasks.ts'
import { type Asked, ask, basic, saidOf } from './ask.ts'
import { Check, type Finding, same } from './finding.ts'
import { secretOf, type Target } from './target.ts'

/** InfluxDB: buckets, tasks, the service's heartbeat in it, and the login of Grafana. */
const CHECKS = {
  buckets: new Check('influx.buckets', text('存储桶及保留期', 'buckets and their retention')),
  tasks: new Check('influx.tasks', text('降采样任务', 'downsampling tasks')),
  login: new Check('influx.login', text('只读用户 grafana', 'read-only user grafana')),
  heartbeat: new Check(
    'influx.heartbeat',
    text('curbwatch 的心跳到达 InfluxDB', "curbwatch's heartbeat reaches InfluxDB"),
  ),
}
const SETUP = text(
  '运行 docker compose run --rm influxdb-setup',
  'run docker compose run --rm influxdb-setup',
)

export async function checkInflux(target: Target): Promise<Finding[]> {
  const { url } = target.influx
  const answers = new Check('influx.answers', text('InfluxDB 应答', 'InfluxDB answers'))
  const health = await ask(`${url}/health`)
  const { status, version } = (health.body ?? {}) as { status?: string; version?: string }
  if (health.status !== 200 || status !== 'pass') {
    const why = text('InfluxDB 没有应答', 'InfluxDB does not answer')
    return [
      answers.wrong(
        same(`${url}: ${saidOf(health)}`),
        text(
          'docker compose ps influxdb；docker compose logs influxdb；地址不同时用 --influx',
          'docker compose ps influxdb; docker compose logs influxdb; --influx where the address is another',
        ),
      ),
      ...Object.values(CHECKS).map((check) => check.notTried(why)),
    ]
  }
  const authorization = `Token ${secretOf(target, 'INFLUX_ADMIN_TOKEN')}`
  return [
    answers.fine(same(`${url}, ${version ?? ''}`)),
    await checkBuckets(target, { authorization }),
    await checkTasks(target, { authorization }),
    await checkLogin(target),
    await checkHeartbeat(target),
  ]
}

interface Headers extends Record<string, string> {
  authorization: string
}

function refused(asked: Asked): [Text, Text] {
  return [
    same(saidOf(asked)),
    asked.status === 401
      ? text(
          'InfluxDB 的数据卷保留首次启动时的 INFLUX_ADMIN_TOKEN：在 .env 中恢复它',
          'the volume of InfluxDB keeps the INFLUX_ADMIN_TOKEN of the first start: bring it back in .env',
        )
      : SETUP,
  ]
}

async function checkBuckets(target: Target, headers: Headers): Promise<Finding> {
  const { org, url } = target.influx
  const query = new URLSearchParams({ org, limit: '100' })
  const asked = await ask(`${url}/api/v2/buckets?${query}`, { headers })
  if (asked.status !== 200) return CHECKS.buckets.wrong(...refused(asked))
  const { buckets } = asked.body as {
    buckets: { name: string; retentionRules: { everySeconds: number }[] }[]
  }
  const wanted = wantedBuckets(target.influx, target.telemetryDays)
  const faults = wanted.flatMap(({ name, keptSeconds }) => {
    const found = buckets.find((bucket) => bucket.name === name)
    if (found === undefined) return [text(`没有 ${name}`, `there is no ${name}`)]
    const had = found.retentionRules[0]?.everySeconds ?? 0
    if (had === keptSeconds) return []
    const [is, should] = [kept(had), kept(keptSeconds)]
    return [
      text(
        `${name} ${is['zh-CN']}，应${should['zh-CN']}`,
        `${name} is ${is.en}, should be ${should.en}`,
      ),
    ]
  })
  if (faults.length > 0) return CHECKS.buckets.wrong(joined(faults), SETUP)
  return CHECKS.buckets.fine(same(wanted.map(({ name }) => name).join(', ')))
}

interface KnownTask {
  readonly name: string
  readonly status: string
  readonly flux: string
  readonly latestCompleted?: string
  readonly lastRunStatus?: string
  readonly lastRunError?: string
}

/** Runs that may be missing before it is told: InfluxDB may have been down for one. */
const MISSED_RUNS = 3

async function checkTasks(target: Target, headers: Headers): Promise<Finding> {
  const { org, url, bucket, downsampledBucket } = target.influx
  const query = new URLSearchParams({ org, limit: '500' })
  const asked = await ask(`${url}/api/v2/tasks?${query}`, { headers })
  if (asked.status !== 200) return CHECKS.tasks.wrong(...refused(asked))
  const { tasks } = asked.body as { tasks: KnownTask[] }
  const wanted = downsamplingTasks(bucket, downsampledBucket)
  const now = realTime() + (asked.ahead ?? 0)
  const faults = wanted.flatMap(({ name, flux, everyMs }) => {
    const task = tasks.find((one) => one.name === name)
    const fault = faultOf(task, flux, now - MISSED_RUNS * everyMs)
    return fault === null ? [] : [text(`${name} ${fault['zh-CN']}`, `${name} ${fault.en}`)]
  })
  if (faults.length === 0) return CHECKS.tasks.fine(same(wanted.map(({ name }) => name).join(', ')))
  return CHECKS.tasks.wrong(
    joined(faults),
    text(
      `${SETUP['zh-CN']}；运行记录见 InfluxDB 界面的 Tasks`,
      `${SETUP.en}; its runs are shown under Tasks in InfluxDB`,
    ),
  )
}

function faultOf(task: KnownTask | undefined, flux: string, oldest: number): Text | null {
  if (task === undefined) return text('不存在', 'is not there')
  if (task.status !== 'active') return text('已停用', 'is not active')
  if (task.flux !== flux) return text('不是本版本的', 'is that of another version')
  if (task.lastRunStatus === 'failed') {
    const why = (task.lastRunError ?? '').slice(0, 200)
    return text(`上次运行失败：${why}`, `failed: ${why}`)
  }
  if (Date.parse(task.latestCompleted ?? '') < oldest) {
    return text(`自 ${task.latestCompleted} 起未运行`, `has not run since ${task.latestCompleted}`)
  }
  return null
}

async function checkLogin(target: Target): Promise<Finding> {
  const { url, bucket, downsampledBucket, opsBucket, casesBucket } = target.influx
  const headers = basic('grafana', secretOf(target, 'INFLUX_GRAFANA_PASSWORD'))
  const asked = await ask(`${url}/query?q=SHOW+DATABASES`, { headers })
  if (asked.status !== 200) return CHECKS.login.wrong(same(saidOf(asked)), SETUP)
  const names = new Set(rowsOf(asked).map(([name]) => name))
  const all = [bucket, downsampledBucket, opsBucket, casesBucket]
  const unread = all.filter((name) => !names.has(name))
  if (unread.length > 0) {
    const list = unread.join(', ')
    return CHECKS.login.wrong(text(`不能读 ${list}`, `cannot read ${list}`), SETUP)
  }
  for (const db of all) {
    // A write of nothing is refused like any other where one may not write.
    const query = new URLSearchParams({ db })
    const write = await ask(`${url}/write?${query}`, { method: 'POST', headers })
    if (write.status === 403) continue
    return CHECKS.login.wrong(
      text(
        `写入 ${db} 未被拒绝（${write.status}）`,
        `writing to ${db} is not refused (${write.status})`,
      ),
      SETUP,
    )
  }
  return CHECKS.login.fine(text('可读，不可写', 'reads, cannot write'))
}

/** A point every 30 s; with two missing something is wrong. */
const HEARTBEAT_MS = 90_000

async function checkHeartbeat(target: Target): Promise<Finding> {
  const { url, opsBucket } = target.influx
  const headers = basic('grafana', secretOf(target, 'INFLUX_GRAFANA_PASSWORD'))
  const query = new URLSearchParams({
    db: opsBucket,
    epoch: 'ms',
    q: 'SELECT last("up") FROM "service"',
  })
  const asked = await ask(`${url}/query?${query}`, { headers })
  const hint = text(
    'curbwatch 是否以 CURBWATCH_TELEMETRY_URL=influxdb://… 运行？见 docker compose logs curbwatch',
    'does curbwatch run with CURBWATCH_TELEMETRY_URL=influxdb://…? See docker compose logs curbwatch',
  )
  const [row] = rowsOf(asked)
  if (row === undefined) {
    const fault =
      asked.status === 200 ? text('没有数据点', 'there is no point') : same(saidOf(asked))
    return CHECKS.heartbeat.wrong(fault, hint)
  }
  const { now, speed } = await clockOf(target)
  const seconds = Math.round((now - Number(row[0])) / 1000)
  return seconds * 1000 <= HEARTBEAT_MS * Math.max(1, speed)
    ? CHECKS.heartbeat.fine(text(`${seconds} 秒前`, `${seconds} s ago`))
    : CHECKS.heartbeat.wrong(
        text(`最后一次在 ${seconds} 秒前`, `the last one was ${seconds} s ago`),
        hint,
      )
}

/** The service's own clock, which may be an accelerated one; ours, where it does not answer. */
async function clockOf({ consoleUrl }: Target): Promise<{ now: number; speed: number }> {
  const asked = await ask(`${consoleUrl}/healthz`)
  const { time, clockSpeed } = (asked.body ?? {}) as { time?: string; clockSpeed?: number }
  const now = Date.parse(time ?? '')
  return Number.isNaN(now) ? { now: realTime(), speed: 1 } : { now, speed: clockSpeed ?? 1 }
}

/** The rows of an answer in InfluxQL; none where it is a fault. */
function rowsOf({ status, body }: Asked): unknown[][] {
  if (status !== 200 || typeof body !== 'object') return []
  const { results } = body as { results?: { series?: { values?: unknown[][] }[] }[] }
  return results?.[0]?.series?.[0]?.values ?? []
}

function joined(faults: readonly Text[]): Text {
  return text(
    faults.map((fault) => fault['zh-CN']).join('；'),
    faults.map((fault) => fault.en).join('; '),
  )
}
