import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openTelemetryReader, openTelemetryStore } from '../../src/store/open.ts'
import { openSqliteTelemetryStore } from '../../src/store/sqlite/telemetry.ts'
import { openSqliteTelemetryReader } from '../../src/store/sqlite/telemetry-reader.ts'
import { describeWith, INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'
import { PROBE } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { telemetryStoreContract } from './telemetry-store.ts'

const kinds = [PROBE]
const districtOf = () => 'd1'

telemetryStoreContract('sqlite', () => {
  const at = { dataDir: freshFolder(), kinds, districtOf, location: { type: 'sqlite' } as const }
  return { open: async () => openTelemetryStore(at), reader: async () => openTelemetryReader(at) }
})

// Every batch has readings that go to their place, others that gather, and some on the way.
telemetryStoreContract('sqlite, hardly any recent reading', () => {
  const file = join(freshFolder(), 'telemetry.db')
  const limits = { runRows: 1, rows: 1, age: Number.POSITIVE_INFINITY, stretchRows: 3, stepRows: 1 }
  return {
    open: async () => openSqliteTelemetryStore(file, kinds, limits),
    reader: async () => openSqliteTelemetryReader(file, kinds),
  }
})

for (const kind of INFLUX_SERVERS) {
  describeWith(kind)(kind.name, () => {
    let server: InfluxServer
    let buckets = 0
    beforeAll(async () => {
      server = await kind.start()
    })
    afterAll(() => server.stop())

    telemetryStoreContract(kind.name, () => {
      const bucket = `telemetry_${++buckets}`
      const made = server.createBucket(bucket)
      const at = { dataDir: freshFolder(), kinds, districtOf, location: server.location(bucket) }
      return {
        open: async () => {
          await made
          return openTelemetryStore(at)
        },
        reader: async () => openTelemetryReader(at),
      }
    })
  })
}
