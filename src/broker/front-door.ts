import type { Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { type Greeting, readGreeting } from './greeting.ts'
import { type MqttPorts, type OpenPorts, openPorts } from './listen.ts'
import type { SocketPairs } from './pairs.ts'

/**
 * The door of a service of several cells: every connection goes to the cell of the device that it
 * says it is, and whether that is true is the cell's to judge. Nothing is refused here, so that
 * one place refuses and counts.
 *
 * A TCP connection is given away whole, after its first bytes: from then on it costs this process
 * nothing. TLS and WebSocket are unwrapped here, so their bytes go through this process for as
 * long as they live, over a pair of local sockets of which the cell gets one end.
 */
export interface FrontDoor {
  readonly address: OpenPorts['address']
  /** Serves a connection that is unwrapped here: TLS, or a WebSocket's stream. */
  serve(connection: Duplex, remote: string | null): void
  /**
   * Takes no new connection, ends those that did not say yet who they are. The others end when
   * their cell ends them.
   */
  close(): void
}

export interface FrontDoorOptions {
  readonly ports: MqttPorts
  readonly pairs: SocketPairs
  /** Of a packet, at the most. */
  readonly packetBytes: number
  /** Gives a connection to its cell: nobody reads it any more here. */
  readonly give: (passed: Passed) => void
}

export interface Passed {
  readonly socket: Socket
  /** What was read of it. */
  readonly head: Buffer
  /** null: it does not say, or is no MQTT of ours. */
  readonly clientId: string | null
  readonly remote: string | null
}

const noop = () => {}

export async function openFrontDoor(options: FrontDoorOptions): Promise<FrontDoor> {
  const door = new Door(options)
  await door.open()
  return door
}

class Door implements FrontDoor {
  address: OpenPorts['address'] = { mqtt: 0, mqtts: null }
  readonly #options: FrontDoorOptions
  /** Connections that did not say yet who they are. */
  readonly #unknown = new Set<Duplex>()
  #ports: OpenPorts | null = null
  #closed = false

  constructor(options: FrontDoorOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    this.#ports = await openPorts(
      this.#options.ports,
      { tcp: (socket) => this.#pass(socket), tls: (socket) => this.#unwrapped(socket) },
      // Nothing is read ahead: what this process has read is what it passes on.
      { highWaterMark: 0 },
    )
    this.address = this.#ports.address
  }

  serve(connection: Duplex, remote: string | null): void {
    this.#greet(connection, (greeting) => {
      this.#pipe(connection, { ...greeting, remote }).catch(() => connection.destroy())
    })
  }

  close(): void {
    this.#closed = true
    this.#ports?.close()
    for (const connection of this.#unknown) connection.destroy()
  }

  #pass(socket: Socket): void {
    this.#greet(socket, (greeting) => {
      this.#options.give({ socket, ...greeting, remote: socket.remoteAddress ?? null })
    })
  }

  #unwrapped(socket: Socket): void {
    socket.setNoDelay(true)
    this.serve(socket, socket.remoteAddress ?? null)
  }

  #greet(connection: Duplex, goOn: (greeting: Greeting) => void): void {
    connection.on('error', noop)
    if (this.#closed) {
      connection.destroy()
      return
    }
    this.#unknown.add(connection)
    readGreeting(connection, this.#options.packetBytes, (greeting) => {
      this.#unknown.delete(connection)
      if (greeting === null) connection.destroy()
      else goOn(greeting)
    })
  }

  async #pipe(connection: Duplex, passed: Omit<Passed, 'socket'>): Promise<void> {
    const [stays, given] = await this.#options.pairs.make()
    this.#options.give({ socket: given, ...passed })
    pipeline(connection, stays, noop)
    pipeline(stays, connection, noop)
  }
}
