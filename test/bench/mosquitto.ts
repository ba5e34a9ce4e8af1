import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { drive } from './throughput.ts'

/** Mosquitto alone, without persistence: how many messages it acknowledges a second; null: none. */
export async function mosquittoAcks(connections: number, messages: number): Promise<number | null> {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-bench-'))
  const port = await freePort()
  const config = join(folder, 'mosquitto.conf')
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n`,
  )
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
  try {
    if (!(await isUp(child, port))) return null
    const kinds = [
      'waterlogging',
      'dust',
      'tree-tilt',
      'oil-fume',
      'manhole-cover',
      'sprinkler-truck',
    ]
    const fleet = Array.from({ length: connections }, (_, i) => ({
      id: `load-${i}`,
      kind: kinds[i % kinds.length] as string,
      secret: 'any',
    }))
    return (await drive(port, fleet, messages)).perSecond
  } finally {
    child.kill()
    rmSync(folder, { recursive: true })
  }
}

async function isUp(child: ChildProcess, port: number): Promise<boolean> {
  const missing = once(child, 'error').then(() => false)
  const listening = eventually(async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
    return true
  })
  return Promise.race([missing, listening])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
