import type { Fields } from '../src/model/reading.ts'
import type { Random, World } from '../src/model/simulation.ts'
import { type Duration, type Instant, isoUtc } from '../src/model/time.ts'
import { deviceTopic } from '../src/model/topics.ts'
import { answer } from './command.ts'
import type { FaultLine } from './fault-line.ts'
import type { Dial, Link } from './link.ts'
import { Outbox, type Packet } from './outbox.ts'
import type { Source } from './source.ts'
import type { FleetStats } from './stats.ts'

/**
 * One virtual device: its source makes readings, its fault line loses or delays them, its outbox
 * keeps them until the broker's PUBACK, its link carries them. It has no timer: the fleet moves it.
 */

/** What the fleet knows at a moment; shared by all devices. */
export interface Moment {
  /** Simulated milliseconds since the scenario's start. */
  readonly now: Duration
  worldAt(at: Duration): World
  /** The service's time at a simulated moment. */
  instantOf(at: Duration): Instant
}

export interface DeviceParts {
  readonly id: string
  readonly kind: string
  readonly secret: string
  readonly source: Source
  readonly faults: FaultLine<string>
  readonly random: Random
  readonly stats: FleetStats
}

/** Waiting before the n-th attempt to reconnect: up to 1 s, 2 s, 4 s ... 30 s real time. */
const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 30_000

export class VirtualDevice {
  readonly #parts: DeviceParts
  readonly #outbox = new Outbox()
  #link: Link | null = null
  #online = false
  #attempts = 0
  #dialAt = 0
  #sequence = 0
  #lastInstant: Instant = -Infinity
  /** Simulated moment at which it wakes after a power failure. */
  #deadUntil: Duration = -Infinity
  #clockLost = false

  constructor(parts: DeviceParts) {
    this.#parts = parts
  }

  /** True where nothing will come any more and everything is acknowledged. */
  get isFinished(): boolean {
    const { source, faults } = this.#parts
    return source.dueAt === Infinity && faults.isEmpty && this.#outbox.isEmpty
  }

  get id(): string {
    return this.#parts.id
  }

  /** People came and mended what it watches. */
  mend(): void {
    this.#parts.source.mend()
  }

  /** Lives up to this moment. */
  advance(moment: Moment): void {
    const { source } = this.#parts
    while (source.dueAt <= moment.now) {
      const at = source.dueAt
      const fields = source.advance(moment.worldAt(at))
      if (fields !== null && at >= this.#deadUntil) this.#report(fields, at, moment.instantOf(at))
    }
    for (const reading of this.#parts.faults.release(moment.now)) {
      this.#parts.stats.overflowed += this.#outbox.keep(reading)
      this.#flush()
    }
  }

  /** True where it has no link and its waiting is over. */
  wantsToDial(moment: Moment, realMs: number): boolean {
    return this.#link === null && realMs >= this.#dialAt && moment.now >= this.#deadUntil
  }

  dial(dial: Dial, realMs: () => number, serviceNow: () => Instant): void {
    const { id, kind, secret, stats } = this.#parts
    const identity = {
      id,
      secret,
      statusTopic: this.#topic('status'),
      commandTopic: this.#topic('command'),
    }
    this.#link = dial(identity, {
      online: () => this.#cameOnline(),
      lost: (reason) => {
        stats.lost++
        stats.lastLoss = reason
        this.#wentOffline()
        this.#dialAt = realMs() + this.#backoff()
      },
      received: (payload) => {
        const reply = answer(payload, serviceNow())
        if (reply === null) return
        stats.commands++
        this.#link?.publish(deviceTopic(kind, id, 'reply'), JSON.stringify(reply), () => {})
      },
    })
  }

  /** Says `offline` and disconnects; waits for what is in flight. */
  async stop(): Promise<void> {
    const link = this.#link
    if (link === null) return
    if (this.#online) link.publishRetained(this.#topic('status'), 'offline')
    if (this.#online) await link.close()
    this.cut()
  }

  /** Ends the connection at once, without DISCONNECT. */
  cut(): void {
    this.#link?.cut()
    this.#wentOffline()
  }

  #report(fields: Fields, at: Duration, instant: Instant): void {
    const { faults, stats } = this.#parts
    const dead = faults.powerFailure()
    if (dead !== null) {
      this.#losePower(at + dead)
      return
    }
    // Two readings never share a timestamp, however fast time runs.
    this.#lastInstant = Math.max(this.#lastInstant + 1, instant)
    const ts = this.#clockLost ? {} : { ts: isoUtc(this.#lastInstant + faults.skew) }
    this.#clockLost = false
    stats.readings++
    const message = JSON.stringify({ ...ts, seq: this.#sequence++, ...fields })
    if (!faults.push(message, at)) stats.dropped++
  }

  #losePower(until: Duration): void {
    const { faults, stats } = this.#parts
    stats.reboots++
    this.cut()
    stats.dropped += this.#outbox.clear() + faults.clear()
    this.#deadUntil = until
    this.#sequence = 0
    this.#clockLost = true
  }

  #cameOnline(): void {
    const { stats } = this.#parts
    this.#online = true
    this.#attempts = 0
    stats.connected++
    this.#link?.publishRetained(this.#topic('status'), 'online')
    for (const packet of this.#outbox.unacknowledged) {
      stats.resent++
      this.#publish(packet)
    }
    this.#flush()
  }

  #wentOffline(): void {
    const { stats } = this.#parts
    if (this.#online) {
      stats.connected--
      stats.inFlight -= this.#outbox.unacknowledged.length
    }
    this.#online = false
    this.#link = null
  }

  #flush(): void {
    if (!this.#online) return
    for (let packet = this.#outbox.next(); packet !== null; packet = this.#outbox.next()) {
      this.#publish(packet)
    }
  }

  #publish(packet: Packet): void {
    const { stats } = this.#parts
    stats.sent++
    stats.inFlight++
    this.#link?.publish(this.#topic('telemetry'), packet.payload, () => {
      if (!this.#outbox.acknowledge(packet)) return
      stats.acked++
      stats.inFlight--
      this.#flush()
    })
  }

  #topic(channel: 'telemetry' | 'status' | 'command'): string {
    return deviceTopic(this.#parts.kind, this.#parts.id, channel)
  }

  /** Real milliseconds: doubles with every attempt, with a jitter of half of it. */
  #backoff(): number {
    const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#attempts++)
    return this.#parts.random.between(longest / 2, longest)
  }
}
