import { freePort } from '../../support/ports.ts'
import { anonymous } from './anonymous.ts'
import { Child } from './child.ts'
import { listening, type Peer } from './peer.ts'

/** A server that looks at nothing and keeps nothing: where the load generator's own limit is. */
export const trivial: Peer = {
  name: 'trivial',
  promise: 'none',
  missing: null,
  async start(devices) {
    const port = await freePort()
    const began = performance.now()
    const child = Child.fork('./trivial-server.ts', [String(port)])
    await listening(port, () => child.ended)
    return {
      port,
      devices: anonymous(devices),
      startMs: performance.now() - began,
      processes: { server: child.pid },
      store: null,
      stop: () => child.end(),
    }
  },
}
