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

/** Not to have lived for so long means that we did not listen: the machine slept or starved. */
const STOOD_STILL_MS = 1_000

export interface IngestParts {
  readonly journal: Journal
  readonly now: () => Instant
  /** Real milliseconds of a span of that clock. */
  readonly real: (span: Duration) => Duration
  readonly messagesPerSecond: number
  readonly maxJournalBytes: number
  readonly observe: IngestObserver
}

/** Who counts what is taken and what is not. */
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
  #pulse: { running: number; clock: Instant } | null = null
  #shed = new Map<string, ShedLine>()

  constructor(parts: IngestParts) {
    this.#parts = parts
    this.#limit = new RateLimit(parts.messagesPerSecond)
  }

  /** Takes a device's message; calls back when it is on disk, or with why it is refused. */
  receive(message: BrokerMessage, done: (error: Error | null) => void): void {
    const { observe } = this.#parts
    observe.received(message.channel, message.qos)
    const wait = this.#limit.take(
      message.deviceId,
      performance.now(),
      message.qos === 0 ? 0 : MAX_WAIT,
    )
    if (wait === Number.POSITIVE_INFINITY)
      this.#refuse(message, new AppError('RATE_EXCEEDED'), done)
    else if (wait > 0) setTimeout(() => this.#append(message, done), wait)
    else this.#append(message, done)
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
    const before = this.#pulse
    const { now, real } = this.#parts
    this.#pulse = { running: performance.now(), clock: now() }
    if (before === null) return
    const passed = Math.max(
      this.#pulse.running - before.running,
      real(this.#pulse.clock - before.clock),
    )
    if (passed > STOOD_STILL_MS) this.append('mark', '', Buffer.from('resumed'), () => {})
  }

  /** Appends a record of our own; the error is the journal's. */
  append(
    type: NewRecord['type'],
    topic: string,
    payload: Uint8Array,
    done: (error: Error | null) => void,
  ): void {
    if (type !== 'mark') this.notePulse()
    this.#parts.journal.append({ type, receivedAt: this.#receivedAt(), topic, payload }, done)
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

  #append(message: BrokerMessage, done: (error: Error | null) => void): void {
    const { journal, maxJournalBytes, observe } = this.#parts
    const full = journal.storedBytes > maxJournalBytes
    const crowded = message.qos === 0 && journal.pendingBytes > QOS0_PENDING_BYTES
    if (full || crowded) {
      this.#refuse(message, new AppError('OVERLOADED'), done)
      return
    }
    const began = performance.now()
    this.append(message.channel, message.topic, message.payload, (error) => {
      if (error !== null) {
        this.#refuse(message, new AppError('JOURNAL_UNAVAILABLE', error.message), done)
        return
      }
      observe.stored((performance.now() - began) / 1000)
      done(null)
    })
  }

  #refuse(message: BrokerMessage, error: AppError, done: (error: Error | null) => void): void {
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
  #receivedAt(): Instant {
    this.#lastReceivedAt = Math.max(this.#lastReceivedAt, this.#parts.now())
    return this.#lastReceivedAt
  }
}
