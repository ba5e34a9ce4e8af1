import { join } from 'node:path'
import type { DeviceKind } from '../model/device-kind.ts'
import type { TelemetryLocation } from '../model/store-location.ts'
import { afterFormerHome } from './former-home.ts'
import { openInfluxTelemetryStore } from './influxdb/telemetry.ts'
import { openInfluxTelemetryReader } from './influxdb/telemetry-reader.ts'
import { openSqliteStateStore } from './sqlite/state.ts'
import { openSqliteStateReader } from './sqlite/state-reader.ts'
import { openSqliteTelemetryStore } from './sqlite/telemetry.ts'
import { openSqliteTelemetryReader } from './sqlite/telemetry-reader.ts'
import type { StateStore } from './state-port.ts'
import type { StateReader } from './state-reader-port.ts'
import type { TelemetryReader, TelemetryStore } from './telemetry-port.ts'

/** Chooses the adapters. Settings were checked before. */
export interface StatePlace {
  readonly dataDir: string
}

export interface TelemetryPlace {
  readonly dataDir: string
  readonly kinds: readonly DeviceKind[]
  readonly location: TelemetryLocation
}

export interface TelemetryStorePlace extends TelemetryPlace {
  /** The district that a device is in now; null: none, or the device is not known. */
  readonly districtOf: (deviceId: string) => string | null
}

export function openStateStore(at: StatePlace): StateStore {
  return openSqliteStateStore(join(at.dataDir, 'state.db'))
}

export function openStateReader(at: StatePlace): StateReader {
  return openSqliteStateReader(join(at.dataDir, 'state.db'))
}

export function openTelemetryStore(at: TelemetryStorePlace): TelemetryStore {
  const { dataDir, kinds, location, districtOf } = at
  const store =
    location.type === 'sqlite'
      ? openSqliteTelemetryStore(join(dataDir, 'telemetry.db'), kinds)
      : openInfluxTelemetryStore({ dataDir, kinds, location, districtOf })
  return afterFormerHome(store, dataDir, location.type)
}

export function openTelemetryReader(at: TelemetryPlace): TelemetryReader {
  const { dataDir, kinds, location } = at
  return location.type === 'sqlite'
    ? openSqliteTelemetryReader(join(dataDir, 'telemetry.db'), kinds)
    : openInfluxTelemetryReader({ dataDir, kinds, location })
}
