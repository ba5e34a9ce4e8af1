import { text } from '../../../model/text.ts'
import { type Asked, ask, basic, saidOf } from './ask.ts'
import { Check, type Finding, same } from './finding.ts'
import { secretOf, type Target } from './target.ts'

/**
 * Grafana: that it answers means little. It answers with blank boards when its data source plugin
 * is gone, and starts without boards when one file is wrong; so everything is asked for by name.
 */
export const DATA_SOURCES = [
  'influx-telemetry',
  'influx-telemetry-5m',
  'influx-ops',
  'influx-cases',
]

const CHECKS = {
  login: new Check('grafana.login', text('Grafana 用户 admin', "Grafana's user admin")),
  plugin: new Check(
    'grafana.plugin',
    text('Grafana 的 InfluxDB 插件', "Grafana's plugin for InfluxDB"),
  ),
  sources: new Check('grafana.sources', text('Grafana 数据源', "Grafana's data sources")),
  boards: new Check('grafana.boards', text('Grafana 看板', "Grafana's boards")),
  rules: new Check('grafana.rules', text('Grafana 告警规则', "Grafana's alert rules")),
  contacts: new Check('grafana.contacts', text('Grafana 通知渠道', "Grafana's contact points")),
}
const LOGS = text(
  'docker compose logs grafana | grep -iE "provisioning|error"',
  'docker compose logs grafana | grep -iE "provisioning|error"',
)

type Get = (path: string) => Promise<Asked>

export async function checkGrafana(target: Target, boards: readonly string[]): Promise<Finding[]> {
  const url = target.grafanaUrl
  const answers = new Check('grafana.answers', text('Grafana 应答', 'Grafana answers'))
  const health = await ask(`${url}/api/health`)
  const { database, version } = (health.body ?? {}) as { database?: string; version?: string }
  if (health.status !== 200 || database !== 'ok') {
    const hint = text(
      'docker compose ps grafana；docker compose logs grafana（告警文件有错时 Grafana 不会启动）',
      'docker compose ps grafana; docker compose logs grafana (it does not start with a fault in an alerting file)',
    )
    const why = text('Grafana 没有应答', 'Grafana does not answer')
    return [
      answers.wrong(same(`${url}: ${saidOf(health)}`), hint),
      ...Object.values(CHECKS).map((check) => check.notTried(why)),
    ]
  }
  return [answers.fine(same(`${url}, ${version ?? ''}`)), ...(await checkInside(target, boards))]
}

async function checkInside(target: Target, boards: readonly string[]): Promise<Finding[]> {
  const headers = basic('admin', secretOf(target, 'GRAFANA_ADMIN_PASSWORD'))
  const get: Get = (path) => ask(`${target.grafanaUrl}${path}`, { headers })
  const login = await get('/api/org')
  const { login: loginCheck, ...others } = CHECKS
  if (login.status !== 200) {
    const hint = text(
      '数据卷保留首次启动时的密码：docker compose exec grafana grafana cli admin reset-admin-password …',
      'the volume keeps the password of the first start: docker compose exec grafana grafana cli admin reset-admin-password …',
    )
    const why = text('无法登录 Grafana', 'cannot sign in to Grafana')
    return [
      loginCheck.wrong(same(saidOf(login)), hint),
      ...Object.values(others).map((check) => check.notTried(why)),
    ]
  }
  return [
    loginCheck.fine(text('正常', 'fine')),
    await checkPlugin(get),
    await checkSources(get),
    await checkBoards(get, boards),
    await checkRules(get),
    await checkContacts(get),
  ]
}

async function checkPlugin(get: Get): Promise<Finding> {
  const asked = await get('/api/plugins?type=datasource')
  const plugins = listOf<{ id: string; info?: { version?: string } }>(asked)
  const found = plugins.find(({ id }) => id === 'influxdb')
  if (found !== undefined) return CHECKS.plugin.fine(same(found.info?.version || 'influxdb'))
  return CHECKS.plugin.wrong(
    asked.status === 200 ? text('没有该插件', 'it is not there') : same(saidOf(asked)),
    text(
      '设置 GF_PLUGINS_PREINSTALL_DISABLED=true，不用 -slim 镜像；删除 grafana 数据卷中的 plugins 目录后重启',
      'set GF_PLUGINS_PREINSTALL_DISABLED=true, take no -slim image; remove plugins in the volume of grafana and restart it',
    ),
  )
}

async function checkSources(get: Get): Promise<Finding> {
  const faults: string[] = []
  for (const uid of DATA_SOURCES) {
    const asked = await get(`/api/datasources/uid/${uid}`)
    if (asked.status !== 200) {
      faults.push(`${uid}: ${saidOf(asked)}`)
      continue
    }
    const health = await get(`/api/datasources/uid/${uid}/health`)
    const { status } = (health.body ?? {}) as { status?: string }
    if (health.status !== 200 || status !== 'OK') faults.push(`${uid}: ${saidOf(health)}`)
  }
  if (faults.length === 0) return CHECKS.sources.fine(same(DATA_SOURCES.join(', ')))
  return CHECKS.sources.wrong(
    same(faults.join('; ')),
    text(
      `先看上面的 InfluxDB 只读用户；${LOGS['zh-CN']}`,
      `see the read-only user of InfluxDB above first; ${LOGS.en}`,
    ),
  )
}

async function checkBoards(get: Get, boards: readonly string[]): Promise<Finding> {
  const missing: string[] = []
  for (const uid of boards) {
    if ((await get(`/api/dashboards/uid/${uid}`)).status !== 200) missing.push(uid)
  }
  if (missing.length === 0) return CHECKS.boards.fine(same(String(boards.length)))
  const names = missing.join(', ')
  return CHECKS.boards.wrong(text(`缺少 ${names}`, `${names} missing`), LOGS)
}

interface Rule {
  readonly name: string
  readonly health?: string
  readonly lastError?: string
}

async function checkRules(get: Get): Promise<Finding> {
  const asked = await get('/api/v1/provisioning/alert-rules')
  const rules = listOf(asked)
  if (rules.length === 0) {
    const fault = asked.status === 200 ? text('一条也没有', 'there are none') : same(saidOf(asked))
    return CHECKS.rules.wrong(fault, LOGS)
  }
  const running = (await get('/api/prometheus/grafana/api/v1/rules')).body as {
    data?: { groups?: { rules?: Rule[] }[] }
  } | null
  const failing = (running?.data?.groups ?? [])
    .flatMap((group) => group.rules ?? [])
    .filter(({ health }) => health === 'error')
  if (failing.length === 0) return CHECKS.rules.fine(same(String(rules.length)))
  const words = failing.map(({ name, lastError }) => `${name}: ${(lastError ?? '').slice(0, 120)}`)
  return CHECKS.rules.wrong(
    same(words.join('; ')),
    text('先看上面的数据源', 'see the data sources above first'),
  )
}

/** Where duty alerts go is for the city to choose; one must lead back to curbwatch. */
const CASE_CONTACT = 'case-api'

async function checkContacts(get: Get): Promise<Finding> {
  const asked = await get('/api/v1/provisioning/contact-points')
  const names = [...new Set(listOf<{ name: string }>(asked).map(({ name }) => name))]
  if (names.includes(CASE_CONTACT)) return CHECKS.contacts.fine(same(names.join(', ')))
  const fault =
    asked.status === 200
      ? text(`没有 ${CASE_CONTACT}`, `there is no ${CASE_CONTACT}`)
      : same(saidOf(asked))
  return CHECKS.contacts.wrong(fault, LOGS)
}

function listOf<T>({ status, body }: Asked): T[] {
  return status === 200 && Array.isArray(body) ? body : []
}
