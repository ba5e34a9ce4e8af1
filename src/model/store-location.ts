/** Where telemetry is kept, as the settings say it: one of the adapters of src/store. */
export type TelemetryLocation = SqliteLocation | InfluxLocation

export interface SqliteLocation {
  readonly type: 'sqlite'
}

/** An InfluxDB that speaks the v2 write API and InfluxQL: 2.x, 3, and what is compatible. */
export interface InfluxLocation {
  readonly type: 'influxdb'
  /** Scheme, host, port: `http://influxdb:8086`. */
  readonly url: string
  readonly org: string
  /** Readings; and the other buckets (docs/influxdb.md). */
  readonly bucket: string
  readonly downsampledBucket: string
  readonly opsBucket: string
  readonly casesBucket: string
  /** Null: no token is sent. */
  readonly token: string | null
}

/**
 * Reads `influxdb://host:8086?org=city&bucket=telemetry`, or `influxdbs://` for TLS. The other
 * buckets have the names `<bucket>_5m`, `ops` and `cases` unless `ops=` and `cases=` say else.
 * Null where it is not such an address.
 */
export function parseInfluxUrl(text: string): Omit<InfluxLocation, 'token'> | null {
  if (!/^influxdbs?:\/\/[^/?#@]+\/?\?/.test(text)) return null
  // The scheme is not one that URL knows the parts of.
  const address = text.replace(/^influxdb/, 'http')
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  const names = new Set(['org', 'bucket', 'ops', 'cases'])
  if ([...url.searchParams.keys()].some((name) => !names.has(name))) return null
  const org = url.searchParams.get('org')
  const bucket = url.searchParams.get('bucket')
  if (!org || !bucket) return null
  return {
    type: 'influxdb',
    url: url.origin,
    org,
    bucket,
    downsampledBucket: `${bucket}_5m`,
    opsBucket: url.searchParams.get('ops') || 'ops',
    casesBucket: url.searchParams.get('cases') || 'cases',
  }
}
