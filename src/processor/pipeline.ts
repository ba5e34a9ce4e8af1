import { MAX_AGE } from '../decode/decode.ts'
import type { JournalReader } from '../journal/port.ts'
import { DAY, type Duration, type Instant } from '../model/time.ts'
import type { PruneLimits, StateStore } from '../store/state-port.ts'
import type { TelemetryStore } from '../store/telemetry-port.ts'
import { countEffects, createCounters } from './counters.ts'
import { credentialChanges } from './credential-changes.ts'
import { ledgerPage } from './ledger.ts'
import { liveEvents } from './live-events.ts'
import {
  actOnCase,
  adoptRules,
  countShed,
  createDevices,
  createRule,
  deleteDevice,
  deleteRule,
  putRule,
  recordDeliveries,
  sendCommand,
  updateDevice,
} from './operations.ts'
import type { Committed, Processor } from './processor.ts'
import type { OperationName, Operations, PipelineMessage, PipelineRequest } from './protocol.ts'
import type { TelemetryFeed } from './telemetry-feed.ts'
import type { TelemetryWriter } from './telemetry-writer.ts'

/**
 * The pipeline's thread at work. One loop, one thing at a time:
 *
 *   records, or time, or requests → commit → answers and events out → again
 *
 * What nobody waits for gathers under a steady stream: a commit costs by devices rather than by
 * readings. An alert, a case, a command or a request is committed in its own turn, and so is
 * whatever comes after a while of quiet.
 *
 * What is committed is handed to the telemetry feed, which stores it beside this loop. A commit
 * that fails is tried again from the stored state after a pause; nobody is answered and nothing
 * is trimmed until it went through.
 */

const RETRY_MS = 1_000
const PRUNE_EVERY: Duration = 60 * 60_000
/** Real ms between two commits of what nobody waits for. Unsourced default. */
const GATHER_MS = 400

export interface PipelineParts {
  readonly processor: Processor
  readonly writer: TelemetryWriter
  readonly feed: TelemetryFeed
  readonly journal: JournalReader
  readonly state: StateStore
  readonly telemetry: TelemetryStore
  /** The journal is needed no longer up to here. */
  readonly releasable: () => number
  readonly post: (message: PipelineMessage) => void
  /**
   * The store is on the disk of everything else: a backlog is worked off no faster than it stores.
   * Else its readings would have to be read from the journal and decoded a second time.
   */
  readonly storeIsLocal: boolean
  /** How long both are kept; null: somebody else sees to it. */
  readonly retention: { readonly telemetry: Duration | null; readonly quarantine: Duration }
}

type Ask = Extract<PipelineRequest, { type: 'ask' }>

export class Pipeline {
  readonly #parts: PipelineParts
  readonly #asks: Ask[] = []
  /** Requests of this turn: answered when it is committed, told to have failed when it is not. */
  readonly #inWork = new Set<number>()
  readonly #answers: { id: number; output: unknown }[] = []
  readonly #reached: { id: number; seq: number }[] = []
  readonly #counters = createCounters()
  #tick: { now: Instant; lastSeq: number } | null = null
  #wake: (() => void) | null = null
  /** As `#wake`, for those who want an answer. */
  #calledFor: (() => void) | null = null
  #signalled = false
  #closing = false
  #committedAt = Number.NEGATIVE_INFINITY
  #prunedAt: Instant = 0
  /** Where the writer was at the prune before: a backup may have copied telemetry since. */
  #writtenThen = 0
  /** What is let go of, a step a turn; null: nothing is left. */
  #pruning: PruneLimits | null = null

  constructor(parts: PipelineParts) {
    this.#parts = parts
  }

  /** A word from the main thread. */
  receive(request: PipelineRequest): void {
    if (request.type === 'ask') this.#asks.push(request)
    else if (request.type === 'tick') this.#tick = request
    else if (request.type === 'close') this.#closing = true
    this.#signalled = true
    this.#wake?.()
    if (request.type === 'ask' || request.type === 'close') this.#calledFor?.()
  }

  /** Runs until `close`; resolves when everything taken is committed. */
  async run(): Promise<void> {
    while (!this.#closing) {
      this.#signalled = false
      const more = await this.#guarded()
      // While there is a backlog, words from the main thread and answers of the store come in too.
      if (more) await this.#breathe()
      // A word that came during the turn may be about something that the turn had passed.
      if (!more && !this.#signalled) await this.#sleep()
    }
    await this.#guarded()
  }

  /** Between two turns of a backlog. */
  async #breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const { writer, feed, storeIsLocal } = this.#parts
    if (!storeIsLocal || !writer.full || this.#asks.length > 0 || this.#closing) return
    const call = new Promise<void>((resolve) => {
      this.#calledFor = resolve
    })
    await Promise.race([feed.room(), call])
    this.#calledFor = null
  }

  /** Until there is a word, or until what has gathered is to be committed. */
  async #sleep(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (!this.#parts.processor.gathered) return
      const left = this.#committedAt + GATHER_MS - performance.now()
      timer = setTimeout(resolve, Math.max(1, Math.ceil(left)))
    })
    clearTimeout(timer)
    this.#wake = null
  }

  /** One turn; after a failure a pause and the stored state again. */
  async #guarded(): Promise<boolean> {
    try {
      return await this.#turn()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#parts.post({ type: 'trouble', where: 'pipeline', message })
      for (const id of this.#inWork)
        this.#parts.post({ type: 'failed', id, message: String(error) })
      this.#inWork.clear()
      this.#answers.length = 0
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      await this.#parts.processor.load()
      return true
    }
  }

  async #turn(): Promise<boolean> {
    const { processor } = this.#parts
    const more = await processor.takeRecords()
    if (!more && this.#tick !== null && processor.cursor >= this.#tick.lastSeq) {
      processor.elapse(this.#tick.now)
      this.#tick = null
    }
    // One by one: where one fails the turn, those behind it wait for the next.
    for (let left = this.#asks.length; left > 0; left--) {
      const ask = this.#asks.shift() as Ask
      this.#inWork.add(ask.id)
      const output = await this.#work(ask)
      if (output !== undefined) this.#answers.push({ id: ask.id, output })
    }
    if (this.#mustCommit()) this.#publish(await this.#commit())
    await this.#prune()
    return more
  }

  /** Whether somebody waits for what has gathered, or it has gathered for long enough. */
  #mustCommit(): boolean {
    const { processor } = this.#parts
    const asked =
      this.#answers.length > 0 || this.#reached.some(({ seq }) => seq <= processor.cursor)
    if (asked || this.#closing || processor.urgent) return true
    return performance.now() - this.#committedAt >= GATHER_MS
  }

  /** Commits what has gathered and hands its readings on to be stored. */
  async #commit(): Promise<Committed | null> {
    const { processor, writer, feed } = this.#parts
    const passed = (performance.now() - this.#committedAt) / GATHER_MS
    const interval = this.#closing ? Number.POSITIVE_INFINITY : Math.min(1, passed)
    const committed = await processor.commit(interval)
    if (committed !== null) {
      this.#committedAt = performance.now()
      writer.offer(committed)
      feed.follow(processor.cursor)
    }
    return committed
  }

  async #work(ask: Ask): Promise<unknown> {
    const { desk } = this.#parts.processor
    const input = <N extends OperationName>(_name: N) => ask.input as Operations[N]['input']
    switch (ask.name) {
      case 'device.create':
        return createDevices(desk, input(ask.name).devices)
      case 'device.update':
        return updateDevice(desk, input(ask.name).id, input(ask.name).patch)
      case 'device.delete':
        return deleteDevice(desk, input(ask.name).id)
      case 'rule.create':
        return createRule(desk, input(ask.name).rule)
      case 'rule.put':
        return putRule(desk, input(ask.name).rule)
      case 'rule.delete':
        return deleteRule(desk, input(ask.name).id)
      case 'rules.all':
        return [...desk.world.rules.values()]
      case 'rules.adopt':
        adoptRules(desk, input(ask.name).rules)
        return null
      case 'case.act':
        return actOnCase(desk, input(ask.name))
      case 'command.send':
        return sendCommand(desk, input(ask.name).command)
      case 'delivery.record':
        return recordDeliveries(desk, input(ask.name).deliveries)
      case 'ledger.shed':
        countShed(desk, input(ask.name).shed)
        return null
      case 'ledger.page':
        return this.#ledger(input(ask.name).day)
      case 'processed':
        // It changes nothing, so no failed commit concerns it.
        this.#inWork.delete(ask.id)
        this.#reached.push({ id: ask.id, seq: input(ask.name).seq })
        return undefined
    }
  }

  /** The page as of the last commit: what this turn has gathered is committed first. */
  async #ledger(day: string) {
    const { processor, writer, journal, state, telemetry } = this.#parts
    this.#publish(await this.#commit())
    const tally = await telemetry.tally(day)
    const unstored = await writer.unstored(tally.cursor)
    return ledgerPage(day, { journal, state, processed: processor.cursor, tally, unstored })
  }

  #publish(committed: Committed | null): void {
    const { post, processor } = this.#parts
    if (committed !== null) {
      countEffects(this.#counters, committed.effects)
      post({
        type: 'committed',
        cursor: processor.cursor,
        releasable: this.#parts.releasable(),
        events: liveEvents(processor.world, committed),
        credentials: credentialChanges(committed),
        commands: [...committed.effects.commands.values()].filter((c) => c.state === 'sent'),
        counters: this.#counters,
      })
    }
    for (const answer of this.#answers.splice(0)) {
      this.#inWork.delete(answer.id)
      post({ type: 'answer', ...answer })
    }
    for (const one of this.#reached.splice(0)) {
      if (one.seq <= processor.cursor) post({ type: 'answer', id: one.id, output: null })
      else this.#reached.push(one)
    }
  }

  /** Every hour, what is too old is let go of, in steps; telemetry by the feed. */
  async #prune(): Promise<void> {
    const { processor, writer, feed, state, retention } = this.#parts
    const { now } = processor.world
    if (now - this.#prunedAt >= PRUNE_EVERY) {
      this.#prunedAt = now
      if (retention.telemetry !== null) feed.prune(now - retention.telemetry)
      this.#pruning = {
        verdictsUpTo: Math.min(this.#writtenThen, processor.statesUpTo),
        seenBefore: now - MAX_AGE - DAY,
        quarantineBefore: now - retention.quarantine,
        deliveriesBefore: now - retention.quarantine,
      }
      this.#writtenThen = writer.cursor
    }
    if (this.#pruning !== null && (await state.prune(this.#pruning))) this.#pruning = null
  }
}
