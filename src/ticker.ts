import type { Broker } from './broker/port.ts'
import type { HealthSampler } from './exporter/health-sample.ts'
import type { Ingest } from './ingest/ingest.ts'
import type { Journal } from './journal/port.ts'
import type { Clock } from './ops/clock.ts'
import type { Metrics } from './ops/metrics.ts'
import type { PipelineClient } from './processor/client.ts'

/**
 * The pulse of the main thread: tells the pipeline how far time has come, enters what was shed,
 * and notices when the whole process stood still, so that devices are not called silent for it.
 */
const EVERY_MS = 200

export interface Ticker {
  /** Enters what was shed since the last pulse into the ledger. */
  reportShed(): Promise<void>
  stop(): void
}

export function startTicker(parts: {
  journal: Journal
  pipeline: PipelineClient
  ingest: Ingest
  clock: Clock
  broker: Broker
  metrics: Metrics
  sampler: HealthSampler
}): Ticker {
  const { journal, pipeline, ingest, clock, broker, metrics, sampler } = parts

  const reportShed = async () => {
    const shed = ingest.takeShed()
    if (shed.length === 0) return
    await pipeline.ask('ledger.shed', { shed }).catch((error: unknown) => {
      ingest.restoreShed(shed)
      throw error
    })
  }
  const pulse = () => {
    // While a machine is suspended only the clock goes on; while it starves both do.
    ingest.notePulse()
    ingest.follow(pipeline.cursor)
    // While a commit is under way its records are older than now: time waits for them.
    // A record may still come in this very millisecond, so time is told up to the one before.
    if (journal.pendingBytes === 0) pipeline.tick(clock.now() - 1, journal.lastSeq)
    sampler.pulse(journal.lastSeq, performance.now())
    metrics.connections.set(broker.connections)
    metrics.journalBytes.set(journal.storedBytes)
    metrics.backlog.set({ consumer: 'processor' }, journal.lastSeq - pipeline.cursor)
    metrics.backlog.set({ consumer: 'telemetry' }, journal.lastSeq - pipeline.stored)
    reportShed().catch(() => {})
  }
  const timer = setInterval(pulse, EVERY_MS)
  return { reportShed, stop: () => clearInterval(timer) }
}
