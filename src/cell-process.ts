import type { Socket } from 'node:net'
import { loadKinds } from './catalog/catalog.ts'
import { type Cell, openCell } from './cell.ts'
import {
  type CellCall,
  type CellCalls,
  type CellMessage,
  type CellSettings,
  type FrontMessage,
  failureOf,
} from './cells/protocol.ts'
import type { Instant } from './model/time.ts'
import { type Clock, createClock } from './ops/clock.ts'
import { takeDataDir } from './ops/data-dir.ts'
import { createLogger } from './ops/logger.ts'
import { createMetrics } from './ops/metrics.ts'
import { Health } from './wiring.ts'

/**
 * The process of one cell. It does what the front says, is given the connections of its devices,
 * and ends with the front, however that ends. Signals are the front's: a stop goes through the
 * stages of all cells in order.
 */

/** The cell of a front that was killed lets go of the directory as soon as it notices (real ms). */
const TAKE_OVER_MS = 10_000
/** How often the front hears how we are, when nothing changes. */
const STATE_EVERY_MS = 1_000

const metrics = createMetrics()
const health = new Health(() => tellState())
const clock = Promise.withResolvers<Clock>()
let cell: Promise<Cell> = Promise.reject(new Error('the cell is not open'))
cell.catch(() => {})
let release = () => {}

const CALLS: {
  [C in CellCall]: (input: CellCalls[C]['input']) => Promise<CellCalls[C]['output']>
} = {
  open: (settings) =>
    new Promise((resolve, reject) => {
      cell = open(settings, resolve)
      cell.catch(reject)
    }),
  async run(setting) {
    clock.resolve(createClock(setting))
    const { watch } = await cell
    watch((event) => tell({ type: 'events', events: [event] }))
    setInterval(tellState, STATE_EVERY_MS)
    return null
  },
  ask: async ({ name, input }) => (await cell).ask(name, input as never),
  replay: async (id) => {
    await (await cell).replay(id)
    return null
  },
  metrics: () => metrics.registry.getMetricsAsJSON(),
  health: async () => (await cell).detail(),
  stop: async () => done((await cell).stop()),
  finish: async () => done((await cell).finish()),
  async close() {
    await (await cell).close()
    release()
    return null
  },
}

async function done(work: Promise<void>): Promise<null> {
  await work
  return null
}

async function open(given: CellSettings, opened: (reached: Instant) => void): Promise<Cell> {
  const { dataDir, partition, settings, city, location, logLevel } = given
  const log = createLogger(logLevel).child({ cell: partition.cell })
  release = takeDataDir(dataDir, TAKE_OVER_MS).release
  return openCell({
    ...{ dataDir, partition, settings, city, location, metrics, health, log },
    kinds: await loadKinds(),
    ports: null,
    clockFrom: (reached) => {
      opened(reached)
      return clock.promise
    },
    onFatal(error) {
      log.fatal({ err: error }, 'the cell ends; what was acknowledged is in the journal')
      process.send?.({ type: 'died', message: error.message } satisfies CellMessage, () => {
        process.exit(1)
      })
    },
  })
}

function tellState(): void {
  tell({ type: 'state', troubles: health.troubles(), warnings: health.warnings() })
}

function tell(message: CellMessage): void {
  // What cannot be told any more is told to nobody: the front is gone, and we go too.
  process.send?.(message, undefined, undefined, () => {})
}

async function answer({ id, call, input }: Extract<FrontMessage, { type: 'call' }>): Promise<void> {
  try {
    const output = await CALLS[call](input as never)
    tell({ type: 'answer', id, output })
  } catch (error) {
    tell({ type: 'failed', id, error: failureOf(error) })
  }
  if (call === 'close') process.disconnect()
}

async function take(socket: Socket | undefined, head: Uint8Array, remote: string | null) {
  tell({ type: 'taken' })
  // It had ended on the way.
  if (socket === undefined) return
  socket.on('error', () => {})
  socket.unshift(head)
  socket.setNoDelay(true)
  ;(await cell).serve(socket, remote)
}

process.on('message', (message: FrontMessage, socket: Socket | undefined) => {
  if (message.type === 'call') void answer(message)
  else void take(socket, message.head, message.remote)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
// However the front ended, we end: a new one has cells of its own.
process.on('disconnect', () => process.exit())
