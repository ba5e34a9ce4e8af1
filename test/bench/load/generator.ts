import { Connection, type Listener } from './connection.ts'
import { Histogram } from './histogram.ts'
import type { LoadPlan, LoadReply, LoadResult, Run, Second } from './protocol.ts'
import { Schedule } from './schedule.ts'

/** Connections being opened at one time. */
const OPENING = 64
/**
 * Connections of one source address, below the number of ports that the system gives. The first
 * ones name none: to look for a free port of a named address takes the system milliseconds.
 */
const PER_ADDRESS = 20_000
/** How long answers are waited for after the last message, in ms. */
const DRAIN_MS = 60_000

type Phase = 'connecting' | 'ready' | 'sending' | 'draining'

/** Connects all devices, sends what the plan says, and counts the answers. */
export class Generator implements Listener {
  readonly #plan: LoadPlan
  readonly #tell: (reply: LoadReply) => void
  readonly #connections: Connection[] = []
  readonly #fromSend = new Histogram()
  readonly #fromDue = new Histogram()
  readonly #late = new Histogram()
  readonly #second = new Histogram()
  #each: Second[] = []
  #run: Run = { seconds: 0, rate: null }
  #phase: Phase = 'connecting'
  #opening = 0
  #refused = 0
  #lost = 0
  #acked = 0
  #start = 0
  /** From the running clock to the wall clock. */
  readonly #toWall = Date.now() - performance.now()
  #cpu = 0
  #schedule: Schedule | null = null
  /** Room in a window before it is filled again: one write for a few messages. */
  readonly #burst: number
  #timers: NodeJS.Timeout[] = []

  constructor(plan: LoadPlan, tell: (reply: LoadReply) => void) {
    this.#plan = plan
    this.#tell = tell
    this.#burst = Math.max(1, plan.window >> 2)
  }

  connect(): void {
    this.#start = performance.now()
    for (let i = 0; i < OPENING; i++) this.#openNext()
  }

  go(run: Run): void {
    this.#run = run
    this.#reset()
    this.#phase = 'sending'
    this.#timers = [
      setInterval(() => this.#closeSecond(), 1000),
      setTimeout(() => this.stop(), run.seconds * 1000),
    ]
    this.#cpu = cpuSeconds()
    this.#start = performance.now()
    if (run.rate === null) for (const one of this.#connections) this.turned(one)
    else {
      this.#schedule = new Schedule(this.#start, run.rate, this.#connections.length)
      this.#tick()
    }
  }

  /** Sends no more; waits for the answers that are still to come. */
  stop(): void {
    if (this.#phase !== 'sending') return
    this.#phase = 'draining'
    for (const timer of this.#timers) clearInterval(timer)
    const ended = performance.now()
    const sent = { ms: ended - this.#start, acked: this.#acked, cpu: cpuSeconds() - this.#cpu }
    const look = () => {
      const answered = this.#connections.every((one) => !one.open || one.settled === one.sent)
      if (answered || performance.now() - ended > DRAIN_MS) this.#finish(sent)
      else setTimeout(look, 2)
    }
    look()
  }

  opened(accepted: boolean): void {
    this.#opening--
    if (!accepted) this.#refused++
    this.#openNext()
    if (this.#opening > 0 || this.#phase !== 'connecting') return
    this.#phase = 'ready'
    const { length } = this.#connections
    this.#tell({
      type: 'connected',
      connections: length - this.#refused,
      refused: this.#refused,
      ms: performance.now() - this.#start,
    })
  }

  acked(sentAt: number, dueAt: number): void {
    const now = performance.now()
    this.#acked++
    this.#second.record(now - sentAt)
    this.#fromSend.record(now - sentAt)
    if (this.#schedule !== null) this.#fromDue.record(now - dueAt)
  }

  turned(connection: Connection): void {
    if (this.#phase !== 'sending') return
    const now = performance.now()
    if (this.#schedule !== null) this.#sendDue(connection, now)
    else if (connection.free >= this.#burst) {
      connection.send(connection.free, now, Math.floor(now + this.#toWall), () => now)
    }
  }

  closed(connection: Connection): void {
    if (!connection.answered) this.opened(false)
    this.#lost++
    if (this.#lost === this.#connections.length) this.stop()
  }

  #reset(): void {
    for (const one of [this.#fromSend, this.#fromDue, this.#late, this.#second]) one.reset()
    for (const one of this.#connections) one.base = one.sent
    this.#acked = 0
    this.#each = []
    this.#schedule = null
  }

  #openNext(): void {
    const place = this.#connections.length
    const device = this.#plan.devices[place]
    if (device === undefined) return
    const { port, window, firstSeq } = this.#plan
    const address = Math.floor(place / PER_ADDRESS)
    const localAddress = address === 0 ? null : `127.0.0.${1 + address}`
    this.#opening++
    const options = { place, port, window, firstSeq, localAddress }
    this.#connections.push(new Connection(device, options, this))
  }

  #tick(): void {
    if (this.#phase !== 'sending' || this.#schedule === null) return
    const now = performance.now()
    const { from, places } = this.#schedule.advance(now)
    const all = this.#connections
    for (let i = 0; i < places; i++) {
      this.#sendDue(all[(from + i) % all.length] as Connection, now)
    }
    setTimeout(() => this.#tick(), 1)
  }

  #sendDue(connection: Connection, now: number): void {
    const schedule = this.#schedule as Schedule
    const { place } = connection
    const count = Math.min(
      connection.free,
      schedule.dueOf(place) - (connection.sent - connection.base),
    )
    if (count <= 0) return
    connection.send(count, now, Math.floor(now + this.#toWall), (n) => {
      const due = schedule.at(place, n)
      this.#late.record(now - due)
      return due
    })
  }

  #closeSecond(): void {
    const acked = this.#second.count
    const second = { acked, latency: this.#second.summary() }
    this.#second.reset()
    this.#each.push(second)
    this.#tell({ type: 'second', n: this.#each.length, ...second })
  }

  #finish(sending: { ms: number; acked: number; cpu: number }): void {
    this.#phase = 'ready'
    const sent = this.#connections.reduce((sum, one) => sum + one.sent - one.base, 0)
    const schedule = this.#schedule
    const isOpenLoop = schedule !== null
    const result: LoadResult = {
      seconds: sending.ms / 1000,
      acked: sending.acked,
      perSecond: (sending.acked * 1000) / sending.ms,
      sent,
      unsent: isOpenLoop ? Math.max(0, schedule.due - sent) : 0,
      unacked: sent - this.#acked,
      lost: this.#lost,
      fromSend: this.#fromSend.summary(),
      fromDue: isOpenLoop ? this.#fromDue.summary() : null,
      late: isOpenLoop ? this.#late.summary() : null,
      cpu: sending.cpu,
      each: this.#each,
      dumped: this.#run.dump === true ? this.#connections.map((one) => one.acknowledged()) : null,
    }
    this.#tell({ type: 'result', ...result })
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
