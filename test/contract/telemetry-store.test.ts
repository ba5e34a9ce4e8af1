import { openTelemetryReader, openTelemetryStore } from '../../src/store/open.ts'
import { PROBE } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { telemetryStoreContract } from './telemetry-store.ts'

telemetryStoreContract('sqlite', () => {
  const at = { dataDir: freshFolder(), kinds: [PROBE] }
  return { open: async () => openTelemetryStore(at), reader: async () => openTelemetryReader(at) }
})
