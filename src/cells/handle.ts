import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { LiveEvent } from '../processor/protocol.ts'
import {
  type CellCall,
  type CellCalls,
  type CellMessage,
  errorOf,
  type FrontMessage,
} from './protocol.ts'

/**
 * The front's end of one cell: a child process that is asked and answers, is given connections,
 * tells what happens in it. It ends with us, whatever ends us: its channel closes.
 */
interface Events {
  events: [readonly LiveEvent[]]
  /** It ended by itself: its devices are not served any more. */
  died: [Error]
}

/** A cell that was not heard for so long is not well (real ms). */
const UNHEARD_MS = 5_000

interface Waiting {
  readonly resolve: (output: never) => void
  readonly reject: (error: Error) => void
}

interface Gift {
  readonly socket: Socket
  readonly head: Buffer
  readonly remote: string | null
}

export class CellHandle extends EventEmitter<Events> {
  readonly cell: number
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<void>
  #nextId = 1
  /** The system takes one socket after the other; words go in between. */
  readonly #gifts: Gift[] = []
  #giving = false
  #state: { troubles: string[]; warnings: string[] } = { troubles: [], warnings: [] }
  #heardAt = performance.now()
  #cause: string | null = null
  #closing = false

  constructor(cell: number, program: URL) {
    super()
    this.cell = cell
    this.#child = fork(program, [], { serialization: 'advanced' })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.on('message', (message) => this.#receive(message as CellMessage))
    this.#child.on('error', (error) => this.#die(error.message))
    this.#child.on('exit', (code, signal) => this.#die(`it ended with ${signal ?? code}`))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get troubles(): string[] {
    const silentS = Math.floor((performance.now() - this.#heardAt) / 1000)
    const unheard = silentS * 1000 > UNHEARD_MS ? [`not heard for ${silentS} s`] : []
    return [...unheard, ...this.#state.troubles].map((one) => this.#named(one))
  }

  get warnings(): string[] {
    return this.#state.warnings.map((one) => this.#named(one))
  }

  call<C extends CellCall>(call: C, input: CellCalls[C]['input']): Promise<CellCalls[C]['output']> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error(this.#named('it has ended')))
        return
      }
      this.#waiting.set(id, { resolve, reject })
      this.#send({ type: 'call', id, call, input })
    })
  }

  /** Gives it a connection, with what was read of it. */
  give(gift: Gift): void {
    this.#gifts.push(gift)
    if (!this.#giving) this.#giveNext()
  }

  /** Lets it end; resolves when it has. */
  async close(): Promise<void> {
    this.#closing = true
    for (const { socket } of this.#gifts.splice(0)) socket.destroy()
    await this.call('close', null)
    await this.#exited
  }

  #giveNext(): void {
    const gift = this.#gifts.shift()
    this.#giving = gift !== undefined
    if (gift === undefined) return
    const { socket, head, remote } = gift
    this.#send({ type: 'connection', head, remote }, socket)
  }

  #send(message: FrontMessage, socket?: Socket): void {
    // What cannot be sent any more is answered by the end of the process.
    this.#child.send(message, socket, { keepOpen: false }, () => {})
  }

  #receive(message: CellMessage): void {
    this.#heardAt = performance.now()
    if (message.type === 'answer') this.#settle(message.id)?.resolve(message.output as never)
    else if (message.type === 'failed') this.#settle(message.id)?.reject(errorOf(message.error))
    else if (message.type === 'taken') this.#giveNext()
    else if (message.type === 'events') this.emit('events', message.events)
    else if (message.type === 'state') this.#state = message
    else this.#cause = message.message
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #die(message: string): void {
    const error = new Error(this.#named(this.#cause ?? message))
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    if (!this.#closing) this.emit('died', error)
    this.#closing = true
  }

  #named(text: string): string {
    return `cell ${this.cell}: ${text}`
  }
}
