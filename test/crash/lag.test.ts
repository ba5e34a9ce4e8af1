import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Publisher } from '../support/publisher.ts'
import { type Doc, type Registered, Service } from '../support/service.ts'

/** States of devices that lag behind the books when the service is killed (docs/adr/0020). */

/** More than one commit stores the states of. */
const DEVICES = 300
const MESSAGES = 30
const BACKLOG = 'curbwatch_backlog_records{consumer="processor"}'
/** Where all were stored before the kill could come, it is tried once more. */
const TRIES = 10

let service: Service | undefined
let publishers: Publisher[] = []
afterEach(async () => {
  for (const publisher of publishers) publisher.stop()
  await service?.stop()
})

test('a device that said its last word before the kill has it as its latest afterwards', async () => {
  service = await Service.start()
  const devices = await Promise.all(
    Array.from({ length: DEVICES }, (_, i) => (service as Service).register('tree-tilt', `t-${i}`)),
  )
  let lagged = 0
  for (let round = 1; round <= TRIES && lagged === 0; round++) {
    const start = Date.now() - 60_000
    await publishAll(service, devices, start)
    // Not until they are stored: that takes longer than the states lag.
    await eventually(async () => (await (service as Service).metric(BACKLOG)) === 0)
    await service.kill9()
    lagged = lagOf(service.dataDir)
    await service.restart()
    // Nobody publishes now: what comes can only come from the journal.
    await eventually(async () => {
      const views = await (service as Service).list('/devices?limit=500')
      return views.every((it: Doc) => Date.parse(it.latest?.ts ?? 0) === start + MESSAGES)
    })
  }
  expect(lagged).toBeGreaterThan(0)
})

async function publishAll(to: Service, devices: Registered[], start: number): Promise<void> {
  for (const publisher of publishers) publisher.stop()
  const payload = (n: number) =>
    n > MESSAGES ? null : JSON.stringify({ ts: start + n, seq: n, tiltXDeg: 0.1, batteryPct: 90 })
  publishers = devices.map(
    (device) => new Publisher({ port: to.mqttPort, device, window: 1, payload }),
  )
  await Promise.all(publishers.map((publisher) => publisher.until((one) => one.done)))
}

/** Records that some stored state lacks. */
function lagOf(dataDir: string): number {
  const db = new DatabaseSync(join(dataDir, 'state.db'), { readOnly: true })
  const value = (key: string) =>
    Number((db.prepare('SELECT value FROM meta WHERE key = ?').get(key) as { value: string }).value)
  const lag = value('cursor') - value('statesUpTo')
  db.close()
  return lag
}
