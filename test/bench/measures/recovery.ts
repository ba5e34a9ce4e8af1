import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { curbwatch } from '../peers/curbwatch.ts'
import { listening, untilStored } from '../peers/peer.ts'
import { LoadProcess } from '../run-load.ts'
import type { Measure } from './measure.ts'

/**
 * Recovery: another process holds the stores' locks, so that messages are taken into the journal
 * but go nowhere; the service is killed; then it starts with that much to work off.
 */
const SECTION = 'Recovery'
const CONNECTIONS = 100
const SETTLE_MS = 600_000

export const recovery: Measure = {
  name: 'recovery',
  peers: ['curbwatch'],
  async run(name, report, scale) {
    const running = await curbwatch.start(CONNECTIONS)
    const { service, store } = running
    try {
      const load = await LoadProcess.connect(running.port, running.devices)
      const unlock = lock(service.dataDir)
      const { sent } = await load.run({ seconds: scale.burstSeconds, rate: null })
      await service.kill9()
      load.end()
      unlock()
      const began = performance.now()
      const restarted = service.restart()
      await listening(running.port, () => false)
      const takes = performance.now() - began
      await restarted
      const stored = await untilStored(store, sent, SETTLE_MS)
      const seconds = (performance.now() - began) / 1000
      report.add(SECTION, name, 'messages in the journal at the start', sent, 'count')
      report.add(SECTION, name, 'until it takes connections', takes, 'ms')
      report.add(SECTION, name, 'until all are stored', seconds, 'seconds')
      report.add(SECTION, name, 'a million messages', (seconds * 1e6) / sent, 'seconds')
      if (stored !== sent) {
        report.note(SECTION, `Of ${sent} messages ${stored} were stored.`)
        process.exitCode = 1
      }
    } finally {
      await running.stop()
    }
  },
}

/** Takes the write locks of the stores, as a backup program or a slow disk would. */
function lock(folder: string): () => void {
  const files = readdirSync(folder).filter((name) => /^(state|telemetry)\.db$/.test(name))
  if (files.length !== 2) throw new Error(`the stores were not found: ${files.join(', ')}`)
  const held = files.map((name) => {
    const db = new DatabaseSync(join(folder, name))
    db.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
    return db
  })
  return () => {
    for (const db of held) db.close()
  }
}
