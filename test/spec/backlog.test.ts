import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Publisher } from '../support/publisher.ts'
import { AT_NOON, Service } from '../support/service.ts'

/** The rules fall behind: acknowledgements wait for them, nothing is lost, it goes on by itself. */

const MAX = 1_000
const DEVICES = 10
const WINDOW = 50
const EACH = 2_000

const services: Service[] = []
const publishers: Publisher[] = []
afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.stop()
  for (const service of services.splice(0)) await service.stop()
})

test('no more is acknowledged than may wait for the rules, and afterwards all of it', async () => {
  // It looks into the files of one cell.
  const env = { ...AT_NOON, CURBWATCH_BACKLOG_MAX: String(MAX), CURBWATCH_CELLS: '1' }
  const service = await Service.start(env)
  services.push(service)
  const start = (await service.now()) - 3_600_000
  const devices = []
  for (let i = 0; i < DEVICES; i++) devices.push(await service.register('waterlogging', `wl-${i}`))
  // Nobody can commit while somebody else writes: the rules stand where they are.
  const state = new DatabaseSync(join(service.dataDir, 'state.db'))
  state.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
  for (const device of devices) {
    const payload = (n: number) =>
      n > EACH ? null : JSON.stringify({ ts: start + n, seq: n, depthCm: 1 })
    publishers.push(new Publisher({ port: service.mqttPort, device, window: WINDOW, payload }))
  }
  const acked = () => publishers.reduce((sum, { acked }) => sum + acked.size, 0)
  // It comes to rest, at a bound to which the devices' windows and the last commits add a little.
  await eventually(async () => {
    const then = acked()
    for (let i = 0; i < 20; i++) await service.get('/kinds')
    return then > MAX / 2 && then === acked()
  }, 20_000)
  expect(acked()).toBeLessThan(MAX + 4 * DEVICES * WINDOW)
  state.exec('ROLLBACK')
  state.close()

  await Promise.all(publishers.map((one) => one.until(({ done }) => done)))
  const page = await service.settled()
  expect(page).toMatchObject({ balanced: true, pending: 0, shed: 0, stored: DEVICES * EACH })
})
