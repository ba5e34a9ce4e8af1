import { connect, type Socket } from 'node:net'
import { generate, type Packet, parser } from 'mqtt-packet'

/**
 * A publisher for load: one raw connection, QoS 1, a window of unacknowledged messages, packets
 * made by mqtt-packet. It knows exactly what was acknowledged, and sends the rest again after the
 * connection was lost, as a device does.
 */
export interface PublisherOptions {
  readonly port: number
  readonly device: { readonly id: string; readonly kind: string; readonly secret: string }
  /** Unacknowledged messages at one time. */
  readonly window: number
  /** The payload of the n-th message, from 1; null: there is no more. */
  readonly payload: (n: number) => string | null
  /** Connects, and sends nothing before `release()`. */
  readonly held?: boolean
}

export class Publisher {
  readonly acked = new Set<number>()
  /** Messages that were sent at least once. */
  sent = 0
  readonly #options: PublisherOptions
  readonly #unacked = new Map<number, Buffer>()
  #socket: Socket | null = null
  #next = 1
  #ready = false
  #held: boolean
  #exhausted = false
  #stopped = false
  #changed: (() => void)[] = []

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#held = options.held ?? false
    this.#connect(options.port)
  }

  /** True when the broker has accepted the connection. */
  get connected(): boolean {
    return this.#ready
  }

  /** One that was held sends from now on. */
  release(): void {
    this.#held = false
    this.#fill()
  }

  /** True when everything was acknowledged. */
  get done(): boolean {
    return this.#exhausted && this.#unacked.size === 0
  }

  /** Resolves when the condition holds, which is looked at after every change. */
  async until(condition: (publisher: Publisher) => boolean): Promise<void> {
    while (!condition(this)) await this.nextChange()
  }

  /** Resolves when something was acknowledged, or the connection came or went. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed.push(resolve)
    })
  }

  /** The service came back, perhaps on another port: send again what has no answer. */
  reconnect(port: number): void {
    this.#socket?.destroy()
    this.#connect(port)
  }

  stop(): void {
    this.#stopped = true
    this.#socket?.destroy()
  }

  #connect(port: number): void {
    const { id, secret } = this.#options.device
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const packets = parser()
    this.#socket = socket
    this.#ready = false
    packets.on('packet', (packet: Packet) => this.#receive(socket, packet))
    socket.on('data', (data) => packets.parse(data))
    socket.on('error', () => {})
    socket.on('close', () => this.#tell())
    socket.write(
      generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clientId: id,
        username: id,
        password: Buffer.from(secret),
        clean: true,
        keepalive: 60,
      }),
    )
  }

  #receive(socket: Socket, packet: Packet): void {
    if (socket !== this.#socket) return
    if (packet.cmd === 'connack' && packet.returnCode === 0) {
      this.#ready = true
      for (const bytes of this.#unacked.values()) socket.write(bytes)
    } else if (packet.cmd === 'puback') {
      const n = this.#numberOf(packet.messageId ?? 0)
      if (n !== null) {
        this.#unacked.delete(n)
        this.acked.add(n)
      }
    }
    this.#fill()
    this.#tell()
  }

  #fill(): void {
    if (!this.#ready || this.#held || this.#stopped || this.#socket === null) return
    this.#socket.cork()
    while (this.#unacked.size < this.#options.window && !this.#exhausted) {
      const payload = this.#options.payload(this.#next)
      if (payload === null) {
        this.#exhausted = true
        break
      }
      const { id, kind } = this.#options.device
      const bytes = generate({
        cmd: 'publish',
        topic: `v1/${kind}/${id}/telemetry`,
        payload,
        qos: 1,
        messageId: messageId(this.#next),
        retain: false,
        dup: false,
      })
      this.#unacked.set(this.#next, bytes)
      this.#socket.write(bytes)
      this.#next++
      this.sent++
    }
    this.#socket.uncork()
  }

  #numberOf(id: number): number | null {
    for (const n of this.#unacked.keys()) if (messageId(n) === id) return n
    return null
  }

  #tell(): void {
    for (const resolve of this.#changed.splice(0)) resolve()
  }
}

/** Packet identifiers go round from 1 to 65535. */
function messageId(n: number): number {
  return ((n - 1) % 65_535) + 1
}
