import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cellFolders, cellOf } from '../../src/model/partition.ts'
import { openStateStore, openTelemetryStore } from '../../src/store/open.ts'
import type { StateChange, StateStore } from '../../src/store/state-port.ts'
import type { TelemetryStore } from '../../src/store/telemetry-port.ts'
import { PROBE } from './kind.ts'

/** What several cells would have committed, each for its devices, in their folders. */

export function openSplitState(dataDir: string, cells: number): Pick<StateStore, 'commit'> {
  const stores = folders(dataDir, cells).map((folder) => openStateStore({ dataDir: folder }))
  return {
    async commit(change) {
      for (const [cell, store] of stores.entries()) await store.commit(partOf(change, cell, cells))
    },
  }
}

export function openSplitTelemetry(
  dataDir: string,
  cells: number,
): Pick<TelemetryStore, 'append' | 'close'> {
  const stores = folders(dataDir, cells).map((folder) =>
    openTelemetryStore({
      dataDir: folder,
      kinds: [PROBE],
      location: { type: 'sqlite' },
      districtOf: () => null,
    }),
  )
  return {
    async append({ readings, upTo }) {
      for (const [cell, store] of stores.entries()) {
        const own = [...readings].filter(({ deviceId }) => cellOf(deviceId, cells) === cell)
        await store.append({ readings: own, upTo })
      }
      return 0
    },
    async close() {
      for (const store of stores) await store.close()
    },
  }
}

function folders(dataDir: string, cells: number): string[] {
  return cellFolders(cells).map((folder) => {
    mkdirSync(join(dataDir, folder), { recursive: true })
    return join(dataDir, folder)
  })
}

function partOf(change: StateChange, cell: number, cells: number): StateChange {
  const is = (id: string) => cellOf(id, cells) === cell
  const own = <T extends { readonly deviceId: string }>(all: readonly T[]) =>
    all.filter(({ deviceId }) => is(deviceId))
  const cases = own(change.cases)
  const caseIds = new Set(cases.map(({ id }) => id))
  const first = <T>(all: readonly T[]) => (cell === 0 ? all : [])
  return {
    ...change,
    live: own(change.live),
    devices: change.devices.filter(({ id }) => is(id)),
    deletedDevices: change.deletedDevices.filter(is),
    cases,
    caseEvents: change.caseEvents.filter(({ caseId }) => caseIds.has(caseId)),
    quarantined: own(change.quarantined),
    chunks: own(change.chunks),
    commands: own(change.commands),
    deliveries: change.deliveries.filter(({ id }) => is(id)),
    ledger: first(change.ledger),
    verdicts: cell === 0 ? change.verdicts : null,
  }
}
