import { parentPort } from 'node:worker_threads'
import type { ExporterMessage, ExporterRequest } from '../../src/exporter/protocol.ts'

/** An exporter's thread for tests that does as the sample says: dies, hangs, or answers. */
const port = parentPort
if (port === null) throw new Error('a thread of its own')
let hangs = false
port.on('message', (request: ExporterRequest) => {
  if (request.type === 'close') {
    if (!hangs) port.close()
    return
  }
  const { now, connections, troubles } = request.sample
  if (connections > 0) throw new Error('out of order')
  if (troubles > 0) hangs = true
  const message: ExporterMessage = { type: 'exported', at: now, points: 1, caseEvents: 0 }
  port.postMessage(message)
})
