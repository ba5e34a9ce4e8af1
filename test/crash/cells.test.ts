import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { idsIn, isAlive } from '../support/cells.ts'
import { eventually } from '../support/eventually.ts'
import { Publisher } from '../support/publisher.ts'
import { type Doc, type Registered, Service } from '../support/service.ts'

/**
 * The promise of a service of several cells: its front is killed, and each of its cells, while
 * devices of all cells publish as fast as it takes. A cell that dies takes the service down; a
 * front that dies takes its cells along. Whatever was acknowledged is there afterwards, once.
 */
const CELLS = 3
const KILLS = 12
/** Acknowledgements between two kills at the least, so that each kill meets a loaded service. */
const ACKS_BETWEEN = 2_000
/** Of each cell. */
const FLOODED = 4
const CALM = 4
const WINDOW = 20

describe(`killed with SIGKILL ${KILLS} times under load, the front or a cell`, () => {
  let service: Service
  let devices: Registered[]
  let publishers: Publisher[]
  let ledger: Doc
  const exits: (number | null)[] = []
  let finishing = false

  beforeAll(async () => {
    service = await Service.start({ CURBWATCH_CELLS: String(CELLS) })
    const ids = [0, 1, 2].flatMap((cell) => idsIn(cell, CELLS, FLOODED + CALM))
    devices = await Promise.all(ids.map((id) => service.register('waterlogging', id)))
    const start = Date.now() - 120_000
    publishers = devices.map((device, i) => {
      const depthCm = isFlooded(i) ? 18 : 1
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
      await untilAny(publishers, () => acknowledged() >= goal + kill * 37)
      await killOne(kill % (CELLS + 1))
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

  const isFlooded = (i: number) => i % (FLOODED + CALM) < FLOODED
  const acknowledged = () => publishers.reduce((sum, { acked }) => sum + acked.size, 0)

  /** The front, or one of the cells; all of the service is gone afterwards. */
  async function killOne(which: number): Promise<void> {
    const pids = service.cellPids
    if (which === CELLS) await service.kill9()
    else {
      process.kill(pids[which] as number, 'SIGKILL')
      exits.push(await service.ended())
    }
    await eventually(() => !pids.some(isAlive))
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
    const flooded = devices.filter((_, i) => isFlooded(i)).map((device) => device.id)
    expect(cases.map((it: Doc) => it.deviceId).sort()).toEqual(flooded.toSorted())
    expect(new Set(cases.map((it: Doc) => it.number)).size).toBe(flooded.length)
    for (const { id } of cases) {
      const { history } = await service.get(`/cases/${id}`)
      expect(history.filter((event: Doc) => event.action === 'open')).toHaveLength(1)
    }
  })

  test('a cell that died ended the service, with a code and the cause', () => {
    expect(exits).toEqual(Array(KILLS - KILLS / (CELLS + 1)).fill(1))
    for (const cell of [0, 1, 2]) {
      expect(service.logs.join('\n')).toContain(`cell ${cell}: it ended with SIGKILL`)
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
