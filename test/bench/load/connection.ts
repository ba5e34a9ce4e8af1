import { connect, type Socket } from 'node:net'
import { encodeConnect, encodeSlots, patch, type Slots } from './packets.ts'
import type { Acked, LoadDevice } from './protocol.ts'

/**
 * One device of the load: a plain socket, a ring of encoded packets, a scanner for the four bytes
 * of an acknowledgement. It decides nothing: it sends when it is told to.
 */
export interface Listener {
  /** The connection was accepted, or was not. */
  opened(accepted: boolean): void
  /** A message was acknowledged: when it was sent, and when it had been due. */
  acked(sentAt: number, dueAt: number): void
  /** Everything that came in one piece was looked at. */
  turned(connection: Connection): void
  closed(connection: Connection): void
}

/** All sockets read into the same piece of memory: it is looked through before the next read. */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024)

const PUBACK = 0x40
const CONNACK = 0x20

export class Connection {
  readonly device: LoadDevice
  /** Its number among all. */
  readonly place: number
  /** Messages sent, and those at the head of the ring that have their answer. */
  sent = 0
  settled = 0
  /** Messages sent before this run. */
  base = 0
  open = false
  /** Whether its request to connect has an answer. */
  answered = false
  readonly #listener: Listener
  readonly #window: number
  readonly #firstSeq: number
  readonly #socket: Socket
  readonly #slots: Slots
  readonly #sentAt: Float64Array
  readonly #dueAt: Float64Array
  /** 1: waits for its answer. */
  readonly #waiting: Uint8Array
  #lastTs = 0
  readonly #carry = new Uint8Array(132)
  #carried = 0

  constructor(
    device: LoadDevice,
    options: {
      place: number
      port: number
      window: number
      firstSeq: number
      localAddress: string | null
    },
    listener: Listener,
  ) {
    this.device = device
    this.place = options.place
    this.#listener = listener
    this.#window = options.window
    this.#firstSeq = options.firstSeq
    this.#slots = encodeSlots(device, options.window)
    this.#sentAt = new Float64Array(options.window)
    this.#dueAt = new Float64Array(options.window)
    this.#waiting = new Uint8Array(options.window)
    this.#socket = connect({
      port: options.port,
      host: '127.0.0.1',
      ...(options.localAddress === null ? {} : { localAddress: options.localAddress }),
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (length) => this.#read(length) },
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#close())
    this.#socket.write(encodeConnect(device))
  }

  get free(): number {
    return this.open ? this.#window - (this.sent - this.settled) : 0
  }

  /**
   * Sends so many messages, which must be free. A reading is of the time of its sending; a device
   * that sends more than one in a millisecond counts on, since a moment has one reading.
   */
  send(count: number, now: number, wall: number, due: (n: number) => number): void {
    const from = this.sent % this.#window
    for (let i = 0; i < count; i++) {
      const slot = (from + i) % this.#window
      this.#lastTs = Math.max(this.#lastTs + 1, wall)
      patch(this.#slots, slot, this.#lastTs, this.#firstSeq + this.sent)
      this.#sentAt[slot] = now
      this.#dueAt[slot] = due(this.sent - this.base)
      this.#waiting[slot] = 1
      this.sent++
    }
    const end = from + count
    if (end <= this.#window) this.#write(from, end)
    else {
      this.#socket.cork()
      this.#write(from, this.#window)
      this.#write(0, end - this.#window)
      this.#socket.uncork()
    }
  }

  acknowledged(): Acked {
    const beyond: number[] = []
    for (let n = this.settled; n < this.sent; n++) {
      if (this.#waiting[n % this.#window] === 0) beyond.push(this.#firstSeq + n)
    }
    const { id, kind } = this.device
    return { id, kind, first: this.#firstSeq, upTo: this.#firstSeq + this.settled - 1, beyond }
  }

  #write(from: number, to: number): void {
    const { bytes, starts } = this.#slots
    this.#socket.write(bytes.subarray(starts[from], starts[to]))
  }

  #read(length: number): boolean {
    for (let i = 0; i < length; ) {
      // Nearly always: a whole acknowledgement.
      if (this.#carried === 0 && READ_BUFFER[i] === PUBACK && i + 4 <= length) {
        this.#acked(((READ_BUFFER[i + 2] as number) << 8) | (READ_BUFFER[i + 3] as number))
        i += 4
      } else this.#collect(READ_BUFFER[i++] as number)
    }
    this.#listener.turned(this)
    return true
  }

  /** A frame in pieces, byte by byte; the answers to a publisher have one byte of length. */
  #collect(byte: number): void {
    const carry = this.#carry
    carry[this.#carried++] = byte
    if (this.#carried < 2 || this.#carried < 2 + (carry[1] as number)) return
    this.#carried = 0
    const type = (carry[0] as number) & 0xf0
    if (type === PUBACK) this.#acked(((carry[2] as number) << 8) | (carry[3] as number))
    else if (type === CONNACK) {
      this.answered = true
      this.open = carry[3] === 0
      this.#listener.opened(this.open)
    } else throw new Error(`a packet that nobody asked for: type ${type >> 4}`)
  }

  #acked(packetId: number): void {
    const slot = packetId - 1
    if (this.#waiting[slot] !== 1) throw new Error(`${packetId} acknowledged, but not sent`)
    this.#waiting[slot] = 0
    this.#listener.acked(this.#sentAt[slot] as number, this.#dueAt[slot] as number)
    while (this.settled < this.sent && this.#waiting[this.settled % this.#window] === 0) {
      this.settled++
    }
  }

  #close(): void {
    this.open = false
    this.#listener.closed(this)
  }
}
