import { Duplex } from 'node:stream'
import { Lane } from '../../src/broker/lane.ts'
import { LaneGroup } from '../../src/broker/lane-group.ts'
import type { BrokerMessage, Receiver } from '../../src/broker/port.ts'

/** A lane between a scripted device, a scripted receiver and a scripted aedes. */

export const TOPIC = 'v1/dust/d-1/telemetry'
export const LIMIT = 100_000

/** The device's end: what it sends is pushed, what it gets is kept, write by write. */
export class FakeSocket extends Duplex {
  readonly written: Buffer[] = []
  /** The device takes nothing: writes are not finished. */
  stuck: (() => void)[] | null = null

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk)
    if (this.stuck === null) done()
    else this.stuck.push(done)
  }

  get acked(): number[] {
    const all = Buffer.concat(this.written)
    return Array.from({ length: all.length / 4 }, (_, i) => {
      if (all.readUInt16BE(4 * i) !== 0x4002) throw new Error('not a PUBACK')
      return all.readUInt16BE(4 * i + 2)
    })
  }
}

export class FakeReceiver implements Receiver {
  readonly messages: BrokerMessage[] = []
  /** The messages that have no answer yet, oldest first. */
  readonly open: ((error: Error | null) => void)[] = []
  crowded = false
  readonly #log: (line: string) => void
  #listeners: (() => void)[] = []

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  receive(message: BrokerMessage, done: (error: Error | null) => void): void {
    this.messages.push({ ...message, payload: Buffer.from(message.payload) })
    this.#log(`receiver ${Buffer.from(message.payload)}`)
    this.open.push(done)
  }

  presence(): void {}

  onRoom(listener: () => void): void {
    this.#listeners.push(listener)
  }

  makeRoom(): void {
    this.crowded = false
    for (const listener of this.#listeners) listener()
  }
}

export interface LaneWorld {
  readonly log: string[]
  readonly receiver: FakeReceiver
  readonly group: LaneGroup<Lane>
  /** What aedes was given, in pieces. */
  readonly given: Buffer[]
  /** A lane whose device was let in. */
  connect(): Promise<{ lane: Lane; socket: FakeSocket; heard: () => number }>
  /** aedes is done with what it was given, and reads on. */
  aedesIsDone(lane: Lane): void
}

export function laneWorld(): LaneWorld {
  const log: string[] = []
  const receiver = new FakeReceiver((line) => log.push(line))
  const group = new LaneGroup<Lane>(receiver, LIMIT, {
    tooLarge: () => log.push('too large'),
    closed: () => {},
  })
  const given: Buffer[] = []
  const aedesReads = (lane: Lane) => {
    const bytes = lane.read() as Buffer | null
    if (bytes === null) return
    given.push(bytes)
    log.push(`aedes ${bytes.toString('latin1')}`)
  }
  return {
    log,
    receiver,
    group,
    given,
    aedesIsDone: aedesReads,
    async connect() {
      const socket = new FakeSocket()
      let heard = 0
      const lane = new Lane({ socket, remote: null, group })
      lane.on('error', () => {})
      lane.on('readable', () => aedesReads(lane))
      socket.push(CONNECT)
      await turn()
      given.length = 0
      log.length = 0
      lane.accept({
        common: { kind: 'dust', deviceId: 'd-1', channel: 'telemetry', topic: TOPIC },
        heard: () => {
          heard++
        },
        whenDrained: (done) => lane.once('drain', done),
      })
      lane.read()
      return { lane, socket, heard: () => heard }
    },
  }
}

/** All that was to happen at once has happened. */
export const turn = () => new Promise((resolve) => setImmediate(resolve))

const CONNECT = Buffer.from([0x10, 1, 0])
export const PING = Buffer.from([0xc0, 0])

/** A PUBLISH; `id` 0: at QoS 0. */
export function publish(id: number, payload: string, topic = TOPIC): Buffer {
  const name = Buffer.from(topic)
  const body = Buffer.concat([
    Buffer.from([name.length >> 8, name.length & 0xff]),
    name,
    id === 0 ? Buffer.alloc(0) : Buffer.from([id >> 8, id & 0xff]),
    Buffer.from(payload),
  ])
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([id === 0 ? 0x30 : 0x32, ...length]), body])
}
