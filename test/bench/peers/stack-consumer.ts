import { connectAsync } from 'mqtt'
import { openTables, type Row } from './stack-tables.ts'

/**
 * The consumer of the stack, written as such consumers are: mqtt.js acknowledges a message when
 * it has been given to the program, which stores it with the next batch.
 */
const BATCH = 5_000
const LINGER_MS = 50

const [port, file] = process.argv.slice(2) as [string, string]
const store = await openTables(file)
let batch: Row[] = []
let stored = 0
let timer: NodeJS.Timeout | null = null

const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
  clientId: 'consumer',
  clean: false,
  reconnectPeriod: 0,
})
client.on('error', () => {})
client.on('message', (topic, payload) => {
  const [, kind, device] = topic.split('/') as [string, string, string]
  batch.push({ kind, device, receivedAt: Date.now(), reading: JSON.parse(payload.toString()) })
  if (batch.length >= BATCH) flush()
  else timer ??= setTimeout(flush, LINGER_MS)
})
await client.subscribeAsync('v1/+/+/telemetry', { qos: 1 })
process.on('message', () => process.send?.(stored))
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => process.exit())
process.send?.(0)

function flush(): void {
  if (timer !== null) clearTimeout(timer)
  timer = null
  store(batch)
  stored += batch.length
  batch = []
}
