import { curbwatch } from './curbwatch.ts'
import { mosquitto } from './mosquitto.ts'
import type { Peer, PeerName } from './peer.ts'
import { stack } from './stack.ts'
import { trivial } from './trivial.ts'

export const PEERS: Readonly<Record<PeerName, Peer>> = { trivial, mosquitto, stack, curbwatch }
