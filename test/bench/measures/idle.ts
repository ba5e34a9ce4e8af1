import { setTimeout as pause } from 'node:timers/promises'
import { memoryOf } from '../../support/proc.ts'
import { PEERS } from '../peers/all.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure } from './measure.ts'

/** Memory of many connections that say nothing, and how fast they come. */
/** The rush is over: what it needed has been given back, or will not be. */
const HOLD_MS = 20_000

export const idle: Measure = {
  name: 'idle',
  peers: ['trivial', 'mosquitto', 'curbwatch'],
  async run(name, report, { idleConnections }) {
    const section = `${idleConnections.toLocaleString('en')} idle connections`
    const running = await PEERS[name].start(idleConnections)
    try {
      const memory = () =>
        Object.values(running.processes).reduce((sum, pid) => sum + memoryOf(pid).now, 0)
      const before = memory()
      const load = await LoadProcess.connect(running.port, running.devices, 1)
      await pause(HOLD_MS)
      const after = memory()
      const { connections, connectMs } = load
      report.add(section, name, 'connections accepted', connections, 'count')
      report.add(section, name, 'connections/s', (connections * 1000) / connectMs, 'rate', true)
      report.add(section, name, 'memory before them', before, 'mb')
      report.add(section, name, 'memory with them', after, 'mb')
      report.add(section, name, 'memory of each', ((after - before) * 1024) / connections, 'kb')
      load.end()
    } finally {
      await running.stop()
    }
  },
}
