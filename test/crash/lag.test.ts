import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Publisher } from '../support/publisher.ts'
import { type Registered, Service } from '../support/service.ts'

/** States of devices that lag behind the books when the service is killed (docs/adr/0020). */

/**
 * Each of eight commits stores an eighth of the states that lag, three seconds in all: long enough
 * for the kill to come before the last of them on a busy machine too.
 */
const DEVICES = 1500
const MESSAGES = 3
const BACKLOG = 'curbwatch_backlog_records{consumer="processor"}'

let service: Service | undefined
const publishers: Publisher[] = []
afterEach(async () => {
  for (const publisher of publishers) publisher.stop()
  await service?.stop()
})

test('a device that said its last word before the kill has it as its latest afterwards', async () => {
  service = await Service.start()
  const devices: Registered[] = []
  for (let i = 0; i < DEVICES; i++) devices.push(await service.register('tree-tilt', `t-${i}`))
  const start = Date.now() - 60_000
  await connectAll(service, devices, start)
  for (const publisher of publishers) publisher.release()
  await Promise.all(publishers.map((publisher) => publisher.until((one) => one.done)))
  await eventually(() => lagOf((service as Service).dataDir) > 0)

  await service.kill9()
  const lagged = lagOf(service.dataDir)
  await service.restart()

  expect(lagged).toBeGreaterThan(0)
  // Nobody publishes now: what comes can only come from the journal.
  await eventually(async () => {
    const views = await (service as Service).everyOne('/devices')
    const latest = views.map((it) => Date.parse(it.latest?.ts ?? 0))
    return latest.length === DEVICES && latest.every((ts) => ts === start + MESSAGES)
  })
})

/** That a device comes is stored at once, with its state: so all are there before the first says a word. */
async function connectAll(to: Service, devices: Registered[], start: number): Promise<void> {
  const payload = (n: number) =>
    n > MESSAGES ? null : JSON.stringify({ ts: start + n, seq: n, tiltXDeg: 0.1, batteryPct: 90 })
  for (const device of devices) {
    const publisher = new Publisher({ port: to.mqttPort, device, window: 1, payload, held: true })
    publishers.push(publisher)
    await publisher.until((one) => one.connected)
  }
  await eventually(async () => (await to.metric(BACKLOG)) === 0 && lagOf(to.dataDir) === 0)
}

/** Records that some stored state lacks, of all cells together. */
function lagOf(dataDir: string): number {
  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
  const states = files.filter((file) => basename(file) === 'state.db')
  return states.reduce((sum, file) => sum + lagIn(join(dataDir, file)), 0)
}

function lagIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true })
  const value = (key: string) =>
    Number((db.prepare('SELECT value FROM meta WHERE key = ?').get(key) as { value: string }).value)
  const lag = value('cursor') - value('statesUpTo')
  db.close()
  return lag
}
