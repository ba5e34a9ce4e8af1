import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../model/errors.ts'
import { createSecret } from './secret.ts'

/** Holds a lock of the file until it is closed. */
const TAKE =
  'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (x); COMMIT'
const JOURNAL_LOCK = 'backup-lock.db'
/** Says how many cells share the directory; absent where it is one. */
export const CELLS_FILE = 'cells'
/** SQLITE_BUSY: another process has the lock. */
const BUSY = 5

/** The data directory: made when missing, held by one process at a time. */
export interface DataDir {
  readonly path: string
  release(): void
}

/**
 * Takes the directory for this process. The lock is a file lock of SQLite's, which the system
 * lets go of when the process ends in whatever way: a kill leaves nothing to clean up. `waitMs`:
 * how long to wait for a process that is about to end.
 */
export function takeDataDir(path: string, waitMs = 0): DataDir {
  const lock = openLock(path)
  try {
    lock.exec(`PRAGMA busy_timeout = ${waitMs}`)
    lock.exec(TAKE)
  } catch (cause) {
    lock.close()
    throw new AppError('DATA_DIR_BUSY', `${path} is in use by another process`, { cause })
  }
  return { path, release: () => lock.close() }
}

/**
 * Keeps a directory to the number of cells of its first start: a device's data lies where that
 * number put it, and with another one it would not be found.
 */
export function claimCells(path: string, cells: number): void {
  const found = cellsOf(path)
  if (found !== null && found !== cells) {
    const message = `${path} is of CURBWATCH_CELLS=${found}, not ${cells}`
    throw new AppError('CELLS_CHANGED', message)
  }
  if (found === null && cells > 1) writeDurably(join(path, CELLS_FILE), `${cells}\n`)
}

/** There whole after a power cut, or not at all. */
function writeDurably(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { flush: true })
  renameSync(`${file}.new`, file)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}

/** The number of cells that a directory is of; null: it is new. */
export function cellsOf(path: string): number | null {
  const file = join(path, CELLS_FILE)
  if (existsSync(file)) return Number(readFileSync(file, 'utf8'))
  return ['journal', 'journal.db'].some((name) => existsSync(join(path, name))) ? 1 : null
}

/**
 * Keeps the journal as long as it is while the files are copied; give it back with the answer.
 * Whoever holds it and dies lets go of it.
 */
export function holdJournal(path: string): () => void {
  const lock = new DatabaseSync(join(path, JOURNAL_LOCK))
  try {
    // A running service looks at the lock for a moment now and then.
    lock.exec('PRAGMA busy_timeout = 2000')
    lock.exec(TAKE)
  } catch (cause) {
    lock.close()
    throw new AppError('DATA_DIR_BUSY', `another backup of ${path} is running`, { cause })
  }
  return () => lock.close()
}

/** Tells whether somebody holds the journal: then nothing is trimmed from it. */
export function watchJournalHold(path: string): { held(): boolean; close(): void } {
  const lock = new DatabaseSync(join(path, JOURNAL_LOCK))
  return {
    held() {
      try {
        lock.exec('BEGIN IMMEDIATE; ROLLBACK')
        return false
      } catch (error) {
        return (error as { errcode?: number }).errcode === BUSY
      }
    },
    close: () => lock.close(),
  }
}

function openLock(path: string): DatabaseSync {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return new DatabaseSync(join(path, 'lock.db'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('SETTINGS_INVALID', `CURBWATCH_DATA_DIR=${path}: ${why}`, { cause })
  }
}

/** The administrator's token: the one given, or the one made at the first start. */
export function adminToken(dataDir: string, given: string | null): string {
  if (given !== null) return given
  const file = join(dataDir, 'admin-token')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const token = createSecret()
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  return token
}

/** The token of InfluxDB that `curbwatch stack setup` has left in the directory; null: none. */
export function influxToken(dataDir: string): string | null {
  const file = join(dataDir, 'influx-token')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}
