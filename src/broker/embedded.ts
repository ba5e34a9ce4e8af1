import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Aedes, type AuthenticateError, type Client, type PublishPacket } from 'aedes'
import { type ErrorCode, isErrorCode } from '../model/errors.ts'
import { fail } from '../model/result.ts'
import { deviceTopic } from '../model/topics.ts'
import { maySubscribe, ownMessage } from './access.ts'
import {
  clientOf,
  DeviceLine,
  guardSessions,
  isWillOf,
  slim,
  stopWatching,
  writeWithoutCache,
} from './aedes-inside.ts'
import { Lane } from './lane.ts'
import { LaneGroup } from './lane-group.ts'
import { type MqttPorts, type OpenPorts, openPorts } from './listen.ts'
import type {
  Attempt,
  Broker,
  BrokerLimits,
  CommandListener,
  Gate,
  Identity,
  Receiver,
} from './port.ts'

/**
 * The broker inside: aedes, MQTT 3.1.1 over TCP, TLS and WebSocket. In front of aedes every
 * connection has a lane that takes the device's telemetry; what follows is for the rest.
 *
 * The promise hangs on one fact of aedes 1.2: it calls `authorizePublish` before it writes a
 * PUBACK, concurrently and in order, and waits for the answer. So the journal is asked there. An
 * error in the answer closes the connection, and the device sends again after reconnecting;
 * content is therefore never judged here. It is called for wills too, with a client that is
 * closing.
 */
export interface EmbeddedBroker extends Broker {
  /** Serves a connection that came another way: a WebSocket's stream, a socket of the front. */
  serve(connection: Duplex, remote: string | null): void
}

export interface EmbeddedOptions {
  /** null: all connections come by `serve`. */
  readonly ports: MqttPorts | null
  readonly limits: BrokerLimits
  readonly gate: Gate
  readonly receiver: Receiver
  readonly onListening: CommandListener
}

/** MQTT 3.1.1, table 3.1: identifier rejected, bad user name or password. */
const RETURN_CODES: Partial<Record<ErrorCode, number>> = {
  CLIENT_ID_MISMATCH: 2,
  CREDENTIALS_WRONG: 4,
}

const noop = () => {}

/** What is left of a packet for aedes once the journal was given its content. */
const TAKEN = { topic: 'taken', payload: Buffer.alloc(0), retain: false }

/** Opens the ports. Rejects with the system's error where one is taken. */
export async function openEmbeddedBroker(options: EmbeddedOptions): Promise<EmbeddedBroker> {
  const broker = new Embedded(options)
  await broker.open()
  return broker
}

class Embedded implements EmbeddedBroker {
  address: OpenPorts['address'] = { mqtt: 0, mqtts: null }
  readonly #options: EmbeddedOptions
  readonly #aedes: Aedes
  readonly #identities = new WeakMap<Client, Identity>()
  readonly #nameless = new WeakSet<Client>()
  /** Devices that subscribed to more of their own than commands. */
  readonly #echoing = new WeakSet<Client>()
  readonly #group: LaneGroup<Lane>
  #ports: OpenPorts | null = null

  constructor(options: EmbeddedOptions) {
    this.#options = options
    this.#group = new LaneGroup(options.receiver, options.limits.packetBytes, {
      tooLarge: (lane) => this.#refuse('PACKET_TOO_LARGE', clientOn(lane)),
      closed: (lane) => clientOn(lane).close(),
    })
    writeWithoutCache()
    this.#aedes = new Aedes({
      maxClientsIdLength: 64,
      maxTopicLevels: options.limits.topicLevels,
      connectTimeout: 10_000,
    })
    this.#aedes.authorizeForward = (client, packet) =>
      this.#maySee(client, packet.topic) ? packet : null
    // Without a listener it would end the process.
    const emitter: EventEmitter = this.#aedes
    emitter.on('error', (error: Error) => {
      this.#refuse('PROTOCOL_ERROR', null, { detail: error.message })
    })
    this.#aedes.preConnect = (client, packet, done) =>
      this.#preConnect(client, packet.clientId, done)
    this.#aedes.authenticate = (client, username, password, done) =>
      this.#authenticate(client, username, password, done)
    this.#aedes.authorizePublish = (client, packet, done) => this.#publish(client, packet, done)
    this.#aedes.authorizeSubscribe = (client, subscription, done) => {
      const allowed = this.#maySubscribe(client, subscription.topic)
      done(null, allowed ? subscription : null)
    }
    this.#aedes.on('subscribe', (subscriptions, client) => {
      this.#subscribed(
        client,
        subscriptions.map((one) => one.topic),
      )
    })
    this.#aedes.on('clientError', (client, error) => this.#protocolError(client, error))
    this.#aedes.on('connectionError', (client, error) => this.#protocolError(client, error))
    this.#aedes.on('clientReady', (client) => this.#ready(client))
    this.#aedes.on('clientDisconnect', (client) => this.#presence(client, false))
  }

  get connections(): number {
    return this.#aedes.connectedClients
  }

  async open(): Promise<void> {
    await this.#aedes.listen()
    guardSessions(this.#aedes, (client, topic) => this.#maySee(client, topic))
    const { ports } = this.#options
    if (ports === null) return
    const serve = (socket: Socket) => {
      socket.setNoDelay(true)
      this.serve(socket, socket.remoteAddress ?? null)
    }
    this.#ports = await openPorts(ports, { tcp: serve, tls: serve })
    this.address = this.#ports.address
  }

  serve(connection: Duplex, remote: string | null): void {
    if (this.#aedes.closed) {
      connection.destroy()
      return
    }
    const lane = new Lane({ socket: connection, remote, group: this.#group })
    stopWatching(this.#aedes.handle(lane))
  }

  publish(topic: string, payload: string): Promise<void> {
    const packet: PublishPacket = {
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      retain: false,
      dup: false,
    }
    return new Promise((resolve, reject) => {
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()))
    })
  }

  disconnect(deviceId: string): void {
    clientOf(this.#aedes, deviceId)?.close()
  }

  async close(): Promise<void> {
    this.#ports?.close()
    await new Promise<void>((resolve) => this.#aedes.close(resolve))
    this.#group.destroyAll()
  }

  #preConnect(
    client: Client,
    clientId: string,
    done: (error: Error | null, ok: boolean) => void,
  ): void {
    // [MQTT-3.1.3-8] wants an empty one refused, with a CONNACK; aedes alone would make up an id.
    if (clientId === '') this.#nameless.add(client)
    done(null, true)
  }

  #authenticate(
    client: Client,
    username: string | undefined,
    password: Uint8Array | undefined,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ): void {
    const nameless = this.#nameless.has(client)
    const result = nameless
      ? fail('CLIENT_ID_MISMATCH' as const)
      : this.#options.gate.authenticate(client.id, username, password)
    if (result.ok) {
      this.#identities.set(client, result.value)
      done(null, true)
      return
    }
    this.#refuse(result.error, client, nameless ? { clientId: '', detail: 'empty client id' } : {})
    const returnCode = RETURN_CODES[result.error] ?? 5
    done(Object.assign(new Error(result.error), { returnCode }) as AuthenticateError, false)
  }

  #publish(
    client: Client | null,
    packet: PublishPacket,
    done: (error?: Error | null) => void,
  ): void {
    const device = client === null ? undefined : this.#identities.get(client)
    // aedes looks for the wills of dead brokers; after a jump of the system's clock it takes itself
    // for one. The will of a client that is there is not due.
    if (client !== null && isWillOf(client, packet) && !client.closed) {
      done(new Error('TOPIC_FORBIDDEN'))
      return
    }
    // aedes takes 0 for an id; [MQTT-2.3.1-1] does not.
    if (packet.qos > 0 && packet.messageId === 0) {
      done(new Error('packet id 0'))
      return
    }
    const message = device === undefined ? null : ownMessage(device, packet.topic)
    if (message === null) {
      this.#refuse('TOPIC_FORBIDDEN', client, { topic: packet.topic })
      done(new Error('TOPIC_FORBIDDEN'))
      return
    }
    const payload =
      typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    // What is taken belongs to the journal: aedes keeps it for no session, no handshake of QoS 2
    // and no later subscriber. A device that listens to itself hears it once, while it listens.
    if (message.channel !== 'status') Object.assign(packet, TAKEN)
    this.#options.receiver.receive({ ...message, payload, qos: packet.qos }, (error) => {
      if (error === null) this.#echo(client, message, payload)
      // QoS 0 has no acknowledgement to hold back: what was dropped is counted, the link stays.
      done(packet.qos === 0 ? null : error)
    })
  }

  #echo(client: Client | null, message: { channel: string; topic: string }, payload: Buffer): void {
    if (client === null || message.channel === 'status' || !this.#echoing.has(client)) return
    const { topic } = message
    this.#aedes.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, noop)
  }

  #maySubscribe(client: Client, filter: string): boolean {
    const device = this.#identities.get(client)
    if (device !== undefined && maySubscribe(device, filter)) return true
    this.#refuse('TOPIC_FORBIDDEN', client, { topic: filter, detail: 'subscribe' })
    return false
  }

  #maySee(client: Client, topic: string): boolean {
    const device = this.#identities.get(client)
    return device !== undefined && maySubscribe(device, topic)
  }

  #subscribed(client: Client, topics: readonly string[]): void {
    const device = this.#identities.get(client)
    if (device === undefined) return
    const own = deviceTopic(device.kind, device.id, 'command')
    if (topics.includes(own)) this.#options.onListening(device)
    if (topics.every((topic) => topic === own)) return
    this.#echoing.add(client)
    laneOf(client).takeNoMore()
  }

  #ready(client: Client): void {
    this.#presence(client, true)
    slim(client)
    const device = this.#identities.get(client)
    laneOf(client).accept(device === undefined ? null : new DeviceLine(client, device))
  }

  #presence(client: Client, connected: boolean): void {
    const device = this.#identities.get(client)
    if (device !== undefined) this.#options.receiver.presence(device.kind, device.id, connected)
  }

  /** Counts what aedes itself refuses; links that break and our own refusals are not errors. */
  #protocolError(client: Client, error: Error): void {
    const { message } = error
    const ours = isErrorCode(message) || message === 'empty client id'
    const broken = 'code' in error || message === 'keep alive timeout' || client.closed
    if (ours || broken) return
    const code = message === 'topic has too many levels' ? 'TOPIC_FORBIDDEN' : 'PROTOCOL_ERROR'
    this.#refuse(code, client, { detail: message })
  }

  #refuse(code: ErrorCode, client: Client | null, more: Partial<Attempt> = {}): void {
    const remote = client === null ? null : laneOf(client).remote
    this.#options.gate.refused(code, { clientId: client?.id ?? null, remote, ...more })
  }
}

/** Every client of ours was made with a lane for its connection. */
function laneOf(client: Client): Lane {
  return client.conn as unknown as Lane
}

/** And aedes notes the client at the connection. */
function clientOn(lane: Lane): Client {
  return (lane as unknown as { client: Client }).client
}
