import { join } from 'node:path'
import type { DeviceKind } from '../model/device-kind.ts'
import { openSqliteStateStore } from './sqlite/state.ts'
import { openSqliteStateReader } from './sqlite/state-reader.ts'
import { openSqliteTelemetryStore } from './sqlite/telemetry.ts'
import { openSqliteTelemetryReader } from './sqlite/telemetry-reader.ts'
import type { StateStore } from './state-port.ts'
import type { StateReader } from './state-reader-port.ts'
import type { TelemetryReader, TelemetryStore } from './telemetry-port.ts'

/** Chooses the adapters: today the embedded ones. Settings were checked before. */
export interface StoreLocation {
  readonly dataDir: string
  readonly kinds: readonly DeviceKind[]
}

export function openStateStore(at: StoreLocation): StateStore {
  return openSqliteStateStore(join(at.dataDir, 'state.db'))
}

export function openStateReader(at: StoreLocation): StateReader {
  return openSqliteStateReader(join(at.dataDir, 'state.db'))
}

export function openTelemetryStore(at: StoreLocation): TelemetryStore {
  return openSqliteTelemetryStore(join(at.dataDir, 'telemetry.db'), at.kinds)
}

export function openTelemetryReader(at: StoreLocation): TelemetryReader {
  return openSqliteTelemetryReader(join(at.dataDir, 'telemetry.db'), at.kinds)
}
