import type { Fields, Reading } from '../../src/model/reading.ts'
import type { InfluxLocation } from '../../src/model/store-location.ts'
import { openInfluxTelemetryStore } from '../../src/store/influxdb/telemetry.ts'
import { openInfluxTelemetryReader } from '../../src/store/influxdb/telemetry-reader.ts'
import { PROBE } from './kind.ts'
import { freshFolder } from './places.ts'
import { T0 } from './records.ts'

/** The InfluxDB adapter at one place, with a registry that the test writes. */
export function influxPlace(location: InfluxLocation) {
  const districts = new Map<string, string>()
  const dataDir = freshFolder()
  const at = { dataDir, kinds: [PROBE], location }
  const districtOf = (deviceId: string) => districts.get(deviceId) ?? null
  return {
    dataDir,
    districts,
    /** A store at this place; `elsewhere`: the same place over another address. */
    open: (elsewhere: InfluxLocation = location) =>
      openInfluxTelemetryStore({ ...at, location: elsewhere, districtOf }),
    reader: () => openInfluxTelemetryReader(at),
  }
}

export function probeReading(
  after: number,
  fields: Fields = { level: after },
  more: Partial<Reading> = {},
): Reading {
  return {
    deviceId: 'dev-1',
    kind: 'probe',
    observedAt: T0 + after,
    receivedAt: T0 + after,
    seq: null,
    fields,
    ...more,
  }
}

export const EVERYTHING = {
  kind: 'probe',
  deviceId: 'dev-1',
  from: 0,
  to: 2 * T0,
  fields: [] as string[],
  limit: 10_000,
}
