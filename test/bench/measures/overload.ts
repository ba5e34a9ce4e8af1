import { memoryOf } from '../../support/proc.ts'
import type { Doc } from '../../support/service.ts'
import type { Second } from '../load/protocol.ts'
import { curbwatch, ledgerOf, type RunningCurbwatch } from '../peers/curbwatch.ts'
import { type Store, untilStored } from '../peers/peer.ts'
import { type Report, spread } from '../report.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure } from './measure.ts'
import { fullLoad, STORED } from './throughput.ts'

/**
 * Five times what it can sustain: memory must stay bounded, acknowledgements become slow, and
 * when it is over everything is as before.
 */
const TIMES = 5
/** More in flight than usual: the devices do not wait politely. */
const WINDOW = 100
const CALM_RATE = 1_000
/** What it has acknowledged in five minutes may take it several times as long to store. */
const SETTLE_MS = 1_800_000

export const overload: Measure = {
  name: 'overload',
  peers: ['curbwatch'],
  once: true,
  async run(name, report, { overloadSeconds, seconds }) {
    const running = await curbwatch.start(1000)
    try {
      const load = await LoadProcess.connect(running.port, running.devices, WINDOW)
      const sustained =
        report.last(fullLoad(1000), STORED, name) ?? (await sustain(running.store, load, seconds))
      const rate = Math.round(TIMES * sustained)
      const title = `Overload: ${rate.toLocaleString('en')} messages/s offered for ${overloadSeconds} s over 1000 connections`
      const each: (Second & { memory: number })[] = []
      const before = await load.run({ seconds: Math.min(3, seconds), rate: CALM_RATE })
      const result = await load.run({ seconds: overloadSeconds, rate }, (second) =>
        each.push({ ...second, memory: memoryOf(running.service.pid).now }),
      )
      const began = performance.now()
      await allStored(running)
      const settled = (performance.now() - began) / 1000
      const after = await load.run({ seconds: Math.min(3, seconds), rate: CALM_RATE })
      load.end()
      addQuarters(report, title, name, each)
      report.add(title, name, 'offered, not sent: the windows were full', result.unsent, 'count')
      report.add(title, name, 'without an answer at the end', result.unacked, 'count')
      report.add(title, name, 'all stored after the end', settled, 'seconds')
      const calm = `acknowledgement p99 at ${CALM_RATE.toLocaleString('en')} messages/s`
      report.add(title, name, `${calm}, before`, before.fromSend.p99, 'ms')
      report.add(title, name, `${calm}, after`, after.fromSend.p99, 'ms')
      addLedger(report, title, await allStored(running))
    } finally {
      await running.stop()
    }
  },
}

/** The ledger when nothing is on its way any more, or when that takes too long. */
async function allStored({ service, store }: RunningCurbwatch): Promise<Doc> {
  const { received, shed, quarantined } = await ledgerOf(service)
  await untilStored(store, received - shed - quarantined, SETTLE_MS)
  return ledgerOf(service)
}

/** Messages a second that it takes and stores. */
async function sustain(store: Store, load: LoadProcess, seconds: number): Promise<number> {
  const before = await store.count()
  const began = performance.now()
  const { sent } = await load.run({ seconds, rate: null })
  await untilStored(store, before + sent, SETTLE_MS)
  return (sent * 1000) / (performance.now() - began)
}

function addQuarters(
  report: Report,
  title: string,
  name: string,
  each: readonly (Second & { memory: number })[],
): void {
  for (let quarter = 0; quarter < 4; quarter++) {
    const part = each.slice(
      Math.floor((each.length * quarter) / 4),
      Math.floor((each.length * (quarter + 1)) / 4),
    )
    if (part.length === 0) continue
    const median = (of: (one: (typeof part)[number]) => number) => spread(part.map(of)).median
    const which = `quarter ${quarter + 1}`
    report.add(
      title,
      name,
      `${which}: acknowledged messages/s`,
      median((one) => one.acked),
      'rate',
    )
    report.add(
      title,
      name,
      `${which}: acknowledgement p99`,
      median((one) => one.latency.p99),
      'ms',
    )
    report.add(title, name, `${which}: memory`, Math.max(...part.map((one) => one.memory)), 'mb')
  }
}

function addLedger(report: Report, title: string, ledger: Doc) {
  const { received, stored, quarantined, duplicate, shed, pending, balanced } = ledger
  report.note(
    title,
    `The ledger: received ${received} = stored ${stored} + quarantined ${quarantined} + duplicate ${duplicate} + shed ${shed} + pending ${pending}; ${balanced ? 'balanced' : 'NOT BALANCED'}.`,
  )
  if (!balanced) process.exitCode = 1
}
