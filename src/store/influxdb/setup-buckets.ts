import { AppError } from '../../model/errors.ts'
import type { InfluxLocation } from '../../model/store-location.ts'
import { type Text, text } from '../../model/text.ts'
import { DAY, HOUR } from '../../model/time.ts'
import type { InfluxApi, Tell } from './setup-api.ts'

/** Buckets by name, with their retention; and the database name that InfluxQL finds each under. */
export interface WantedBucket {
  readonly name: string
  /** 0: for good. */
  readonly keptSeconds: number
  readonly shardSeconds: number
}

const SECONDS_A_DAY = DAY / 1000
const SECONDS_AN_HOUR = HOUR / 1000

/** The buckets of docs/influxdb.md. */
export function wantedBuckets(
  location: Omit<InfluxLocation, 'token'>,
  telemetryDays: number,
): readonly WantedBucket[] {
  const bucket = (name: string, days: number): WantedBucket => ({
    name,
    keptSeconds: days * SECONDS_A_DAY,
    shardSeconds: shardFor(days),
  })
  return [
    bucket(location.bucket, telemetryDays),
    bucket(location.downsampledBucket, 5 * 365),
    bucket(location.opsBucket, 7),
    // 0: for good.
    bucket(location.casesBucket, 0),
  ]
}

/** InfluxDB's own choice, told explicitly because a changed retention does not renew it. */
function shardFor(days: number): number {
  if (days === 0 || days > 180) return 7 * SECONDS_A_DAY
  return days >= 2 ? SECONDS_A_DAY : SECONDS_AN_HOUR
}

interface KnownBucket {
  readonly id: string
  readonly name: string
  readonly retentionRules: readonly { readonly everySeconds: number }[]
}

/** Gives the bucket's id. */
export async function ensureBucket(
  api: InfluxApi,
  orgID: string,
  wanted: WantedBucket,
  tell: Tell,
): Promise<string> {
  const { name } = wanted
  const query = new URLSearchParams({ orgID, name })
  const found = (await api.call('GET', `/api/v2/buckets?${query}`)) as {
    buckets?: KnownBucket[]
  } | null
  const known = found?.buckets?.find((bucket) => bucket.name === name)
  const retentionRules = [
    {
      type: 'expire',
      everySeconds: wanted.keptSeconds,
      shardGroupDurationSeconds: wanted.shardSeconds,
    },
  ]
  const now = kept(wanted.keptSeconds)
  if (known === undefined) {
    const made = (await api.call('POST', '/api/v2/buckets', { orgID, name, retentionRules })) as {
      id: string
    }
    tell(text(`存储桶 ${name}：已建立，${now['zh-CN']}`, `bucket ${name}: made, ${now.en}`))
    return made.id
  }
  const had = known.retentionRules[0]?.everySeconds ?? 0
  if (had === wanted.keptSeconds) {
    tell(text(`存储桶 ${name}：无变化，${now['zh-CN']}`, `bucket ${name}: unchanged, ${now.en}`))
  } else {
    await api.call('PATCH', `/api/v2/buckets/${known.id}`, { retentionRules })
    const before = kept(had)
    tell(
      text(
        `存储桶 ${name}：改为${now['zh-CN']}（原为${before['zh-CN']}）`,
        `bucket ${name}: now ${now.en} (it was ${before.en})`,
      ),
    )
  }
  return known.id
}

/** In words. */
export function kept(seconds: number): Text {
  if (seconds === 0) return text('永久保留', 'kept for good')
  const days = seconds / SECONDS_A_DAY
  return text(`保留 ${days} 天`, `kept ${days} days`)
}

interface Mapping {
  readonly database: string
  readonly bucketID: string
  readonly default: boolean
}

/** InfluxDB 2 gives every bucket a virtual mapping; only where it is missing one is made. */
export async function ensureDatabase(
  api: InfluxApi,
  orgID: string,
  name: string,
  bucketID: string,
  tell: Tell,
): Promise<void> {
  const query = new URLSearchParams({ orgID, db: name })
  const found = (await api.call('GET', `/api/v2/dbrps?${query}`)) as { content?: Mapping[] } | null
  const mapping = found?.content?.find((one) => one.database === name && one.default)
  if (mapping === undefined) {
    const retention_policy = 'autogen'
    await api.call('POST', '/api/v2/dbrps', {
      orgID,
      bucketID,
      database: name,
      retention_policy,
      default: true,
    })
    return tell(text(`数据库名 ${name}：已建立`, `database name ${name}: made`))
  }
  if (mapping.bucketID !== bucketID) {
    throw new AppError('INFLUX_REFUSED', `the database name ${name} belongs to another bucket`)
  }
}
