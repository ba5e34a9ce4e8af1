import { AppError } from '../../model/errors.ts'
import type { InfluxLocation } from '../../model/store-location.ts'
import { text } from '../../model/text.ts'
import { type InfluxApi, influxApi, type Tell } from './setup-api.ts'

/**
 * Who may do what: Grafana reads the four buckets with a user name and a password, as InfluxQL has
 * it; curbwatch has a token of its own, which cannot change buckets, tasks or users.
 */
const GRAFANA_USER = 'grafana'
const SERVICE = 'curbwatch'
const LEGACY = '/private/legacy/authorizations'

type Buckets = ReadonlyMap<string, string>

interface Permission {
  readonly action: 'read' | 'write'
  readonly resource: { readonly type: 'buckets'; readonly orgID: string; readonly id: string }
}

interface KnownLogin {
  readonly id: string
  readonly token: string
  readonly status: string
  readonly permissions: readonly { action: string; resource: { type: string; id?: string } }[]
}

/** The user `grafana`: reads, and cannot write. */
export async function ensureReadLogin(
  api: InfluxApi,
  orgID: string,
  buckets: Buckets,
  password: string,
  tell: Tell,
): Promise<void> {
  const permissions = [...buckets.values()].map((id) => permission('read', orgID, id))
  const known = await findLogin(api)
  const right = known?.status === 'active' && same(known.permissions, permissions) ? known.id : null
  if (right !== null && (await accepts(api, password))) {
    return tell(
      text(`只读用户 ${GRAFANA_USER}：无变化`, `read-only user ${GRAFANA_USER}: unchanged`),
    )
  }
  // Permissions of a login cannot be changed: it is made anew.
  if (known !== null && right === null) await api.call('DELETE', `${LEGACY}/${known.id}`)
  const id = right ?? (await makeLogin(api, orgID, permissions))
  await api.call('POST', `${LEGACY}/${id}/password`, { password })
  tell(
    right === null
      ? text(`只读用户 ${GRAFANA_USER}：已建立`, `read-only user ${GRAFANA_USER}: made`)
      : text(
          `只读用户 ${GRAFANA_USER}：密码已更新`,
          `read-only user ${GRAFANA_USER}: new password`,
        ),
  )
}

async function findLogin(api: InfluxApi): Promise<KnownLogin | null> {
  // 404 where there is none: null.
  const found = (await api.call('GET', `${LEGACY}?token=${GRAFANA_USER}`)) as {
    authorizations?: KnownLogin[]
  } | null
  return found?.authorizations?.find((one) => one.token === GRAFANA_USER) ?? null
}

async function makeLogin(
  api: InfluxApi,
  orgID: string,
  permissions: readonly Permission[],
): Promise<string> {
  const description = 'Grafana: reads readings, cases and the state of the service'
  const made = (await api.call('POST', LEGACY, {
    orgID,
    token: GRAFANA_USER,
    description,
    permissions,
  })) as { id: string }
  return made.id
}

async function accepts(api: InfluxApi, password: string): Promise<boolean> {
  const basic = Buffer.from(`${GRAFANA_USER}:${password}`).toString('base64')
  return (await api.status('GET', '/query?q=SHOW+DATABASES', `Basic ${basic}`)) === 200
}

/** The service's token. The server keeps a hash only: one that is lost is replaced. */
export async function ensureServiceToken(
  api: InfluxApi,
  orgID: string,
  buckets: Buckets,
  plan: { readonly location: Omit<InfluxLocation, 'token'>; readonly serviceToken: string | null },
  tell: Tell,
): Promise<string> {
  const { location, serviceToken } = plan
  const written = [location.bucket, location.opsBucket, location.casesBucket]
  if (
    serviceToken !== null &&
    (await works(api, location, [...buckets.values()], written, serviceToken))
  ) {
    tell(text('curbwatch 的令牌：可用，无变化', "curbwatch's token: works, unchanged"))
    return serviceToken
  }
  const permissions = [...buckets].flatMap(([name, id]) => [
    permission('read', orgID, id),
    ...(written.includes(name) ? [permission('write', orgID, id)] : []),
  ])
  const made = (await api.call('POST', '/api/v2/authorizations', {
    orgID,
    description: SERVICE,
    permissions,
  })) as { token?: string } | null
  if (!made?.token) throw new AppError('INFLUX_REFUSED', 'no token came back for curbwatch')
  tell(
    serviceToken === null
      ? text('curbwatch 的令牌：已建立', "curbwatch's token: made")
      : text(
          'curbwatch 的令牌：原令牌不可用，已更换',
          "curbwatch's token: the one it had does not work, replaced",
        ),
  )
  return made.token
}

/**
 * Sees every bucket and may write where it must. A write of nothing is refused like any other
 * where the token may not write.
 */
async function works(
  api: InfluxApi,
  { url, org }: Omit<InfluxLocation, 'token'>,
  ids: readonly string[],
  written: readonly string[],
  token: string,
): Promise<boolean> {
  for (const bucket of written) {
    const query = new URLSearchParams({ org, bucket })
    const status = await api.status('POST', `/api/v2/write?${query}`, `Token ${token}`)
    if (status !== 204) return false
  }
  const seen = (await influxApi(url, token).call('GET', '/api/v2/buckets?limit=100')) as {
    buckets?: { id: string }[]
  } | null
  return ids.every((id) => seen?.buckets?.some((bucket) => bucket.id === id))
}

function permission(action: 'read' | 'write', orgID: string, id: string): Permission {
  return { action, resource: { type: 'buckets', orgID, id } }
}

function same(had: KnownLogin['permissions'], wanted: readonly Permission[]): boolean {
  const key = (one: KnownLogin['permissions'][number]) =>
    `${one.action} ${one.resource.type} ${one.resource.id}`
  const keys = new Set(wanted.map(key))
  return had.length === wanted.length && had.every((one) => keys.has(key(one)))
}
