import { rmSync } from 'node:fs'
import { freePort } from '../../support/ports.ts'
import { type Doc, Service } from '../../support/service.ts'
import { atTheEnd, whileStarting } from '../leftovers.ts'
import { registerFleet } from '../throughput.ts'
import { listening, type Peer, type Running, type Store, untilStored } from './peer.ts'

/** The service as an operator starts it, with its embedded stores. */
export const curbwatch = {
  name: 'curbwatch',
  promise: 'on disk',
  missing: null,
  async start(devices: number): Promise<RunningCurbwatch> {
    const port = await freePort()
    const began = performance.now()
    // A device of the load stands for many: it may send as much as it can.
    const starting = whileStarting(
      // A device of the load stands for many: it may send as much as it can.
      Service.start({ CURBWATCH_MQTT_PORT: String(port), CURBWATCH_DEVICE_RATE: '1000000' }),
    )
    let failed = false
    starting.catch(() => {
      failed = true
    })
    const heard = listening(port, () => failed).then(() => performance.now() - began)
    const [service, startMs] = await Promise.all([starting, heard])
    const forget = atTheEnd(() => {
      if (service.pid !== 0) process.kill(service.pid, 'SIGKILL')
      rmSync(service.dataDir, { recursive: true, force: true })
    })
    return {
      service,
      port,
      devices: await registerFleet(service, devices),
      startMs,
      get processes() {
        return { curbwatch: service.pid }
      },
      store: storeOf(service),
      async stop() {
        await service.stop()
        forget()
      },
    }
  },
} satisfies Peer

export interface RunningCurbwatch extends Running {
  readonly service: Service
  readonly store: Store
}

const DAY = 86_400_000

/** The pages of today and yesterday together: a run may go past midnight. */
export async function ledgerOf(service: Service): Promise<Doc> {
  const today = await service.get('/ledger')
  const dayBefore = new Date(Date.parse(today.day) - DAY).toISOString().slice(0, 10)
  const yesterday = await service.get(`/ledger?day=${dayBefore}`)
  const sum: Doc = { balanced: today.balanced && yesterday.balanced }
  for (const column of ['received', 'stored', 'quarantined', 'duplicate', 'shed', 'pending']) {
    sum[column] = today[column] + yesterday[column]
  }
  return sum
}

/** How long a service may work off what is in its journal. */
const SETTLE_MS = 300_000

function storeOf(service: Service): Store {
  const count = async () => (await ledgerOf(service)).stored
  const store: Store = {
    folder: service.dataDir,
    count,
    async killAndSettle() {
      await service.kill9()
      await service.restart()
      const { received } = await ledgerOf(service)
      await untilStored(store, received, SETTLE_MS)
    },
    async numbersOf({ id }) {
      const numbers = new Set<number>()
      let cursor = ''
      do {
        const page = await service.get(`/devices/${id}/readings?limit=500${cursor}`)
        for (const { seq } of page.items) numbers.add(seq)
        cursor = page.nextCursor === null ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`
      } while (cursor !== '')
      return numbers
    },
  }
  return store
}
