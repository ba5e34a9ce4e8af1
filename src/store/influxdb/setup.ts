import { AppError } from '../../model/errors.ts'
import type { InfluxLocation } from '../../model/store-location.ts'
import { text } from '../../model/text.ts'
import { DAY } from '../../model/time.ts'
import { type InfluxApi, influxApi, type Tell, untilUp } from './setup-api.ts'
import { ensureBucket, ensureDatabase, wantedBuckets } from './setup-buckets.ts'
import { ensureReadLogin, ensureServiceToken } from './setup-logins.ts'
import { downsamplingTasks, type InfluxTask } from './setup-tasks.ts'

/**
 * Makes an InfluxDB 2.x ready for curbwatch and Grafana: buckets, tasks, the read-only login, the
 * service's token. Everything is looked for by its name first, so that a second run finds all of it
 * and changes nothing; what differs from what is wanted is put right and told.
 */
export interface SetupPlan {
  readonly location: Omit<InfluxLocation, 'token'>
  /** An operator's token. */
  readonly adminToken: string
  /** Where given, a server that nobody has set up yet is set up with it. */
  readonly adminPassword: string | null
  readonly grafanaPassword: string
  readonly telemetryDays: number
  /** The service's token of an earlier run. */
  readonly serviceToken: string | null
  readonly waitMs: number
}

const SECONDS_A_DAY = DAY / 1000

/** Gives the token that curbwatch is to use: the one it has, where that one works. */
export async function setUpInflux(plan: SetupPlan, tell: Tell): Promise<string> {
  const { location } = plan
  await untilReady(plan, tell)
  const api = influxApi(location.url, plan.adminToken)
  await ensureFirstSetup(api, plan, tell)
  const orgId = await findOrg(api, location.org)
  const ids = new Map<string, string>()
  for (const wanted of wantedBuckets(location, plan.telemetryDays)) {
    const id = await ensureBucket(api, orgId, wanted, tell)
    await ensureDatabase(api, orgId, wanted.name, id, tell)
    ids.set(wanted.name, id)
  }
  for (const task of downsamplingTasks(location.bucket, location.downsampledBucket)) {
    await ensureTask(api, orgId, task, tell)
  }
  await ensureReadLogin(api, orgId, ids, plan.grafanaPassword, tell)
  return ensureServiceToken(api, orgId, ids, plan, tell)
}

async function untilReady({ location: { url }, waitMs }: SetupPlan, tell: Tell): Promise<void> {
  let told = ''
  const version = await untilUp(url, waitMs, (reason) => {
    if (reason === told) return
    told = reason
    tell(text(`等待 InfluxDB：${reason}`, `waiting for InfluxDB: ${reason}`))
  })
  tell(text(`InfluxDB ${version} 在 ${url} 应答`, `InfluxDB ${version} answers at ${url}`))
}

/** The image sets itself up; a server that was started by hand has no user and no token yet. */
async function ensureFirstSetup(api: InfluxApi, plan: SetupPlan, tell: Tell): Promise<void> {
  const state = (await api.call('GET', '/api/v2/setup')) as { allowed?: boolean } | null
  if (state?.allowed !== true) return
  if (plan.adminPassword === null) {
    throw new AppError(
      'INFLUX_UNAUTHORIZED',
      'this InfluxDB was never set up; give INFLUX_ADMIN_PASSWORD to do it now',
    )
  }
  await api.call('POST', '/api/v2/setup', {
    username: 'admin',
    password: plan.adminPassword,
    org: plan.location.org,
    bucket: plan.location.bucket,
    token: plan.adminToken,
    retentionPeriodSeconds: plan.telemetryDays * SECONDS_A_DAY,
  })
  tell(
    text(
      `首次初始化：用户 admin，组织 ${plan.location.org}`,
      `first set-up: user admin, organization ${plan.location.org}`,
    ),
  )
}

async function findOrg(api: InfluxApi, name: string): Promise<string> {
  const found = (await api.call('GET', `/api/v2/orgs?${new URLSearchParams({ org: name })}`)) as {
    orgs?: { id: string }[]
  } | null
  const org = found?.orgs?.[0]
  if (org === undefined) throw new AppError('INFLUX_REFUSED', `there is no organization "${name}"`)
  return org.id
}

interface KnownTask {
  readonly id: string
  readonly name: string
  readonly flux: string
  readonly status: string
}

async function ensureTask(
  api: InfluxApi,
  orgID: string,
  { name, flux }: InfluxTask,
  tell: Tell,
): Promise<void> {
  const query = new URLSearchParams({ orgID, name })
  const found = (await api.call('GET', `/api/v2/tasks?${query}`)) as { tasks?: KnownTask[] } | null
  const known = found?.tasks?.find((task) => task.name === name)
  if (known === undefined) {
    await api.call('POST', '/api/v2/tasks', { orgID, flux, status: 'active' })
    return tell(text(`任务 ${name}：已建立`, `task ${name}: made`))
  }
  if (known.flux === flux && known.status === 'active') {
    return tell(text(`任务 ${name}：无变化`, `task ${name}: unchanged`))
  }
  await api.call('PATCH', `/api/v2/tasks/${known.id}`, { flux, status: 'active' })
  tell(text(`任务 ${name}：已更新`, `task ${name}: put right`))
}
