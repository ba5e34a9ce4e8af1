import { createConnection } from 'node:net'
import type { LoadDevice } from '../load/protocol.ts'

/** What is measured: something that devices can publish to. */
export interface Peer {
  readonly name: PeerName
  /** What it promises with an acknowledgement, for the table. */
  readonly promise: string
  /** Why it cannot run on this machine; null: it can. */
  readonly missing: string | null
  start(devices: number): Promise<Running>
}

export const PEER_NAMES = ['trivial', 'mosquitto', 'stack', 'curbwatch'] as const
export type PeerName = (typeof PEER_NAMES)[number]

export interface Running {
  readonly port: number
  readonly devices: readonly LoadDevice[]
  /** From the start of its processes until it takes connections, in ms. */
  readonly startMs: number
  /** Its processes, by what they are. */
  readonly processes: Readonly<Record<string, number>>
  /** Null: it keeps nothing. */
  readonly store: Store | null
  stop(): Promise<void>
}

export interface Store {
  readonly folder: string
  /** Readings that are stored, and can be read. */
  count(): Promise<number>
  /** Kills what acknowledges with SIGKILL, brings back what is needed to read what was stored. */
  killAndSettle(): Promise<void>
  /** The sequence numbers that are stored of a device. */
  numbersOf(device: { readonly id: string; readonly kind: string }): Promise<ReadonlySet<number>>
}

/** Waits until somebody listens on the port; looks often, since it measures. */
export async function listening(port: number, ended: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await accepts(port))) {
    if (ended()) throw new Error('it ended instead of listening')
    if (performance.now() > deadline) throw new Error(`nobody listens on ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const say = (it: boolean) => {
      socket.destroy()
      resolve(it)
    }
    socket.once('connect', () => say(true))
    socket.once('error', () => say(false))
  })
}

/** Looking costs the service something: often enough for a tenth of a second, not more. */
const EVERY_MS = 50

/** Waits until so many readings are stored; gives what is stored, also where that took too long. */
export async function untilStored(store: Store, wanted: number, within: number): Promise<number> {
  const deadline = performance.now() + within
  for (;;) {
    const stored = await store.count()
    if (stored >= wanted || performance.now() > deadline) return stored
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
