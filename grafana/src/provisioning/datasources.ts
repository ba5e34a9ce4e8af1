import type { DataSourcesFile } from './shapes.ts'

/** Databases that boards and rules read; the uid is what they name. */
const DATABASES = [
  ['telemetry', '10s'],
  ['telemetry_5m', '5m'],
  ['ops', '30s'],
  ['cases', '1m'],
] as const

/**
 * The data sources: InfluxQL, which 1.x, 2.x and 3 all understand, with a login that can only read.
 * A name and its uid belong together for good: Grafana finds a source by its name.
 */
export function dataSources(): DataSourcesFile {
  return {
    apiVersion: 1,
    prune: true,
    datasources: DATABASES.map(([dbName, timeInterval]) => ({
      name: dbName,
      uid: `influx-${dbName.replaceAll('_', '-')}`,
      orgId: 1 as const,
      type: 'influxdb' as const,
      access: 'proxy' as const,
      url: 'http://influxdb:8086',
      user: 'grafana',
      editable: false as const,
      isDefault: dbName === 'telemetry',
      jsonData: { dbName, httpMode: 'POST' as const, timeInterval, maxSeries: 1000 },
      secureJsonData: { password: '$INFLUX_GRAFANA_PASSWORD' },
    })),
  }
}
