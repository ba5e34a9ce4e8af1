import { setImmediate as breathe } from 'node:timers/promises'
import type { World } from '../src/model/simulation.ts'
import type { Duration, Instant } from '../src/model/time.ts'
import type { FleetClock, ServiceClock } from './clock.ts'
import type { Moment, VirtualDevice } from './device.ts'
import type { Dial } from './link.ts'

/**
 * Thousands of virtual devices in one process, moved by one timer: each tick lets every device
 * live up to the simulated present, and dials for those that have no connection, at a bounded rate.
 */
export interface FleetParts {
  readonly devices: readonly VirtualDevice[]
  readonly clock: FleetClock
  readonly service: ServiceClock
  readonly worldAt: (at: Duration) => World
  readonly dial: Dial
}

const TICK_MS = 50
const DIALS_PER_SECOND = 200
/** How long stopping devices may wait for their last acknowledgements, real time. */
const FAREWELL_MS = 5_000
/** Devices that live through their past before the event loop gets a turn. */
const CHUNK = 20

/**
 * Lets devices live through the time before the scenario's start, offline: what they measured then
 * is kept, and sent as arrays once they connect. `startedAt`: the service's time at the start.
 */
export async function recallPast(
  devices: readonly VirtualDevice[],
  worldAt: (at: Duration) => World,
  startedAt: Instant,
): Promise<void> {
  const start: Moment = { now: 0, worldAt, instantOf: (at) => startedAt + at }
  for (const [index, device] of devices.entries()) {
    device.advance(start)
    if (index % CHUNK === 0) await breathe()
  }
}

/** Runs the fleet until the signal, or until no device has anything left to send; then stops it. */
export async function runFleet(parts: FleetParts, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearInterval(timer)
      signal.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => end(resolve)
    const tick = createTick(parts)
    const timer = setInterval(() => {
      try {
        if (tick()) end(resolve)
      } catch (error) {
        end(() => reject(error))
      }
    }, TICK_MS)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
  await stopAll(parts.devices)
}

/** One tick of the fleet; true where every device has finished. */
function createTick(parts: FleetParts): () => boolean {
  const { devices, clock, service, dial, worldAt } = parts
  const moment: Moment = {
    get now() {
      return clock.now
    },
    worldAt,
    instantOf: (at) => clock.instantOf(at),
  }
  let dials = 0
  return () => {
    const before = clock.real
    clock.tick()
    const earned = ((clock.real - before) * DIALS_PER_SECOND) / 1_000
    dials = Math.min(dials + earned, DIALS_PER_SECOND)
    let allFinished = true
    for (const device of devices) {
      device.advance(moment)
      if (dials >= 1 && device.wantsToDial(moment, clock.real)) {
        dials--
        device.dial(dial, () => clock.real, service.now)
      }
      allFinished &&= device.isFinished
    }
    return allFinished
  }
}

/** Every device says `offline` and disconnects; who cannot in time is cut. */
async function stopAll(devices: readonly VirtualDevice[]): Promise<void> {
  const farewell = Promise.allSettled(devices.map((device) => device.stop()))
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, FAREWELL_MS)
  await Promise.race([farewell, late])
  clearTimeout(timer)
  for (const device of devices) device.cut()
}
