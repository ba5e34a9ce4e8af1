import { idleAck } from '../idle-ack.ts'
import { messageToCase } from '../message-to-case.ts'
import { curbwatch } from '../peers/curbwatch.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure } from './measure.ts'
import { STEADY_RATE } from './throughput.ts'

/** From a reading that calls for somebody to the case on the event stream. */
export const cases: Measure = {
  name: 'cases',
  peers: ['curbwatch'],
  async run(name, report, scale) {
    const section = 'Single messages'
    const running = await curbwatch.start(1000)
    const { service } = running
    try {
      const ack = await idleAck(service, 2 * scale.cases)
      report.add(section, name, 'acknowledgement, idle, p50', ack.p50, 'ms')
      report.add(section, name, 'acknowledgement, idle, p99', ack.p99, 'ms')
      const idle = await messageToCase(service, scale.cases, 'idle')
      report.add(section, name, 'message to case, idle, p50', idle.p50, 'ms')
      report.add(section, name, 'message to case, idle, p99', idle.p99, 'ms')

      const load = await LoadProcess.connect(running.port, running.devices)
      await load.run({ seconds: scale.warmupSeconds, rate: STEADY_RATE })
      // It ends with the last case.
      const run = load.run({ seconds: 300, rate: STEADY_RATE })
      const busy = await messageToCase(service, scale.cases, 'busy')
      load.stop()
      const { perSecond } = await run
      load.end()
      const under = `under ${STEADY_RATE.toLocaleString('en')} messages/s`
      report.add(section, name, `message to case, ${under}, p50`, busy.p50, 'ms')
      report.add(section, name, `message to case, ${under}, p99`, busy.p99, 'ms')
      report.add(section, name, 'acknowledged messages/s meanwhile', perSecond, 'rate')
    } finally {
      await running.stop()
    }
  },
}
