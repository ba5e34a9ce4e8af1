import type { Aedes, Client } from 'aedes'
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

/** The line of a device's telemetry: aedes sees none of it, so its timer is told. */
export function telemetryLine(client: Client, { kind, id }: Identity): Line {
  const inside = client as unknown as ClientInside
  const topic = deviceTopic(kind, id, 'telemetry')
  return {
    common: { kind, deviceId: id, channel: 'telemetry', topic },
    heard: () => inside._keepaliveTimer?.refresh(),
    whenDrained: (done) => inside.waitForDrain(done),
  }
}
