import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { copyJournal } from '../journal/open.ts'
import { cellFolders } from '../model/partition.ts'
import { CELLS_FILE, cellsOf, holdJournal } from '../ops/data-dir.ts'
import type { Environment } from './environment.ts'
import { settingsFrom } from './environment.ts'

/**
 * In this order, and with the journal held so that nothing is trimmed from it meanwhile: what the
 * earlier copies lack is in the journal's copy, so they start together as one service.
 */
const FILES = ['telemetry.db', 'telemetry-influxdb.db', 'state.db']

/**
 * `backup`: consistent copies of the data, also while the service runs. Cells share nothing, so
 * each is consistent by itself.
 */
export async function backup(env: Environment, folder: string): Promise<number> {
  const dataDir = settingsFrom(env).CURBWATCH_DATA_DIR
  const cells = cellsOf(dataDir) ?? 1
  for (const name of cellFolders(cells)) {
    await backUpCell(join(dataDir, name), join(folder, name))
  }
  if (cells > 1) copyFileSync(join(dataDir, CELLS_FILE), join(folder, CELLS_FILE))
  return 0
}

async function backUpCell(dataDir: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const letGo = holdJournal(dataDir)
  try {
    copy(dataDir, folder)
    process.stdout.write(`${await copyJournal(dataDir, folder)}\n`)
  } finally {
    letGo()
  }
}

/** The journal comes last. */
function copy(dataDir: string, folder: string): void {
  // Telemetry is in one place or the other.
  for (const name of FILES.filter((one) => existsSync(join(dataDir, one)))) {
    const target = join(folder, name)
    if (existsSync(target)) throw new Error(`${target} is there already: choose another folder`)
    const db = new DatabaseSync(join(dataDir, name), { readOnly: true })
    db.prepare('VACUUM INTO ?').run(target)
    db.close()
    process.stdout.write(`${target}\n`)
  }
}
