import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { stolenTicks } from '../support/proc.ts'

/**
 * How fast the machine is at this moment: a fixed piece of work on two threads at once. A round
 * whose spins took longer than others' had less of the cores, and its figures are not to be
 * compared with theirs.
 */
const ROUNDS = 60_000_000

export interface Spin {
  /** The slower of the two threads, in ms. */
  readonly ms: number
  /** Share of all CPU time that the host gave to others meanwhile, as far as it says. */
  readonly stolen: number
}

export async function spin(): Promise<Spin> {
  const before = stolenTicks()
  const [a, b] = await Promise.all([work(), work()])
  const after = stolenTicks()
  return {
    ms: Math.max(a, b),
    stolen: (after.stolen - before.stolen) / Math.max(1, after.all - before.all),
  }
}

function work(): Promise<number> {
  const worker = new Worker(new URL(import.meta.url), { name: 'spin' })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

if (!isMainThread) {
  const began = performance.now()
  let x = 1
  for (let i = 0; i < ROUNDS; i++) x = (Math.imul(x, 1_103_515_245) + 12_345) | 0
  // The result is used, so that the loop is not left out.
  parentPort?.postMessage(performance.now() - began + (x === 0 ? 1e-9 : 0))
}
