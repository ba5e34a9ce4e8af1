import type { ErrorCode } from '../model/errors.ts'
import type { Result } from '../model/result.ts'
import type { Channel } from '../model/topics.ts'

/**
 * The broker as the rest sees it: devices talk to it, it asks the gate who may, and hands
 * messages to the receiver. A QoS 1 PUBACK is sent when the receiver's `done` says so, never
 * before.
 */
export interface Broker {
  /** The ports that were taken, as asked for or any free one. */
  readonly address: { readonly mqtt: number; readonly mqtts: number | null }
  readonly connections: number
  /** Sends a message down to a device that is connected or has a session. */
  publish(topic: string, payload: string): Promise<void>
  /** Ends a device's connection: its secret changed, or it was removed. */
  disconnect(deviceId: string): void
  /** Takes no new connection, ends the present ones. */
  close(): Promise<void>
}

export interface BrokerMessage {
  readonly kind: string
  readonly deviceId: string
  readonly channel: Exclude<Channel, 'command'>
  readonly topic: string
  /** A piece of what was read: whoever keeps it beyond the call copies it. */
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
}

/** Takes what devices send. Answers those of one commit in one tick. */
export interface Receiver {
  receive(message: BrokerMessage, done: (error: Error | null) => void): void
  /** More waits for the disk than should: the broker reads no more until there is room. */
  readonly crowded: boolean
  /** Calls back whenever there is room again. */
  onRoom(listener: () => void): void
  presence(kind: string, deviceId: string, connected: boolean): void
}

/** Is told when a device begins to listen for commands: what waits for it can go down now. */
export type CommandListener = (device: Identity) => void

export interface Identity {
  readonly id: string
  readonly kind: string
}

/** Says who may connect. */
export interface Gate {
  /** Client id and user name are the device id, the password its secret. */
  authenticate(
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): Result<Identity, ErrorCode>
  /** An attempt was refused: to be counted, and logged without secrets. */
  refused(code: ErrorCode, attempt: Attempt): void
}

export interface Attempt {
  readonly clientId: string | null
  readonly remote: string | null
  readonly topic?: string
  readonly detail?: string
}

/** Limits at the door, before anything is read whole. */
export interface BrokerLimits {
  /** Bytes of a packet, header included. */
  readonly packetBytes: number
  readonly topicLevels: number
}
