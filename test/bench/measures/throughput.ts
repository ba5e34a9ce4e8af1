import { memoryOf, sizeOf, type ThreadUse, threadsOf, usedBetween } from '../../support/proc.ts'
import type { LoadResult } from '../load/protocol.ts'
import { PEERS } from '../peers/all.ts'
import { type Running, untilStored } from '../peers/peer.ts'
import type { Report } from '../report.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure, Scale } from './measure.ts'

/**
 * As fast as acknowledgements come, and until everything is stored; then, on the connections of
 * the fleet, a steady 10 000 messages a second.
 */
export const throughput50 = throughput(50)
export const throughput1000 = throughput(1000)

export const STEADY_RATE = 10_000
const SETTLE_MS = 120_000

export const ACKED = 'acknowledged messages/s'
export const STORED = 'messages/s through rules into the store'

export function fullLoad(connections: number): string {
  return `Full load, ${connections} connections`
}

function throughput(connections: number): Measure {
  return {
    name: `throughput-${connections}`,
    peers: ['trivial', 'mosquitto', 'stack', 'curbwatch'],
    async run(name, report, scale) {
      const running = await PEERS[name].start(connections)
      try {
        report.add('Start', name, 'from the start to the first connection', running.startMs, 'ms')
        const load = await LoadProcess.connect(running.port, running.devices)
        const { sent } = await load.run({ seconds: scale.warmupSeconds, rate: null })
        if (running.store !== null) await untilStored(running.store, sent, SETTLE_MS)
        await measureFull(name, running, load, report, scale, fullLoad(connections))
        if (connections === 1000) await measureSteady(name, running, load, report, scale)
        load.end()
      } finally {
        await running.stop()
      }
    },
  }
}

async function measureFull(
  name: string,
  running: Running,
  load: LoadProcess,
  report: Report,
  scale: Scale,
  section: string,
): Promise<void> {
  const { store } = running
  const storedBefore = (await store?.count()) ?? 0
  const sizeBefore = store === null ? 0 : sizeOf(store.folder)
  const before = look(running)
  const began = performance.now()
  const result = await load.run({ seconds: scale.seconds, rate: null })
  const stored =
    store === null ? 0 : await untilStored(store, storedBefore + result.sent, SETTLE_MS)
  const seconds = (performance.now() - began) / 1000
  const used = usedSince(before, running)
  const add = (title: string, value: number, format: Parameters<Report['add']>[4], is = false) =>
    report.add(section, name, title, value, format, is)

  add(ACKED, result.perSecond, 'rate', true)
  const storedPerSecond = (stored - storedBefore) / seconds
  // What can go on for ever: a peer that stores is as fast as it stores.
  add('sustained messages/s', store === null ? result.perSecond : storedPerSecond, 'rate', true)
  if (store !== null) {
    add(STORED, storedPerSecond, 'rate', true)
    add('acknowledged, not stored at the end', storedBefore + result.sent - stored, 'count')
  }
  addLatency(add, result)
  const cpuMs = used.reduce((sum, one) => sum + one.cpuMs, 0)
  add('CPU a message, all threads', (cpuMs * 1000) / result.sent, 'us')
  add('CPU a message, load generator', (result.cpu * 1e6) / result.acked, 'us')
  add('cores that the load generator took', result.cpu / result.seconds, 'cores')
  add('memory at the most', peakMemory(running), 'mb')
  report.addThreads(section, name, used, result.sent)
  if (store === null) return
  const written = used.reduce((sum, one) => sum + one.writtenBytes, 0)
  add('written to disk a message', written / result.sent, 'bytes')
  add('files grow by, a message', (sizeOf(store.folder) - sizeBefore) / result.sent, 'bytes')
}

function addLatency(
  add: (title: string, value: number, format: 'ms') => void,
  { fromSend }: LoadResult,
): void {
  add('acknowledgement p50', fromSend.p50, 'ms')
  add('acknowledgement p99', fromSend.p99, 'ms')
  add('acknowledgement p999', fromSend.p999, 'ms')
}

async function measureSteady(
  name: string,
  running: Running,
  load: LoadProcess,
  report: Report,
  scale: Scale,
): Promise<void> {
  const section = `${STEADY_RATE.toLocaleString('en')} messages/s over 1000 connections`
  // Both sides are warm, but not at this pace.
  await load.run({ seconds: scale.warmupSeconds, rate: STEADY_RATE })
  const before = look(running)
  const { fromDue, late, perSecond, sent } = await load.run({
    seconds: scale.seconds,
    rate: STEADY_RATE,
  })
  const used = usedSince(before, running)
  if (fromDue === null || late === null) return
  report.add(section, name, ACKED, perSecond, 'rate')
  report.add(section, name, 'acknowledgement p50, since it was due', fromDue.p50, 'ms')
  report.add(section, name, 'acknowledgement p99, since it was due', fromDue.p99, 'ms')
  report.add(section, name, 'acknowledgement p999, since it was due', fromDue.p999, 'ms')
  report.add(section, name, 'of it in the load generator, p50', late.p50, 'ms')
  report.add(section, name, 'of it in the load generator, p99', late.p99, 'ms')
  const cpuMs = used.reduce((sum, one) => sum + one.cpuMs, 0)
  report.add(section, name, 'CPU a message, all threads', (cpuMs * 1000) / sent, 'us')
  report.addThreads(section, name, used, sent)
}

type Looks = ReadonlyMap<string, ReadonlyMap<string, ThreadUse>>

function look(running: Running): Looks {
  return new Map(
    Object.entries(running.processes).map(([name, pid]) => [name, threadsOf(pid)] as const),
  )
}

function usedSince(before: Looks, running: Running): (ThreadUse & { process: string })[] {
  return [...look(running)].flatMap(([process, threads]) =>
    usedBetween(before.get(process) ?? new Map(), threads).map((one) => ({ ...one, process })),
  )
}

function peakMemory(running: Running): number {
  return Object.values(running.processes).reduce((sum, pid) => sum + memoryOf(pid).peak, 0)
}
