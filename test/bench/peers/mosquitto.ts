import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../support/ports.ts'
import { anonymous } from './anonymous.ts'
import { Child, temporaryFolder } from './child.ts'
import { listening, type Peer } from './peer.ts'

/** Mosquitto alone: it acknowledges what it has in memory, and nobody reads it. */
export const MOSQUITTO_VERSION = versionOf(
  spawnSync('mosquitto', ['-h'], { encoding: 'utf8' }).stdout,
)

export const mosquittoMissing = MOSQUITTO_VERSION === null ? 'mosquitto is not installed' : null

export const mosquitto: Peer = {
  name: 'mosquitto',
  promise: 'in memory',
  missing: mosquittoMissing,
  async start(devices) {
    const broker = await startMosquitto()
    return {
      port: broker.port,
      devices: anonymous(devices),
      startMs: broker.startMs,
      processes: { mosquitto: broker.child.pid },
      store: null,
      stop: broker.stop,
    }
  },
}

/** Nobody has to give a name, nothing is saved, no queue has an end: all that it can do. */
export async function startMosquitto() {
  const port = await freePort()
  const { folder, remove } = temporaryFolder()
  const config = join(folder, 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_queued_messages 0',
    'max_inflight_messages 1000',
    'log_type none',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const began = performance.now()
  const child = Child.spawn('mosquitto', ['-c', config])
  await listening(port, () => child.ended)
  const startMs = performance.now() - began
  const stop = async () => {
    await child.end()
    remove()
  }
  return { port, child, startMs, stop }
}

function versionOf(help: string | null): string | null {
  return /mosquitto version (\S+)/.exec(help ?? '')?.[1] ?? null
}
