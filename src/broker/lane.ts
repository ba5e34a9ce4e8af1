import { Duplex } from 'node:stream'
import { Acknowledgements } from './acknowledgements.ts'
import { type Cut, FrameCutter } from './frames.ts'
import type { LaneGroup } from './lane-group.ts'
import type { BrokerMessage } from './port.ts'

/**
 * The express lane of one connection: a stream between the device's socket and aedes. Telemetry
 * of a device that aedes has let in goes from here straight to the receiver, and is acknowledged
 * from here when the receiver says so; every other packet goes to aedes, untouched.
 *
 * Order holds by one rule: either the receiver is at work for this connection or aedes is, never
 * both. A packet for aedes waits until all telemetry before it is answered; telemetry waits until
 * aedes asks for more, which it does when it is done with what it has. So a DISCONNECT ends the
 * connection after the acknowledgements of what came before it. What has to wait stays here, and
 * the socket is not read meanwhile (docs/adr/0013).
 */
export interface LaneOptions {
  /** The device's connection: TCP, TLS or WebSocket. */
  readonly socket: Duplex
  /** The address that it comes from. */
  readonly remote: string | null
  readonly group: LaneGroup<Lane>
}

/** A device whose telemetry the lane takes. */
export interface Line {
  /** What all its messages have in common. */
  readonly common: Pick<BrokerMessage, 'kind' | 'deviceId' | 'channel' | 'topic'>
  /** The device was heard: the time of its keepalive begins anew. */
  heard(): void
  /** Calls back when what was written has gone out; ends a connection that takes nothing. */
  whenDrained(done: () => void): void
}

/** Bytes of one connection that may wait for their answer. */
const UNANSWERED_BYTES = 256 * 1024
/** When a link broke, what had come before is worked off within this time, or never (real ms). */
const WORK_OFF_MS = 10_000

/** PUBLISH that is not retained: type, DUP, QoS, RETAIN. */
const QOS0 = 0b0011_0000
const QOS1 = 0b0011_0010
const QOS1_AGAIN = 0b0011_1010

const NO_TOPIC = Buffer.alloc(0)

/** A socket's lane. The listeners below are the same for all sockets, which costs each less. */
const LANE = Symbol('lane')
type LaneSocket = Duplex & { [LANE]?: Lane }

export class Lane extends Duplex {
  readonly remote: string | null
  readonly #socket: Duplex
  readonly #group: LaneGroup<Lane>
  readonly #cutter: FrameCutter
  #line: Line | null = null
  /** The line's topic as a packet has it: length, then text. */
  #topic: Buffer = NO_TOPIC
  /** `frame`: the cutter has found one that is still to be taken. */
  #found: Cut = 'more'
  /** The first packet goes to aedes whatever it is; the rest waits until that was accepted. */
  #greeted = false
  #accepted = false
  /** aedes is done with what it was given. */
  #aedesAsks = false
  readonly #acknowledgements = new Acknowledgements()
  /** Messages that the receiver has and did not answer. */
  #unanswered = 0
  #unansweredBytes = 0
  #inGroup = false
  /** The device does not take its acknowledgements. */
  #choked = false
  #reading = true
  #over: { readonly error: Error | null } | null = null
  #ended = false
  #workOff: NodeJS.Timeout | null = null

  constructor({ socket, remote, group }: LaneOptions) {
    // 0: nothing is asked for ahead, so that `_read` means that aedes is done.
    super({ readableHighWaterMark: 0 })
    this.remote = remote
    this.#socket = socket
    this.#group = group
    this.#cutter = new FrameCutter(group.packetBytes)
    ;(socket as LaneSocket)[LANE] = this
    socket.on('data', onData)
    socket.on('end', onOver)
    socket.on('error', onOver)
    socket.on('close', onOver)
    this.on('close', onClosed)
    group.join(this)
  }

  /** Bytes of the socket came. */
  received(chunk: Buffer): void {
    this.#cutter.add(chunk)
    this.advance()
  }

  /** What came before is worked off first: a DISCONNECT may be in it, and then no will is due. */
  socketIsOver(error: Error | null): void {
    if (this.destroyed) return
    this.#over = { error: error ?? this.#over?.error ?? null }
    this.advance()
    if (this.#ended || this.destroyed) return
    this.#workOff ??= setTimeout(() => this.destroy(), WORK_OFF_MS).unref()
  }

  isClosed(): void {
    this.#group.leave(this)
  }

  /** aedes has let the device in; `null`: all that it sends is for aedes. */
  accept(line: Line | null): void {
    this.#accepted = true
    this.#line = line
    if (line !== null) this.#topic = withLength(line.common.topic)
    this.advance()
  }

  /** From now on all is for aedes. */
  takeNoMore(): void {
    this.#line = null
  }

  settle(): void {
    this.#inGroup = false
    if (this.destroyed) return
    this.#acknowledge()
    this.advance()
  }

  /** Takes one frame after the other, until there is none or one has to wait. */
  advance(): void {
    const held = this.#takeFrames()
    if (this.destroyed) return
    if (!held && this.#over !== null) this.#end(this.#over.error)
    if (held !== this.#reading) return
    this.#reading = !held
    if (held) this.#socket.pause()
    else this.#socket.resume()
  }

  override _read(): void {
    this.#aedesAsks = true
    this.advance()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const socket = this.#socket
    if (!socket.writable || socket.write(chunk)) done()
    else onceDrained(socket, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#workOff !== null) clearTimeout(this.#workOff)
    this.#group.forget(this)
    this.#socket.destroy()
    done(error)
  }

  /** True when a frame has to wait. */
  #takeFrames(): boolean {
    let heard = false
    let held = false
    while (!held && !this.destroyed) {
      if (this.#found === 'more') this.#found = this.#cutter.next()
      if (this.#found === 'more') break
      if (this.#found === 'refused') held = !this.#refuse()
      else if (!this.#isTelemetry()) held = !this.#handOver()
      else if (this.#give()) heard = true
      else held = true
    }
    if (heard) this.#line?.heard()
    return held
  }

  /** Ends the connection when all before is answered; false: not now. */
  #refuse(): boolean {
    if (!this.#aedesAsks || this.#unanswered > 0) return false
    this.#group.tooLarge(this)
    this.destroy()
    return true
  }

  /** Whether the frame is a message of the line that the lane understands whole. */
  #isTelemetry(): boolean {
    if (this.#line === null) return false
    const { bytes, start, body, end } = this.#cutter
    const first = bytes[start]
    if (first !== QOS1 && first !== QOS0 && first !== QOS1_AGAIN) return false
    const topic = this.#topic
    const after = body + topic.length
    if (after + (first === QOS0 ? 0 : 2) > end) return false
    for (let i = 0; i < topic.length; i++) if (bytes[body + i] !== topic[i]) return false
    // [MQTT-2.3.1-1] wants an id that is not 0: aedes' side says so to the device.
    return first === QOS0 || bytes.readUInt16BE(after) !== 0
  }

  /** Gives aedes the frame, with those for aedes that lie right behind it; false: not now. */
  #handOver(): boolean {
    if (!this.#aedesAsks || this.#unanswered > 0) return false
    if (this.#greeted && !this.#accepted) return false
    const cutter = this.#cutter
    const { bytes, start } = cutter
    let { end } = cutter
    this.#found = 'more'
    while (this.#accepted) {
      this.#found = cutter.next()
      if (this.#found !== 'frame' || cutter.bytes !== bytes || this.#isTelemetry()) break
      end = cutter.end
    }
    this.#greeted = true
    this.#aedesAsks = false
    this.push(bytes.subarray(start, end))
    return true
  }

  /** Gives the receiver the frame's message; false: not now. */
  #give(): boolean {
    if (!this.#aedesAsks || this.#choked || this.#unansweredBytes >= UNANSWERED_BYTES) return false
    if (this.#group.receiver.crowded) {
      this.#group.waitForRoom(this)
      return false
    }
    const { bytes, start, body, end } = this.#cutter
    const { kind, deviceId, channel, topic } = (this.#line as Line).common
    const qos = bytes[start] === QOS0 ? 0 : 1
    const after = body + this.#topic.length
    const id = qos === 0 ? 0 : bytes.readUInt16BE(after)
    const payload = bytes.subarray(qos === 0 ? after : after + 2, end)
    const number = this.#acknowledgements.begin()
    this.#found = 'more'
    this.#unanswered++
    this.#unansweredBytes += end - start
    this.#group.receiver.receive({ kind, deviceId, channel, topic, payload, qos }, (error) => {
      this.#unansweredBytes -= end - start
      this.#answer(number, id, error)
    })
    return true
  }

  /** `id` 0: QoS 0, there is nothing to acknowledge, and what was dropped was counted. */
  #answer(number: number, id: number, error: Error | null): void {
    this.#unanswered--
    if (this.destroyed) return
    if (error !== null && id !== 0) {
      this.#acknowledge()
      this.destroy(error)
      return
    }
    this.#acknowledgements.answered(number, id)
    if (this.#inGroup) return
    this.#inGroup = true
    this.#group.answered(this)
  }

  #acknowledge(): void {
    const bytes = this.#acknowledgements.take()
    const socket = this.#socket
    if (bytes === null || !socket.writable) return
    // What aedes has written may still wait in this stream, in pieces: then acknowledgements queue.
    if (this.writableLength === 0 && !socket.writableNeedDrain) socket.write(bytes)
    else if (!this.write(bytes) && !this.#choked) {
      this.#choked = true
      this.#line?.whenDrained(() => {
        this.#choked = false
        this.advance()
      })
    }
  }

  #end(error: Error | null): void {
    if (this.#unanswered > 0 || !this.#aedesAsks || this.#ended) return
    this.#ended = true
    if (error !== null) this.destroy(error)
    else this.push(null)
  }
}

function onData(this: LaneSocket, chunk: Buffer): void {
  this[LANE]?.received(chunk)
}

/** The socket's end, error or close. */
function onOver(this: LaneSocket, error?: unknown): void {
  this[LANE]?.socketIsOver(error instanceof Error ? error : null)
}

function onClosed(this: Lane): void {
  this.isClosed()
}

/** From the pool: a buffer of its own would cost each lane three times as much. */
function withLength(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(text))
  bytes.writeUInt16BE(bytes.length - 2)
  bytes.write(text, 2)
  return bytes
}

/** Calls back when the socket takes more, or will never. */
function onceDrained(socket: Duplex, done: () => void): void {
  const go = () => {
    socket.off('drain', go)
    socket.off('close', go)
    done()
  }
  socket.on('drain', go)
  socket.on('close', go)
}
