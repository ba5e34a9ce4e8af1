import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Registered, Service } from '../support/service.ts'

/**
 * A disk that is really full: a small file system of its own, filled to the last byte. Mounting
 * one needs rights that a test run may not have; then this is skipped by name.
 */
const DISK_MB = 64
const disk = mountSmallDisk()

describe.skipIf(disk === null)('the disk is full (needs the right to mount)', () => {
  const filler = join(disk ?? '', 'filler')
  let service: Service
  let device: Registered
  let stored = 0
  let seq = 0

  beforeAll(async () => {
    service = await Service.start({ CURBWATCH_DATA_DIR: join(disk as string, 'data') })
    device = await service.register('waterlogging')
  })

  afterAll(async () => {
    await service?.stop()
    if (disk !== null) {
      execFileSync('umount', [disk])
      rmSync(disk, { recursive: true })
    }
  })

  /** Publishes one large message; true when it was acknowledged. */
  async function publish(): Promise<boolean> {
    const client = await service.connect(device)
    const message = {
      seq: ++seq,
      ts: Date.now() - 60_000 + seq,
      depthCm: 1,
      note: 'x'.repeat(100_000),
    }
    const acknowledged = await service.send(client, device, message).then(
      () => true,
      () => false,
    )
    await client.endAsync(true)
    if (acknowledged) stored++
    return acknowledged
  }

  test('a message that the disk cannot take is not acknowledged, and the service says why', async () => {
    expect(await publish()).toBe(true)
    fill(filler)
    await eventually(async () => !(await publish()))
    const ready = await service.request('GET', '/readyz')
    expect(ready.status).toBe(503)
    expect(ready.body.troubles.join()).toContain('JOURNAL_UNAVAILABLE')
    expect(
      await service.metric('curbwatch_messages_shed_total{code="JOURNAL_UNAVAILABLE"}'),
    ).toBeGreaterThan(0)
  })

  test('once there is room again it goes on by itself, and what was acknowledged is there', async () => {
    rmSync(filler)
    await eventually(publish)
    await eventually(async () => (await service.request('GET', '/readyz')).status === 200)
    const ledger = await service.settled()
    expect(ledger).toMatchObject({ balanced: true, stored, quarantined: 0 })
    expect(ledger.shed).toBeGreaterThan(0)
    expect(await service.list(`/devices/${device.id}/readings?limit=500`)).toHaveLength(stored)
  })
})

function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder], {
      stdio: 'ignore',
    })
    return folder
  } catch {
    rmSync(folder, { recursive: true })
    return null
  }
}

/** Writes until nothing more goes. */
function fill(file: string): void {
  const handle = openSync(file, 'w')
  for (let block = Buffer.alloc(1 << 20); block.length > 0; ) {
    try {
      writeSync(handle, block)
    } catch {
      block = block.subarray(0, block.length >> 1)
    }
  }
  closeSync(handle)
}
