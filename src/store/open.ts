import { join } from 'node:path'
import type { DeviceKind } from '../model/device-kind.ts'
import { cellFolders } from '../model/partition.ts'
import type { TelemetryLocation } from '../model/store-location.ts'
import { afterFormerHome } from './former-home.ts'
import { openInfluxTelemetryStore } from './influxdb/telemetry.ts'
import { openInfluxTelemetryReader } from './influxdb/telemetry-reader.ts'
import { openPartitionedStateReader } from './partitioned-state.ts'
import { openPartitionedTelemetryReader } from './partitioned-telemetry.ts'
import type { TakeOverProgress } from './sqlite/former-readings.ts'
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

/** A reading end may be of several cells, each with a folder of its own in the directory. */
interface Shared {
  readonly cells?: number
}

export interface TelemetryPlace {
  readonly dataDir: string
  readonly kinds: readonly DeviceKind[]
  readonly location: TelemetryLocation
}

export interface TelemetryStorePlace extends TelemetryPlace {
  /** The district that a device is in now; null: none, or the device is not known. */
  readonly districtOf: (deviceId: string) => string | null
  /** Told how far readings of a former version are taken over, while it opens. */
  readonly onTakeOver?: TakeOverProgress
}

export function openStateStore(at: StatePlace): StateStore {
  return openSqliteStateStore(join(at.dataDir, 'state.db'))
}

export function openStateReader({ dataDir, cells = 1 }: StatePlace & Shared): StateReader {
  const readers = cellFolders(cells).map((folder) =>
    openSqliteStateReader(join(dataDir, folder, 'state.db')),
  )
  return alone(readers) ?? openPartitionedStateReader(readers)
}

export function openTelemetryStore(at: TelemetryStorePlace): TelemetryStore {
  const { dataDir, kinds, location, districtOf, onTakeOver } = at
  const store =
    location.type === 'sqlite'
      ? openSqliteTelemetryStore(join(dataDir, 'telemetry.db'), kinds, undefined, onTakeOver)
      : openInfluxTelemetryStore({ dataDir, kinds, location, districtOf })
  return afterFormerHome(store, dataDir, location.type)
}

export function openTelemetryReader(at: TelemetryPlace & Shared): TelemetryReader {
  const { kinds, location, cells = 1 } = at
  const readers = cellFolders(cells).map((folder) => {
    const dataDir = join(at.dataDir, folder)
    return location.type === 'sqlite'
      ? openSqliteTelemetryReader(join(dataDir, 'telemetry.db'), kinds)
      : openInfluxTelemetryReader({ dataDir, kinds, location })
  })
  return alone(readers) ?? openPartitionedTelemetryReader(readers)
}

/** The only one, without a layer around it. */
function alone<T>(readers: readonly T[]): T | undefined {
  return readers.length === 1 ? readers[0] : undefined
}
