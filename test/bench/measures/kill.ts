import { setTimeout as pause } from 'node:timers/promises'
import type { Acked } from '../load/protocol.ts'
import { PEERS } from '../peers/all.ts'
import type { Store } from '../peers/peer.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure } from './measure.ts'

/** SIGKILL under full load: what was acknowledged, and is not there afterwards. */
const CONNECTIONS = 1000
const SECTION = 'Killed with SIGKILL under full load'

export const kill: Measure = {
  name: 'kill',
  peers: ['stack', 'curbwatch'],
  async run(name, report, scale) {
    const running = await PEERS[name].start(CONNECTIONS)
    const { store } = running
    if (store === null) throw new Error(`${name} keeps nothing`)
    try {
      const load = await LoadProcess.connect(running.port, running.devices)
      const run = load.run({ seconds: 600, rate: null, dump: true })
      await pause(scale.burstSeconds * 1000)
      const settled = store.killAndSettle()
      const { dumped } = await run
      load.end()
      await settled
      const { acked, missing } = await compare(store, dumped ?? [])
      report.add(SECTION, name, 'acknowledged before the kill', acked, 'count')
      report.add(SECTION, name, 'of them not stored', missing, 'count')
      if (name === 'curbwatch' && missing > 0) process.exitCode = 1
    } finally {
      await running.stop()
    }
  },
}

async function compare(
  store: Store,
  dumped: readonly Acked[],
): Promise<{ acked: number; missing: number }> {
  let acked = 0
  let missing = 0
  for (const device of dumped) {
    const stored = await store.numbersOf(device)
    const look = (seq: number) => {
      acked++
      if (!stored.has(seq)) missing++
    }
    for (let seq = device.first; seq <= device.upTo; seq++) look(seq)
    for (const seq of device.beyond) look(seq)
  }
  return { acked, missing }
}
