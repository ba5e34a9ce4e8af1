import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { eventually } from '../support/eventually.ts'
import { type Doc, type Registered, Service } from '../support/service.ts'
import { idleAck } from './idle-ack.ts'
import { messageToCase } from './message-to-case.ts'
import { mosquittoAcks } from './mosquitto.ts'
import { drive, registerFleet } from './throughput.ts'

/**
 * `npm run bench`: what the service does on this machine, beside Mosquitto where that is
 * installed. It reports, it asserts nothing but the ledger. Load and service share the machine.
 *
 *   --messages 1000000   how many messages in the long run
 *   --rounds 3           rounds of the comparison
 *   --write              put the table into docs/benchmark.md
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
})

const lines: string[] = []
function report(name: string, figure: string): void {
  lines.push(`| ${name} | ${figure} |`)
  process.stdout.write(`${name.padEnd(58)} ${figure}\n`)
}

await measureIdle()
await measureCompared()
await measureLongRun()
if (values.write) writeFileSync(new URL('../../docs/benchmark.md', import.meta.url), page())

async function measureIdle(): Promise<void> {
  const service = await Service.start()
  try {
    const idle = await idleAck(service, 200)
    report(
      'acknowledgement of a single message, idle: p50 / p99 / max',
      `${ms(idle.p50)} / ${ms(idle.p99)} / ${ms(idle.max)}`,
    )
    const toCase = await messageToCase(service, 50)
    report(
      'message to case on the event stream, idle: p50 / p99 / max',
      `${ms(toCase.p50)} / ${ms(toCase.p99)} / ${ms(toCase.max)}`,
    )
  } finally {
    await service.stop()
  }
}

/** Acks alone in turn with Mosquitto alone: the same publisher, so that its cost falls on both. */
async function measureCompared(): Promise<void> {
  for (const connections of [50, 1000]) {
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      ours.push(await ourAcks(connections))
      const mosquitto = await mosquittoAcks(connections, 100_000)
      if (mosquitto !== null) theirs.push(mosquitto)
    }
    report(
      `acknowledged messages/s, ${connections} connections (on disk, decoded, ruled, stored)`,
      spread(ours),
    )
    if (theirs.length === 0) report('  Mosquitto alone', 'not installed')
    else {
      report('  Mosquitto alone (in memory)', spread(theirs))
      const ratios = ours.map((rate, i) => rate / (theirs[i] as number))
      report(
        '  ratio, round by round',
        `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      )
    }
  }
}

async function ourAcks(connections: number): Promise<number> {
  const service = await Service.start()
  try {
    const fleet = await registerFleet(service, connections)
    return (await drive(service.mqttPort, fleet, 100_000)).perSecond
  } finally {
    await service.stop()
  }
}

async function measureLongRun(): Promise<void> {
  const messages = Number(values.messages)
  const service = await Service.start()
  const memory: number[] = []
  const sample = setInterval(() => memory.push(residentMb(service)), 2_000)
  try {
    const fleet: Registered[] = await registerFleet(service, 100)
    const run = await drive(service.mqttPort, fleet, messages)
    const began = performance.now()
    const ledger: Doc = await eventually(async () => {
      const page = await service.get('/ledger')
      return page.pending === 0 ? page : null
    }, 600_000)
    const drained = (performance.now() - began) / 1000
    report(
      `${messages} messages over 100 connections`,
      `${Math.round(run.perSecond)} acknowledged/s, all stored ${drained.toFixed(1)} s after the last`,
    )
    report(
      '  the ledger',
      `received ${ledger.received} = stored ${ledger.stored} + quarantined ${ledger.quarantined} + duplicate ${ledger.duplicate} + shed ${ledger.shed} + pending ${ledger.pending}; ${ledger.balanced ? 'balanced' : 'NOT BALANCED'}`,
    )
    const quarters = [0.25, 0.5, 0.75, 1].map(
      (share) => memory[Math.max(0, Math.ceil(memory.length * share) - 1)],
    )
    report(
      '  resident memory after each quarter of the run',
      quarters.map((mb) => `${mb} MB`).join(', '),
    )
    if (!ledger.balanced || ledger.stored !== messages) process.exitCode = 1
  } finally {
    clearInterval(sample)
    await service.stop()
  }
}

function residentMb(service: Service): number {
  const status = execFileSync('ps', ['-o', 'rss=', '-p', String(service.pid)], { encoding: 'utf8' })
  return Math.round(Number(status) / 1024)
}

function page(): string {
  return [
    '# Benchmark',
    '',
    'Written by `npm run bench -- --write`. The load generator runs on the same machine as the',
    'service and shares its cores; compare figures of one run only.',
    '',
    `Machine: ${cpus().length} × ${cpus()[0]?.model}; Node ${process.version}; ${new Date().toISOString().slice(0, 10)}`,
    '',
    '| what | figure |',
    '|---|---|',
    ...lines,
    '',
  ].join('\n')
}

function spread(rates: readonly number[]): string {
  const round = (rate: number) => Math.round(rate).toLocaleString('en')
  return `${round(median(rates))} (${round(Math.min(...rates))} to ${round(Math.max(...rates))})`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
