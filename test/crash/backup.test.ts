import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openJournalReader } from '../../src/journal/open.ts'
import { holdJournal } from '../../src/ops/data-dir.ts'
import { eventually } from '../support/eventually.ts'
import { freshFolder } from '../support/places.ts'
import { runCurbwatch } from '../support/process.ts'
import { Publisher } from '../support/publisher.ts'
import { AT_NOON, Service } from '../support/service.ts'

/** A backup is taken file by file while the service works: together the copies must be whole. */

const services: Service[] = []
const publishers: Publisher[] = []
afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.stop()
  for (const service of services.splice(0)) await service.stop()
})

/** A service under load until `stop` says so. */
async function loaded() {
  const service = await Service.start(AT_NOON)
  services.push(service)
  const start = (await service.now()) - 3_600_000
  const state = { finished: false }
  for (let i = 0; i < 10; i++) {
    const device = await service.register('waterlogging', `wl-${i}`)
    const payload = (n: number) =>
      state.finished ? null : JSON.stringify({ ts: start + n, seq: n, depthCm: 1 })
    publishers.push(new Publisher({ port: service.mqttPort, device, window: 20, payload }))
  }
  const acked = () => publishers.reduce((sum, { acked }) => sum + acked.size, 0)
  return { service, state, acked }
}

/** Number of the first record that is still in the journal. */
function firstRecord(folder: string): number {
  const reader = openJournalReader(folder)
  const [first] = reader.read(0, 1)
  reader.close()
  return first?.seq as number
}

test('while a backup holds the journal nothing is trimmed from it, and afterwards it is', async () => {
  const { service, acked } = await loaded()
  const letGo = holdJournal(service.dataDir)
  const held = firstRecord(service.dataDir)
  const before = acked()
  // Trimming comes after 20 000 records at the latest.
  await eventually(() => acked() > before + 50_000, 60_000)
  expect(firstRecord(service.dataDir)).toBe(held)
  expect(() => holdJournal(service.dataDir)).toThrow('another backup')
  letGo()
  await eventually(() => firstRecord(service.dataDir) > held)
})

test('a copy made under load starts as a service that has all that was acknowledged', async () => {
  const { service, state, acked } = await loaded()
  await eventually(() => acked() > 20_000, 60_000)
  const before = acked()
  const folder = join(freshFolder(), 'copy')
  const { code, stderr } = await runCurbwatch(['backup', folder], service.env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  state.finished = true
  await service.kill9()

  const restored = await Service.start(AT_NOON)
  services.push(restored)
  await restored.halt()
  for (const name of ['telemetry.db', 'state.db']) {
    for (const rest of ['-wal', '-shm']) cpSync('/dev/null', join(restored.dataDir, name + rest))
    cpSync(join(folder, name), join(restored.dataDir, name))
  }
  rmSync(join(restored.dataDir, 'journal'), { recursive: true })
  cpSync(join(folder, 'journal'), join(restored.dataDir, 'journal'), { recursive: true })
  await restored.restart()
  const page = await restored.settled()
  expect(page).toMatchObject({ balanced: true, pending: 0 })
  expect(page.stored).toBeGreaterThanOrEqual(before)
})

test('a journal that lacks what the rules have taken is refused: its numbers would count as done', async () => {
  const service = await Service.start(AT_NOON)
  services.push(service)
  const device = await service.register('waterlogging', 'wl-1')
  const client = await service.connect(device)
  await service.send(client, device, { ts: await service.now(), depthCm: 1 })
  await client.endAsync()
  await service.settled()
  await service.halt()
  rmSync(join(service.dataDir, 'journal'), { recursive: true })
  const { code, stderr } = await runCurbwatch(['start'], service.env)
  expect(code).toBe(1)
  expect(stderr).toContain('JOURNAL_BEHIND')
})
