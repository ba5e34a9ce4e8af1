import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ReadingCount } from '../model/ledger.ts'
import type { TelemetryLocation } from '../model/store-location.ts'
import type { Tally, TelemetryStore } from './telemetry-port.ts'

/**
 * A city that moves its telemetry to another store, or back: the new home goes on where the former
 * one stopped, and the ledger counts what both hold. The readings themselves stay where they are.
 */

/** Files with cursor and counts, and the statement that reads a day. */
const HOMES: Readonly<Record<TelemetryLocation['type'], { file: string; counts: string }>> = {
  sqlite: {
    file: 'telemetry.db',
    counts: 'SELECT day, kind, readings AS written, 0 AS refused FROM written WHERE day = ?',
  },
  influxdb: {
    file: 'telemetry-influxdb.db',
    counts: 'SELECT day, kind, written, refused FROM counts WHERE day = ?',
  },
}

/** The store as it is, or with the former home's cursor and counts where there was one. */
export function afterFormerHome(
  store: TelemetryStore,
  dataDir: string,
  type: TelemetryLocation['type'],
): TelemetryStore {
  const { file, counts } = HOMES[type === 'sqlite' ? 'influxdb' : 'sqlite']
  const path = join(dataDir, file)
  if (!existsSync(path)) return store
  const db = new DatabaseSync(path, { readOnly: true })
  const former = (db.prepare("SELECT value FROM meta WHERE key = 'cursor'").get()?.['value'] ??
    0) as number
  const day = db.prepare(counts)
  return {
    cursor: async () => Math.max(former, await store.cursor()),
    append: (batch) => store.append(batch),
    async tally(of): Promise<Tally> {
      const now = await store.tally(of)
      const rows = day.all(of) as unknown as FormerCount[]
      return {
        cursor: Math.max(former, now.cursor),
        written: [...now.written, ...rows.map((row) => count(row, row.written))],
        refused: [...now.refused, ...rows.map((row) => count(row, row.refused))],
      }
    },
    prune: (before) => store.prune(before),
    async close() {
      db.close()
      await store.close()
    },
  }
}

interface FormerCount {
  readonly day: string
  readonly kind: string
  readonly written: number
  readonly refused: number
}

function count({ day, kind }: FormerCount, readings: number): ReadingCount {
  return { day, kind, readings }
}
