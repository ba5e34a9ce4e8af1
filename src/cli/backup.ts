import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Environment } from './environment.ts'
import { settingsFrom } from './environment.ts'

/**
 * In this order: what the journal's copy lacks is in the later copies, and what they lack is
 * still in the journal, so the copies start together as one service.
 */
const FILES = ['telemetry.db', 'telemetry-influxdb.db', 'state.db', 'journal.db']

/** `backup`: consistent copies of the data, also while the service runs. */
export function backup(env: Environment, folder: string): number {
  const dataDir = settingsFrom(env).CURBWATCH_DATA_DIR
  mkdirSync(folder, { recursive: true })
  // Telemetry is in one place or the other.
  for (const name of FILES.filter((one) => existsSync(join(dataDir, one)))) {
    const target = join(folder, name)
    if (existsSync(target)) throw new Error(`${target} is there already: choose another folder`)
    const db = new DatabaseSync(join(dataDir, name), { readOnly: true })
    db.prepare('VACUUM INTO ?').run(target)
    db.close()
    process.stdout.write(`${target}\n`)
  }
  return 0
}
