import type { PeerName } from '../peers/peer.ts'
import type { Report } from '../report.ts'

/** One thing that is measured, on the peers that have it, in every round. */
export interface Measure {
  readonly name: string
  readonly peers: readonly PeerName[]
  /** Once, at the end: it takes long and is no comparison. */
  readonly once?: true
  run(peer: PeerName, report: Report, scale: Scale): Promise<void>
}

/** How long and how much. */
export interface Scale {
  /** Of one load. */
  readonly seconds: number
  readonly warmupSeconds: number
  /** Of a load whose messages are then looked at one by one, or worked off. */
  readonly burstSeconds: number
  readonly overloadSeconds: number
  /** Cases that are opened and waited for, one after the other. */
  readonly cases: number
  readonly idleConnections: number
}
