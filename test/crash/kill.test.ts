import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Publisher } from '../support/publisher.ts'
import { type Doc, type Registered, Service } from '../support/service.ts'

/**
 * The promise, tried: the service is killed again and again while devices publish as fast as it
 * takes. Whatever was acknowledged is there afterwards, once; every flooded road has one case.
 */
const KILLS = 20
/** Acknowledgements between two kills at the least, so that each kill meets a loaded service. */
const ACKS_BETWEEN = 3_000
const FLOODED = 20
const CALM = 20
const WINDOW = 20

describe(`killed with SIGKILL ${KILLS} times under load`, () => {
  let service: Service
  let devices: Registered[]
  let publishers: Publisher[]
  let ledger: Doc
  let finishing = false

  beforeAll(async () => {
    service = await Service.start()
    devices = []
    for (let i = 0; i < FLOODED + CALM; i++) {
      devices.push(await service.register('waterlogging', `wl-${String(i).padStart(2, '0')}`))
    }
    const start = Date.now() - 120_000
    publishers = devices.map((device, i) => {
      const depthCm = i < FLOODED ? 18 : 1
      return new Publisher({
        port: service.mqttPort,
        device,
        window: WINDOW,
        payload: (n) =>
          finishing ? null : JSON.stringify({ ts: start + n, seq: n, depthCm, batteryPct: 90 }),
      })
    })
    for (let kill = 1; kill <= KILLS; kill++) {
      const goal = acknowledged() + ACKS_BETWEEN
      // The moment after the goal differs from kill to kill, and so the place in the work.
      await untilAny(publishers, () => acknowledged() >= goal + kill * 37)
      await service.kill9()
      await service.restart()
      for (const publisher of publishers) publisher.reconnect(service.mqttPort)
    }
    finishing = true
    await Promise.all(publishers.map((publisher) => publisher.until((one) => one.done)))
    ledger = await service.settled()
  }, 600_000)

  afterAll(async () => {
    for (const publisher of publishers ?? []) publisher.stop()
    await service?.stop()
  })

  function acknowledged(): number {
    return publishers.reduce((sum, publisher) => sum + publisher.acked.size, 0)
  }

  test('every acknowledged message is stored, once', async () => {
    for (const [i, device] of devices.entries()) {
      const stored = (await allReadings(service, device)).map((reading) => reading.seq)
      const acked = [...(publishers[i] as Publisher).acked]
      expect(stored.length).toBe(new Set(stored).size)
      expect(acked.filter((seq) => !new Set(stored).has(seq))).toEqual([])
      expect(stored.length).toBe(acked.length)
    }
    expect(acknowledged()).toBeGreaterThan(KILLS * ACKS_BETWEEN)
  })

  test('the ledger balances, and counts every message once', () => {
    expect(ledger).toMatchObject({ balanced: true, pending: 0, quarantined: 0, shed: 0 })
    expect(ledger.stored).toBe(acknowledged())
    expect(ledger.received).toBe(ledger.stored + ledger.duplicate)
  })

  test('every flooded road has one case that was opened once, and no other road has one', async () => {
    const cases = await service.list('/cases?limit=500')
    const flooded = devices.slice(0, FLOODED).map((device) => device.id)
    expect(cases.map((it: Doc) => it.deviceId).sort()).toEqual(flooded)
    expect(new Set(cases.map((it: Doc) => it.number)).size).toBe(FLOODED)
    for (const { id } of cases) {
      const { history } = await service.get(`/cases/${id}`)
      expect(history.filter((event: Doc) => event.action === 'open')).toHaveLength(1)
    }
  })
})

/** Resolves when the condition holds, looked at after every change of any publisher. */
async function untilAny(publishers: readonly Publisher[], condition: () => boolean): Promise<void> {
  while (!condition()) await Promise.race(publishers.map((one) => one.nextChange()))
}

async function allReadings(service: Service, device: Registered): Promise<Doc[]> {
  const readings: Doc[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after = cursor === '' ? '' : `&cursor=${cursor}`
    const page = await service.get(`/devices/${device.id}/readings?limit=500${after}`)
    readings.push(...page.items)
    cursor = page.nextCursor
  }
  return readings
}
