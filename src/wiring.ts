import type { Credentials } from './broker/credentials.ts'
import type { Attempt, Broker, Gate } from './broker/port.ts'
import type { HealthPlaces } from './exporter/health-sample.ts'
import type { Ingest, IngestObserver } from './ingest/ingest.ts'
import type { Journal } from './journal/port.ts'
import type { DeviceCommand } from './model/command.ts'
import type { ErrorCode } from './model/errors.ts'
import type { Replay } from './model/record.ts'
import { isoUtc } from './model/time.ts'
import { deviceTopic } from './model/topics.ts'
import type { Clock } from './ops/clock.ts'
import type { Logger } from './ops/logger.ts'
import type { Metrics } from './ops/metrics.ts'
import type { CommitNews, PipelineClient } from './processor/client.ts'
import type { LiveEvent } from './processor/protocol.ts'
import type { StateReader } from './store/state-reader-port.ts'

/** The small pieces between the stages: who counts, who logs, who is told of a commit. */

/** Lines of one code that are logged in a second; the rest is only counted. */
const LOGGED_PER_SECOND = 10

/** The gate of the broker: checks credentials, counts and logs refusals without secrets. */
export function createGate(credentials: Credentials, metrics: Metrics, log: Logger): Gate {
  const mayLog = createThrottle(LOGGED_PER_SECOND)
  return {
    authenticate: (clientId, username, password) =>
      credentials.authenticate(clientId, username, password),
    refused(code: ErrorCode, attempt: Attempt) {
      metrics.refused.inc({ code })
      if (mayLog(code)) log.warn({ code, ...attempt }, 'refused at the broker')
    },
  }
}

function createThrottle(perSecond: number): (key: string) => boolean {
  const counts = new Map<string, { second: number; count: number }>()
  return (key) => {
    const second = Math.floor(performance.now() / 1000)
    const line = counts.get(key)
    if (line === undefined || line.second !== second) {
      counts.set(key, { second, count: 1 })
      return true
    }
    line.count++
    return line.count <= perSecond
  }
}

/** What keeps the service from taking messages, as /readyz tells it. */
export class Health {
  readonly #told: Record<Place, string | null> = {
    journal: null,
    pipeline: null,
    telemetry: null,
    exporter: null,
  }
  readonly #changed: () => void

  /** `changed`: called when something became wrong, or right. */
  constructor(changed: () => void = () => {}) {
    this.#changed = changed
  }

  troubles(): string[] {
    return [this.#told.journal, this.#told.pipeline].filter((one) => one !== null)
  }

  /** What is wrong but keeps no message from being taken: readings wait in the journal. */
  warnings(): string[] {
    return [this.#told.telemetry, this.#told.exporter].filter((one) => one !== null)
  }

  observeIngest(metrics: Metrics, log: Logger): IngestObserver {
    const mayLog = createThrottle(LOGGED_PER_SECOND)
    return {
      received: (channel, qos) => metrics.received.count(channel, qos),
      stored: (seconds) => {
        this.#tell('journal', null)
        metrics.ackSeconds.observe(seconds)
      },
      shed: (code, error) => {
        metrics.shed.inc({ code })
        if (code !== 'RATE_EXCEEDED') this.#tell('journal', `${code}: ${error?.message ?? ''}`)
        if (mayLog(code)) log.warn({ code, reason: error?.message }, 'message shed')
      },
    }
  }

  pipelineTrouble(message: string | null): void {
    this.#tell('pipeline', message)
  }

  telemetryTrouble(message: string | null): void {
    this.#tell('telemetry', message)
  }

  /** What Grafana is told about was not written; it is written again with the next beat. */
  exporterTrouble(message: string, metrics: Metrics, log: Logger): void {
    this.#tell('exporter', message)
    metrics.troubles.inc({ where: 'exporter' })
    log.error({ where: 'exporter', reason: message }, 'trouble; trying again')
  }

  exported(): void {
    this.#tell('exporter', null)
  }

  #tell(place: Place, message: string | null): void {
    if (this.#told[place] === message) return
    this.#told[place] = message
    this.#changed()
  }
}

type Place = 'journal' | 'pipeline' | 'telemetry' | 'exporter'

/** Where the stages are now, for the exporter. */
export function healthPlaces(parts: {
  journal: Journal
  pipeline: PipelineClient
  clock: Clock
  maxJournalBytes: number
}): HealthPlaces {
  const { journal, pipeline, clock, maxJournalBytes } = parts
  return {
    now: clock.now(),
    lastSeq: journal.lastSeq,
    processed: pipeline.cursor,
    stored: pipeline.stored,
    journalBytes: journal.storedBytes,
    journalMaxBytes: maxJournalBytes,
    memoryBytes: process.memoryUsage.rss(),
  }
}

/** Live events to whoever watches. */
export class LiveHub {
  readonly #listeners = new Set<(event: LiveEvent) => void>()

  watch(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(events: readonly LiveEvent[]): void {
    for (const event of events) for (const listener of this.#listeners) listener(event)
  }
}

/** What follows from a commit: trim, the door list, watchers, metrics. */
export function reportNews(
  pipeline: PipelineClient,
  parts: {
    journal: Journal
    ingest: Ingest
    credentials: Credentials
    broker: Broker
    hub: LiveHub
    metrics: Metrics
    health: Health
    log: Logger
    /** True while a backup needs the journal as it is. */
    journalHeld: () => boolean
  },
): void {
  const { journal, ingest, credentials, broker, hub, metrics, health, log } = parts
  const trim = createTrim(journal, parts.journalHeld)
  journal.onCommit(() => {
    pipeline.journalGrew()
    ingest.follow(pipeline.cursor)
  })
  pipeline.on('committed', (news: CommitNews) => {
    health.pipelineTrouble(null)
    ingest.follow(news.cursor)
    for (const change of news.credentials) {
      if (change.type === 'set') credentials.set(change.credential)
      else credentials.remove(change.deviceId)
      if (change.type === 'removed' || change.rotated) {
        broker.disconnect(change.type === 'removed' ? change.deviceId : change.credential.id)
      }
    }
    hub.tell(news.events)
    setGauges(metrics, journal, news)
    trim(news.releasable)
  })
  pipeline.on('stored', ({ releasable, refused }) => {
    health.telemetryTrouble(null)
    metrics.readings.set({ outcome: 'refused' }, refused)
    trim(releasable)
  })
  pipeline.on('trouble', ({ where, message }) => {
    metrics.troubles.inc({ where })
    if (where === 'pipeline') health.pipelineTrouble(message)
    if (where === 'telemetry') health.telemetryTrouble(message)
    log.error({ where, reason: message }, 'trouble; trying again')
  })
}

/** Trimming at every commit would cost as much as the commit: it waits for so many records ... */
const TRIM_RECORDS = 20_000
/** ... or for so long, since a few records may be large. */
const TRIM_MS = 5_000

function createTrim(journal: Journal, held: () => boolean): (releasable: number) => void {
  let trimmed = 0
  let at = performance.now()
  return (releasable) => {
    const now = performance.now()
    if (releasable - trimmed < TRIM_RECORDS && now - at < TRIM_MS) return
    if (releasable === trimmed || held()) return
    trimmed = releasable
    at = now
    journal.trim(releasable)
  }
}

function setGauges(metrics: Metrics, journal: Journal, news: CommitNews): void {
  const { counters } = news
  metrics.backlog.set({ consumer: 'processor' }, journal.lastSeq - news.cursor)
  metrics.readings.set({ outcome: 'accepted' }, counters.accepted)
  metrics.readings.set({ outcome: 'duplicate' }, counters.duplicate)
  metrics.readings.set({ outcome: 'late' }, counters.late)
  for (const [code, count] of Object.entries(counters.quarantined))
    metrics.quarantined.set({ code }, count)
  metrics.casesOpened.set(counters.casesOpened)
}

/** Commands that were committed go down to their devices. */
export function publishCommands(pipeline: PipelineClient, broker: Broker): void {
  pipeline.on('committed', (news: CommitNews) => {
    for (const command of news.commands) publishCommand(broker, command)
  })
}

/**
 * A device that begins to listen gets what still waits for it, also after a restart. So a command
 * may come twice: devices know it by its id.
 */
export async function publishWaiting(
  device: { readonly id: string },
  parts: { state: StateReader; broker: Broker; clock: Clock },
): Promise<void> {
  const now = parts.clock.now()
  for (const command of await parts.state.pendingCommands(device.id)) {
    if (command.expiresAt > now) publishCommand(parts.broker, command)
  }
}

function publishCommand(broker: Broker, command: DeviceCommand): void {
  const { id, name, params, kind, deviceId, expiresAt } = command
  const payload = JSON.stringify({ id, name, params, expiresAt: isoUtc(expiresAt) })
  // A command that cannot be delivered expires; its state says so.
  broker.publish(deviceTopic(kind, deviceId, 'command'), payload).catch(() => {})
}

/** Puts a quarantined message into the journal again and waits until it was processed. */
export async function replayMessage(
  id: string,
  parts: { state: StateReader; ingest: Ingest; journal: Journal; pipeline: PipelineClient },
): Promise<void> {
  const { state, ingest, journal, pipeline } = parts
  const message = await state.quarantined(id)
  if (message === null) return
  const indices = message.rejections.map((one) => one.index)
  const replay: Replay = {
    quarantineId: id,
    receivedAt: message.receivedAt,
    topic: message.topic,
    indices: indices.includes(null) ? null : (indices as number[]),
    payloadBase64: Buffer.from(message.payload).toString('base64'),
  }
  await new Promise<void>((resolve, reject) => {
    ingest.append('replay', message.topic, Buffer.from(JSON.stringify(replay)), (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  await pipeline.ask('processed', { seq: journal.lastSeq })
}
