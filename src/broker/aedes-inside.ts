import type { Aedes, Client } from 'aedes'
import { type Packet, parser, writeToStream } from 'mqtt-packet'
import { deviceTopic } from '../model/topics.ts'
import type { Line } from './lane.ts'
import type { Identity } from './port.ts'

/**
 * What we use of aedes 1.2 beyond what it declares, all of it. aedes is pinned; with another
 * version this is to be read again, and the crash tests and those of the lane say the rest.
 */
interface AedesInside {
  /** By client id. */
  readonly clients: Record<string, Client | undefined>
  readonly persistence: SessionStore
}

interface SessionStore {
  addSubscriptions(client: Client, subscriptions: { topic: string }[]): Promise<void>
}

interface ClientInside {
  /** null: the device wants no keepalive. */
  readonly _keepaliveTimer: NodeJS.Timeout | null
  readonly will: unknown
  /** Stops to watch the connection for its end. */
  _eos: () => void
  _parser: ParserInside
  /** Packet ids of QoS 2 messages between PUBLISH and PUBREL. */
  _inboundInflight: Pick<Set<number>, 'has' | 'add' | 'delete' | 'size'>
  /** The last message of each broker that it was given. */
  duplicates: Record<string, number>
  /** Calls back when the connection takes more; ends one that takes nothing for a minute. */
  waitForDrain(done: () => void): void
}

export function clientOf(aedes: Aedes, clientId: string): Client | undefined {
  return (aedes as unknown as AedesInside).clients[clientId]
}

/** Whether a packet is the will that waits for the client's end. */
export function isWillOf(client: Client, packet: unknown): boolean {
  return packet === (client as unknown as ClientInside).will
}

/** aedes 1.2 stores every filter of a SUBSCRIBE as soon as one of them is allowed. */
export function guardSessions(aedes: Aedes, maySee: (client: Client, topic: string) => boolean) {
  const { persistence } = aedes as unknown as AedesInside
  const add = persistence.addSubscriptions.bind(persistence)
  persistence.addSubscriptions = (client, subscriptions) =>
    add(
      client,
      subscriptions.filter(({ topic }) => maySee(client, topic)),
    )
}

/** What aedes asks of a connection's parser, once the connection was accepted. */
interface ParserInside {
  _queue: unknown[] | null
  parse(bytes: Buffer): void
  listeners?(event: 'packet'): unknown[]
  removeAllListeners(event: 'packet'): void
}

/**
 * mqtt-packet makes buffers of all 65 536 packet ids with the first that it writes, 8 MB; the few
 * packets that aedes writes do without.
 */
export function writeWithoutCache(): void {
  writeToStream.cacheNumbers = false
}

/**
 * aedes watches the stream of a connection for its end with fifteen closures; ours says itself when
 * it is over, and then calls `Client.close` as they would.
 */
export function stopWatching(client: Client): void {
  const inside = client as unknown as ClientInside
  inside._eos()
  inside._eos = () => {}
}

/**
 * An accepted connection that says nothing should not cost what it needed to become one: its
 * parser with the stream in it, the password in the CONNECT that the parser keeps, and collections
 * for what few devices ever do.
 */
export function slim(client: Client): void {
  const inside = client as unknown as ClientInside
  inside._parser = new PassingParser(client, inside._parser)
  inside._inboundInflight = new LateSet()
  inside.duplicates = Object.create(NOTHING)
}

/** Inherits nothing, as what aedes itself makes; unlike `null` it does not make a hash table. */
const NOTHING = Object.create(null)

type Take = (this: ParserInside, packet: Packet) => void

/** Parses whole frames, which are all that a lane gives, and keeps nothing between them. */
class PassingParser implements ParserInside {
  /** For packets before the answer to CONNECT, of which there are none: the lane keeps them back. */
  _queue: unknown[] | null = []
  readonly client: Client
  #take: Take | null

  constructor(client: Client, parser: ParserInside) {
    this.client = client
    this.#take = parser.listeners?.('packet')[0] as Take
  }

  parse(bytes: Buffer): void {
    const whole = parser()
    whole.on('packet', (packet: Packet) => this.#take?.(packet))
    whole.on('error', (error: Error) => this.emit('error', error))
    whole.parse(bytes)
  }

  emit(event: 'error', error: Error): void {
    ;(this.client as unknown as NodeJS.EventEmitter).emit(event, error)
  }

  /** The connection ends: packets that are still behind it are nobody's. */
  removeAllListeners(): void {
    this.#take = null
  }
}

/** A set that is made when something is put into it. */
class LateSet<T> {
  #set: Set<T> | null = null

  get size(): number {
    return this.#set?.size ?? 0
  }

  has(value: T): boolean {
    return this.#set?.has(value) ?? false
  }

  add(value: T): Set<T> {
    this.#set ??= new Set()
    return this.#set.add(value)
  }

  delete(value: T): boolean {
    return this.#set?.delete(value) ?? false
  }
}

/** The line of a device's telemetry: aedes sees none of it, so its timer is told. */
export class DeviceLine implements Line {
  readonly common: Line['common']
  readonly #client: ClientInside

  constructor(client: Client, { kind, id }: Identity) {
    const topic = deviceTopic(kind, id, 'telemetry')
    this.common = { kind, deviceId: id, channel: 'telemetry', topic }
    this.#client = client as unknown as ClientInside
  }

  heard(): void {
    this.#client._keepaliveTimer?.refresh()
  }

  whenDrained(done: () => void): void {
    this.#client.waitForDrain(done)
  }
}
