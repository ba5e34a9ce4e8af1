import type { BrokerMessage, Receiver } from '../broker/port.ts'
import type { Journal } from '../journal/port.ts'
import { AppError } from '../model/errors.ts'
import type { NewRecord } from '../model/record.ts'
import { type Duration, type Instant, utcDay } from '../model/time.ts'
import { deviceTopic } from '../model/topics.ts'
import { RateLimit } from './rate-limit.ts'

/**
 * Between broker and journal: limits, the time of receipt, the append. `done` without an error
 * is the promise: the message is on disk. No payload is looked into here.
 */

/** A device that is too fast waits at most this long before it is refused (real ms). */
const MAX_WAIT = 5_000
/** Bytes waiting for the disk beyond which QoS 0 is dropped: it has no one to answer to. */
const QOS0_PENDING_BYTES = 64 * 1024 * 1024

/** Bytes waiting for the disk beyond which the broker reads no more. */
const CROWDED_BYTES = 8 * 1024 * 1024

/** Rules that made no step for so long stand still, real ms: then the journal takes what comes. */
const STUCK_MS = 30_000

/** Not to have lived for so long means that we did not listen: the machine slept or starved. */
const STOOD_STILL_MS = 1_000

export interface IngestParts {
  readonly journal: Journal
  readonly now: () => Instant
  /** Real milliseconds of a span of that clock. */
  readonly real: (span: Duration) => Duration
  readonly messagesPerSecond: number
  readonly maxJournalBytes: number
  /** Records that may wait for the rules before devices have to. */
  readonly maxBacklog: number
  readonly observe: IngestObserver
}

/** Who counts what is taken and what is not. Called for every message. */
export interface IngestObserver {
  received(channel: string, qos: number): void
  stored(seconds: number): void
  shed(code: string, error: Error | null): void
}

export interface ShedLine {
  readonly day: string
  readonly kind: string
  messages: number
}

export class Ingest implements Receiver {
  readonly #parts: IngestParts
  readonly #limit: RateLimit
  #lastReceivedAt: Instant = 0
  /** Where the two clocks were at the last pulse; 0: there was none. */
  #runningThen = 0
  #clockThen: Instant = 0
  /** When the commit ended that is being answered; 0 between commits. */
  #settledAt = 0
  #shed = new Map<string, ShedLine>()
  readonly #roomListeners: (() => void)[] = []
  /** More waits for the rules than may. */
  #behind = false
  #processed = 0
  #processedAt = 0

  constructor(parts: IngestParts) {
    this.#parts = parts
    this.#limit = new RateLimit(parts.messagesPerSecond)
    parts.journal.onSettled(() => {
      this.#settledAt = 0
      this.#tellRoom()
    })
  }

  /** Takes a device's message; calls back when it is on disk, or with why it is refused. */
  receive(message: BrokerMessage, done: (error: Error | null) => void): void {
    this.#parts.observe.received(message.channel, message.qos)
    const at = performance.now()
    const wait = this.#limit.take(message.deviceId, at, message.qos === 0 ? 0 : MAX_WAIT)
    if (wait === 0) this.#append(message, at, done)
    else if (wait === Number.POSITIVE_INFINITY) {
      this.#refuse(message, new AppError('RATE_EXCEEDED'), done)
    } else {
      const kept = { ...message, payload: Buffer.from(message.payload) }
      setTimeout(() => this.#append(kept, performance.now(), done), wait)
    }
  }

  get crowded(): boolean {
    return this.#behind || this.#parts.journal.pendingBytes > CROWDED_BYTES
  }

  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener)
  }

  /**
   * The rules have come to here. Where too much waits for them, acknowledgements become as slow as
   * they are; where they stand still, which is no matter of speed, the journal goes on taking.
   */
  follow(processed: number): void {
    const at = performance.now()
    if (processed !== this.#processed) this.#processedAt = at
    this.#processed = processed
    const waiting = this.#parts.journal.lastSeq - processed
    const stuck = at - this.#processedAt > STUCK_MS
    this.#behind = waiting > this.#parts.maxBacklog && !stuck
    this.#tellRoom()
  }

  #tellRoom(): void {
    for (const listener of this.#roomListeners) if (!this.crowded) listener()
  }

  /** The broker saw a device come or go. */
  presence(kind: string, deviceId: string, connected: boolean): void {
    if (!connected) this.#limit.forget(deviceId)
    const payload = Buffer.from(connected ? 'connected' : 'disconnected')
    this.append('presence', deviceTopic(kind, deviceId, 'status'), payload, () => {})
  }

  /**
   * Before a record after a standstill (a suspended machine, a clock set forward) goes the mark of
   * it: else its time of receipt would make every device that was not heard meanwhile silent.
   */
  notePulse(): void {
    this.#pulse(performance.now(), this.#parts.now())
  }

  /** Appends a record of our own; the error is the journal's. */
  append(
    type: NewRecord['type'],
    topic: string,
    payload: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    if (type !== 'mark') this.notePulse()
    const receivedAt = this.#receivedAt(this.#parts.now())
    this.#parts.journal.append({ type, receivedAt, topic, payload }, done)
  }

  /** What was shed since the last call, to be entered into the ledger. */
  takeShed(): ShedLine[] {
    const shed = [...this.#shed.values()]
    this.#shed = new Map()
    return shed
  }

  /** Takes back what could not be entered: it is reported again with the next. */
  restoreShed(lines: readonly ShedLine[]): void {
    for (const { day, kind, messages } of lines) this.#countShed(day, kind, messages)
  }

  /**
   * Once for every message of the city. The answer keeps no part of the message but its names, so
   * that what waits for the disk is in the journal's buffer alone.
   */
  #append(message: BrokerMessage, at: number, done: (error: Error | null) => void): void {
    const { journal, maxJournalBytes, observe } = this.#parts
    const { kind, channel, topic, payload } = message
    const full = journal.storedBytes > maxJournalBytes
    const crowded = message.qos === 0 && journal.pendingBytes > QOS0_PENDING_BYTES
    if (full || crowded) {
      this.#refuse(message, new AppError('OVERLOADED'), done)
      return
    }
    const clock = this.#parts.now()
    this.#pulse(at, clock)
    const receivedAt = this.#receivedAt(clock)
    journal.append({ type: channel, receivedAt, topic, payload, kind }, (error) => {
      if (error !== null) {
        const failure = new AppError('JOURNAL_UNAVAILABLE', error.message)
        this.#refuse({ channel, kind }, failure, done)
        return
      }
      if (this.#settledAt === 0) this.#settledAt = performance.now()
      observe.stored((this.#settledAt - at) / 1000)
      done(null)
    })
  }

  #pulse(running: number, clock: Instant): void {
    const passed = Math.max(running - this.#runningThen, this.#parts.real(clock - this.#clockThen))
    const first = this.#runningThen === 0
    this.#runningThen = running
    this.#clockThen = clock
    if (passed > STOOD_STILL_MS && !first) this.append('mark', '', Buffer.from('resumed'), () => {})
  }

  #refuse(
    message: Pick<BrokerMessage, 'channel' | 'kind'>,
    error: AppError,
    done: (error: Error | null) => void,
  ): void {
    this.#parts.observe.shed(error.code, error)
    if (message.channel === 'telemetry') {
      this.#countShed(utcDay(this.#parts.now()), message.kind, 1)
    }
    done(error)
  }

  #countShed(day: string, kind: string, messages: number): void {
    const key = `${day}\n${kind}`
    const line = this.#shed.get(key) ?? { day, kind, messages: 0 }
    line.messages += messages
    this.#shed.set(key, line)
  }

  /** Times of receipt never go back, whatever the system's clock does. */
  #receivedAt(now: Instant): Instant {
    if (now > this.#lastReceivedAt) this.#lastReceivedAt = now
    return this.#lastReceivedAt
  }
}
