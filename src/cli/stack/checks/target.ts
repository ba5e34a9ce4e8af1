import type { InfluxLocation } from '../../../model/store-location.ts'

/** What is looked at: addresses, and the secrets that open them. */
export interface Target {
  readonly envFile: string
  /** The file's values; what the environment gives comes first, as docker compose has it. */
  readonly values: Readonly<Record<string, string>>
  readonly consoleUrl: string
  readonly mqtt: { readonly host: string; readonly port: number }
  readonly grafanaUrl: string
  /** Where InfluxDB is, and the names of its buckets. */
  readonly influx: Omit<InfluxLocation, 'token'>
  readonly telemetryDays: number
}

export function secretOf({ values }: Target, name: string): string {
  return values[name] ?? ''
}
