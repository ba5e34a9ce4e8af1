import { connect, type Socket } from 'node:net'
import mqttPacket, { type Packet } from 'mqtt-packet'
import { eventually } from './eventually.ts'
import type { Registered } from './service.ts'

/** A bare connection that says exactly what it is told, for what a client library would not send. */
export interface RawConnection {
  readonly packets: Packet[]
  send(bytes: Uint8Array | Packet): void
  /** Waits for a packet of the kind. */
  expect(cmd: Packet['cmd']): Promise<Packet>
  /** Waits until the other side has ended the connection. */
  ended(): Promise<true>
  /** Says that it will send no more, and is still there for answers. */
  end(): void
  /** Ends without a word, as a device does that loses its power. */
  cut(): void
}

export function openRaw(port: number): Promise<RawConnection> {
  const packets: Packet[] = []
  const parser = mqttPacket.parser()
  parser.on('packet', (packet) => packets.push(packet))
  const socket: Socket = connect({ host: '127.0.0.1', port })
  let over = false
  socket.on('data', (chunk) => parser.parse(chunk))
  socket.on('error', () => {})
  socket.on('close', () => {
    over = true
  })
  const connection: RawConnection = {
    packets,
    send: (it) =>
      void socket.write(it instanceof Uint8Array ? it : mqttPacket.generate(it as never)),
    expect: (cmd) => eventually(() => packets.find((packet) => packet.cmd === cmd)),
    ended: () => eventually(() => over || null) as Promise<true>,
    end: () => void socket.end(),
    cut: () => void socket.resetAndDestroy(),
  }
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
  })
}

export type { Packet }

/** Packets as they go over the wire, in one piece. */
export function bytesOf(...packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.map((packet) => mqttPacket.generate(packet as never)))
}

/** A CONNECT as a device sends it; `more` changes what is to be wrong. */
export function connectPacket(device: Registered, more: object = {}): Packet {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: device.id,
    username: device.id,
    password: Buffer.from(device.secret),
    ...more,
  } as Packet
}

/** A CONNECT with no client id that wants its session kept: no library would say such a thing. */
export function namelessConnect(device: Registered): Uint8Array {
  const bytes = mqttPacket.generate(connectPacket(device, { clientId: '' }) as never)
  // Fixed header 2, protocol name 6, level 1, then the flags, of which 0x02 is clean session.
  bytes[9] = (bytes[9] ?? 0) & ~0x02
  return bytes
}
