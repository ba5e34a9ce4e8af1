import { setTimeout as pause } from 'node:timers/promises'
import { memoryOf } from '../../support/proc.ts'
import { spawnCurbwatch } from '../../support/process.ts'
import { type Doc, Service } from '../../support/service.ts'
import { atTheEnd } from '../leftovers.ts'
import { type Report, spread } from '../report.ts'
import type { Measure } from './measure.ts'

/**
 * A simulated city for a day in fast motion, cases and officers included: memory must be flat when
 * the day is over.
 */
const SPEED = 240
const HOURS = 24
const DEVICES = 600
const HOUR_MS = (3_600_000 / SPEED) | 0
/** The first hours fill caches, windows and what recognises redeliveries. */
const WARM_HOURS = 4

export const soak: Measure = {
  name: 'soak',
  peers: ['curbwatch'],
  once: true,
  async run(name, report) {
    const service = await Service.start({ CURBWATCH_CLOCK_SPEED: String(SPEED) })
    const forgetService = atTheEnd(() => kill(service.pid))
    const city = spawnCurbwatch(
      [
        'simulate',
        ...['--url', service.mqttUrl, '--api', service.http],
        ...['--scenario', 'demo', '--devices', String(DEVICES), '--seed', '7', '--officers'],
      ],
      service.env,
    )
    const forgetCity = atTheEnd(() => kill(city.pid ?? 0))
    city.stdout?.resume()
    city.stderr?.resume()
    try {
      const memory: number[] = []
      for (let hour = 0; hour < HOURS; hour++) {
        const seen: number[] = []
        for (let i = 0; i < 5; i++) {
          await pause(HOUR_MS / 5)
          seen.push(memoryOf(service.pid).now)
        }
        memory.push(spread(seen).median)
        process.stdout.write(`    hour ${hour + 1}: ${Math.round(memory.at(-1) as number)} MB\n`)
      }
      city.kill('SIGINT')
      await tell(report, name, service, memory)
    } finally {
      kill(city.pid ?? 0)
      await service.stop()
      forgetCity()
      forgetService()
    }
  },
}

async function tell(report: Report, name: string, service: Service, memory: readonly number[]) {
  const title = `A simulated day in ${Math.round((HOURS * HOUR_MS) / 60_000)} minutes: ${DEVICES} devices, cases, officers`
  for (const from of [0, WARM_HOURS, 8, 12, 16, 20]) {
    const to = from + 4
    const part = memory.slice(from, to)
    report.add(title, name, `memory, hours ${from + 1} to ${to}`, spread(part).median, 'mb')
  }
  const ledger = await sumOfDays(service)
  const { items } = await service.get('/cases?limit=500')
  report.note(
    title,
    `${items.length}${items.length === 500 ? ' and more' : ''} cases were opened. The ledger of its days: received ${ledger.received} = stored ${ledger.stored} + quarantined ${ledger.quarantined} + duplicate ${ledger.duplicate} + shed ${ledger.shed} + pending ${ledger.pending}; ${ledger.balanced ? 'balanced' : 'NOT BALANCED'}.`,
  )
  if (!ledger.balanced) process.exitCode = 1
}

/** Today's page and that of the day before, by the service's clock. */
async function sumOfDays(service: Service): Promise<Doc> {
  const today = await service.get('/ledger')
  const before = new Date(Date.parse(today.day) - 86_400_000).toISOString().slice(0, 10)
  const yesterday = await service.get(`/ledger?day=${before}`)
  const sum: Doc = { balanced: today.balanced && yesterday.balanced }
  for (const column of ['received', 'stored', 'quarantined', 'duplicate', 'shed', 'pending']) {
    sum[column] = today[column] + yesterday[column]
  }
  return sum
}

function kill(pid: number): void {
  if (pid === 0) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
