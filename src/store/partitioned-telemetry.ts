import { cellOf } from '../model/partition.ts'
import { strangeCursor } from './sqlite/query.ts'
import type { Page, Paged } from './state-reader-port.ts'
import type {
  AggregateQuery,
  RangeQuery,
  RefusedReading,
  TelemetryBucket,
  TelemetryReader,
  TelemetryRow,
} from './telemetry-port.ts'

/**
 * The telemetry of several cells, read as one: a device's readings are asked of its cell. What was
 * refused is put together from all, newest first; since every cell numbers its own, a cursor says
 * how far each was read.
 */
export function openPartitionedTelemetryReader(cells: readonly TelemetryReader[]): TelemetryReader {
  return new PartitionedTelemetryReader(cells)
}

class PartitionedTelemetryReader implements TelemetryReader {
  readonly #cells: readonly TelemetryReader[]

  constructor(cells: readonly TelemetryReader[]) {
    this.#cells = cells
  }

  range(query: RangeQuery): Promise<readonly TelemetryRow[]> {
    return this.#owner(query.deviceId).range(query)
  }

  aggregate(query: AggregateQuery): Promise<readonly TelemetryBucket[]> {
    return this.#owner(query.deviceId).aggregate(query)
  }

  kindOf(deviceId: string): Promise<string | null> {
    return this.#owner(deviceId).kindOf(deviceId)
  }

  async refused({ limit, after }: Page): Promise<Paged<RefusedReading>> {
    const places = readPlaces(after, this.#cells.length)
    const pages = await Promise.all(
      this.#cells.map((cell, i) => cell.refused({ limit, after: places[i] ?? null })),
    )
    const taken = newest(
      pages.map(({ items }) => items),
      limit,
    )
    for (const { it, cell } of taken) places[cell] = it.id
    const found = pages.reduce((sum, { items }) => sum + items.length, 0)
    const more = found > limit || pages.some(({ next }) => next !== null)
    return {
      items: taken.map(({ it, cell }) => ({ ...it, id: `${cell}-${it.id}` })),
      next: more ? places.map((place) => place ?? '').join('.') : null,
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#cells.map((cell) => cell.close()))
  }

  #owner(deviceId: string): TelemetryReader {
    return this.#cells[cellOf(deviceId, this.#cells.length)] as TelemetryReader
  }
}

/** The newest of the heads of all lists, again and again: the order of each list is kept. */
function newest(lists: readonly (readonly RefusedReading[])[], limit: number) {
  const taken: { readonly it: RefusedReading; readonly cell: number }[] = []
  const at = lists.map(() => 0)
  while (taken.length < limit) {
    const heads = lists.flatMap((list, cell) => {
      const it = list[at[cell] as number]
      return it === undefined ? [] : [{ it, cell }]
    })
    const next = heads.reduce((a, b) => (b.it.at > a.it.at ? b : a), heads[0] as (typeof heads)[0])
    if (next === undefined) break
    taken.push(next)
    at[next.cell] = (at[next.cell] as number) + 1
  }
  return taken
}

/** How far each cell was read: the id of its last one, null where it has shown none. */
function readPlaces(after: string | null, cells: number): (string | null)[] {
  if (after === null) return Array<null>(cells).fill(null)
  const places = after.split('.')
  if (places.length === cells) return places.map((place) => (place === '' ? null : place))
  throw strangeCursor()
}
