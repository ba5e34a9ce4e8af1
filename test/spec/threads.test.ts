import { getPriority } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { threadsOf } from '../support/proc.ts'
import { Service } from '../support/service.ts'

/** Who comes first where all want the same processor (docs/adr/0024). */

const services: Service[] = []
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop()
})

/** The nice values of a process's threads, by name. */
function nicesOf(pid: number): Map<string, Set<number>> {
  const nices = new Map<string, Set<number>>()
  for (const { name, nice } of threadsOf(pid).values()) {
    nices.set(name, (nices.get(name) ?? new Set()).add(nice))
  }
  return nices
}

test.skipIf(process.platform !== 'linux')(
  'acknowledgements come first, then rules, then what nobody waits for',
  async () => {
    const service = await Service.start({ CURBWATCH_CELLS: '1' })
    services.push(service)
    const device = await service.register('waterlogging', 'wl-1')
    await service.send(await service.connect(device), device, { ts: Date.now(), depthCm: 1 })
    await service.settled()

    const main = getPriority(service.pid)
    const nices = nicesOf(service.pid)
    expect(nices.get('MainThread')).toEqual(new Set([main]))
    // The pool of Node.js puts large commits on the disk, for those who wait for acknowledgements.
    expect(nices.get('libuv-worker')).toEqual(new Set([main]))
    expect(nices.get('pipeline')).toEqual(new Set([Math.min(19, main + 4)]))
    const last = new Set([Math.min(19, main + 10)])
    expect(nices.get('telemetry')).toEqual(last)
    expect(nices.get('V8Worker')).toEqual(last)
  },
)
