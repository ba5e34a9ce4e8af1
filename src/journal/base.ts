import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MessageCount } from './port.ts'
import { syncFolder } from './segment.ts'

/** What is left of the segments that were let go: how many messages they held. */
export interface Base {
  /** The last segment that was let go; 0: none. */
  readonly through: number
  /** Its last record; 0: none. */
  readonly lastSeq: number
  /** What was received until its end. */
  readonly totals: readonly MessageCount[]
}

const FILE = 'received.json'
const EMPTY: Base = { through: 0, lastSeq: 0, totals: [] }

export function readBase(folder: string): Base {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Base
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY
    throw error
  }
}

/** There whole after a power cut, or as it was before. */
export async function writeBase(folder: string, base: Base): Promise<void> {
  const path = join(folder, FILE)
  await writeFile(`${path}.new`, JSON.stringify(base), { flush: true })
  await rename(`${path}.new`, path)
  await syncFolder(folder)
}
