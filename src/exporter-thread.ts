import { parentPort, workerData } from 'node:worker_threads'
import { loadKinds } from './catalog/catalog.ts'
import { Exporter } from './exporter/exporter.ts'
import type { ExporterMessage, ExporterRequest, ExporterSettings } from './exporter/protocol.ts'
import { openInfluxOpsStore } from './store/influxdb/ops.ts'
import { openStateReader } from './store/open.ts'

/**
 * The composition root of the exporter's thread. It reads committed states only and nothing waits
 * for it: neither acknowledgements, nor rules, nor the API.
 */
const port = parentPort
if (port === null) throw new Error('the exporter runs in a thread of its own')
const { dataDir, cells, city, location } = workerData as ExporterSettings

const kinds = (await loadKinds()).map(({ name }) => name)
const state = openStateReader({ dataDir, cells })
const store = openInfluxOpsStore(location)
const tell = (message: ExporterMessage) => port.postMessage(message)
const exporter = new Exporter({ state, store, city, kinds, tell })

port.on('message', (request: ExporterRequest) => {
  if (request.type === 'sample') exporter.take(request.sample)
  else void close()
})

async function close(): Promise<void> {
  const ended = exporter.close()
  // A request that waits for its answer is let go of.
  await store.close()
  await ended
  await state.close()
  port?.close()
}
