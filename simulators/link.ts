import { connect, type IClientOptions, type MqttClient } from 'mqtt'

/**
 * One device's MQTT 3.1.1 connection, by the `mqtt` package: the only file that knows it. A link is
 * used once: it goes online, it ends, and a new one is dialled. The package neither reconnects nor
 * resends here, for order and bounds are the outbox's promise.
 */
export interface Link {
  /** Publishes with QoS 1; `acknowledged` is called at the PUBACK, never after the link ended. */
  publish(topic: string, payload: string, acknowledged: () => void): void
  /** Publishes retained with QoS 1. */
  publishRetained(topic: string, payload: string): void
  /** Says farewell: waits for what is in flight, then DISCONNECT. */
  close(): Promise<void>
  /** Drops the connection without DISCONNECT, as a device without power does. */
  cut(): void
}

export interface LinkEvents {
  online(): void
  /** The link has ended. Called once, unless it was closed or cut from this side. */
  lost(reason: string): void
  /** A message on the subscribed topic. */
  received(payload: string): void
}

/** Who dials: user name = client id = device id. */
export interface Identity {
  readonly id: string
  readonly secret: string
  /** Own status topic: its will says `offline` there. */
  readonly statusTopic: string
  readonly commandTopic: string
}

export type Dial = (identity: Identity, events: LinkEvents) => Link

const KEEPALIVE_S = 60
const CONNECT_TIMEOUT_MS = 20_000

/** Dials the broker at a URL: mqtt, mqtts, ws or wss. */
export function mqttDial(url: string): Dial {
  return (identity, events) => new MqttLink(connect(url, optionsFor(identity)), identity, events)
}

function optionsFor(identity: Identity): IClientOptions {
  return {
    clientId: identity.id,
    username: identity.id,
    password: identity.secret,
    protocolVersion: 4,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    will: { topic: identity.statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
  }
}

class MqttLink implements Link {
  readonly #client: MqttClient
  #ended = false
  #closing = false
  #reason = 'connection closed'

  constructor(client: MqttClient, identity: Identity, events: LinkEvents) {
    this.#client = client
    client.on('connect', () => {
      client.subscribe(identity.commandTopic, { qos: 1 })
      events.online()
    })
    client.on('message', (_topic, payload) => events.received(payload.toString()))
    client.on('error', (error) => {
      this.#reason = reasonOf(error)
    })
    client.on('close', () => {
      if (this.#ended || this.#closing) return
      this.cut()
      events.lost(this.#reason)
    })
  }

  publish(topic: string, payload: string, acknowledged: () => void): void {
    this.#client.publish(topic, payload, { qos: 1 }, (error) => {
      if (!error && !this.#ended) acknowledged()
    })
  }

  publishRetained(topic: string, payload: string): void {
    this.#client.publish(topic, payload, { qos: 1, retain: true })
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#client.endAsync()
    this.#ended = true
  }

  cut(): void {
    this.#ended = true
    this.#client.stream?.destroy()
    this.#client.end(true)
  }
}

function reasonOf(error: Error): string {
  // A refused TCP connection may arrive as an AggregateError, whose message is empty.
  return error.message || ('code' in error ? String(error.code) : error.name)
}
