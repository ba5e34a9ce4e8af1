import type { Case, CaseEvent } from '../cases/case.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { AlertDelivery } from '../model/delivery.ts'
import { cellOf } from '../model/partition.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import type { StoredRule } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import { AFTER } from './sqlite/query.ts'
import type { AlertRow } from './state-port.ts'
import type {
  AlertFilter,
  CaseFilter,
  CaseMoment,
  CaseMomentMark,
  Credential,
  DeliveryFilter,
  DeviceCount,
  DeviceFilter,
  DeviceView,
  Page,
  Paged,
  QuarantineFilter,
  StateReader,
} from './state-reader-port.ts'

/**
 * The state of several cells, read as one: what belongs to a device is asked of its cell, lists
 * are put together from all. A page is the beginning of the pages of all cells, in the order that
 * the list promises; its cursor is understood by every cell, since it names a place in that order.
 * All cells have the same rules, so the first is asked for them.
 */
export function openPartitionedStateReader(cells: readonly StateReader[]): StateReader {
  return new PartitionedStateReader(cells)
}

class PartitionedStateReader implements StateReader {
  readonly #cells: readonly StateReader[]

  constructor(cells: readonly StateReader[]) {
    this.#cells = cells
  }

  devices(filter: DeviceFilter, page: Page): Promise<Paged<DeviceView>> {
    return this.#page(page, (cell) => cell.devices(filter, page), byId, AFTER.device)
  }

  device(id: string): Promise<DeviceView | null> {
    return this.#owner(id).device(id)
  }

  credentials(): Promise<Credential[]> {
    return this.#all((cell) => cell.credentials())
  }

  alerts(filter: AlertFilter, page: Page): Promise<Paged<AlertRow>> {
    return this.#page(page, (cell) => cell.alerts(filter, page), byDeviceAndRule, AFTER.alert)
  }

  rules(): Promise<StoredRule[]> {
    return this.#first.rules()
  }

  rule(id: string): Promise<StoredRule | null> {
    return this.#first.rule(id)
  }

  cases(filter: CaseFilter, page: Page): Promise<Paged<Case>> {
    return this.#page(page, (cell) => cell.cases(filter, page), byOpening, AFTER.case)
  }

  case(id: string): Promise<{ case: Case; history: CaseEvent[] } | null> {
    return this.#any((cell) => cell.case(id))
  }

  quarantine(filter: QuarantineFilter, page: Page): Promise<Paged<QuarantinedMessage>> {
    return this.#page(page, (cell) => cell.quarantine(filter, page), byReceipt, AFTER.receipt)
  }

  quarantined(id: string): Promise<QuarantinedMessage | null> {
    return this.#any((cell) => cell.quarantined(id))
  }

  deliveries(filter: DeliveryFilter, page: Page): Promise<Paged<AlertDelivery>> {
    return this.#page(page, (cell) => cell.deliveries(filter, page), byReceipt, AFTER.receipt)
  }

  command(id: string): Promise<DeviceCommand | null> {
    return this.#any((cell) => cell.command(id))
  }

  pendingCommands(deviceId: string): Promise<DeviceCommand[]> {
    return this.#owner(deviceId).pendingCommands(deviceId)
  }

  async deviceCounts(): Promise<DeviceCount[]> {
    const sums = new Map<string, DeviceCount>()
    for (const count of await this.#all((cell) => cell.deviceCounts())) {
      const key = `${count.kind}\n${count.districtId}`
      const sum = sums.get(key)
      sums.set(key, sum === undefined ? count : add(sum, count))
    }
    return [...sums.values()]
  }

  casesSince(endedAfter: Instant): Promise<Case[]> {
    return this.#all((cell) => cell.casesSince(endedAfter))
  }

  async caseMoments(after: CaseMomentMark, limit: number): Promise<CaseMoment[]> {
    const moments = await this.#all((cell) => cell.caseMoments(after, limit))
    return moments.sort(byMoment).slice(0, limit)
  }

  async close(): Promise<void> {
    await Promise.all(this.#cells.map((cell) => cell.close()))
  }

  get #first(): StateReader {
    return this.#cells[0] as StateReader
  }

  #owner(deviceId: string): StateReader {
    return this.#cells[cellOf(deviceId, this.#cells.length)] as StateReader
  }

  async #all<T>(ask: (cell: StateReader) => Promise<T[]>): Promise<T[]> {
    return (await Promise.all(this.#cells.map(ask))).flat()
  }

  /** The answer of the one cell that has one: ids are unique in the whole city. */
  async #any<T>(ask: (cell: StateReader) => Promise<T | null>): Promise<T | null> {
    return (await Promise.all(this.#cells.map(ask))).find((answer) => answer !== null) ?? null
  }

  async #page<T>(
    { limit }: Page,
    ask: (cell: StateReader) => Promise<Paged<T>>,
    order: (a: T, b: T) => number,
    after: (item: T) => string,
  ): Promise<Paged<T>> {
    const pages = await Promise.all(this.#cells.map(ask))
    const found = pages.flatMap(({ items }) => items).sort(order)
    const items = found.slice(0, limit)
    const last = items.at(-1)
    const more = found.length > limit || pages.some(({ next }) => next !== null)
    return { items, next: more && last !== undefined ? after(last) : null }
  }
}

/** As SQLite compares text: ids are ASCII. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

type Named = { readonly id: string }

const byId = (a: Named, b: Named) => compare(a.id, b.id)
const byDeviceAndRule = (a: AlertRow, b: AlertRow) =>
  compare(a.deviceId, b.deviceId) || compare(a.ruleId, b.ruleId)
const byOpening = (a: Case, b: Case) => b.openedAt - a.openedAt || byId(a, b)
const byReceipt = <T extends Named & { readonly receivedAt: Instant }>(a: T, b: T) =>
  b.receivedAt - a.receivedAt || byId(a, b)
const byMoment = (a: CaseMoment, b: CaseMoment) =>
  a.at - b.at || byId(a.case, b.case) || Number(a.ended) - Number(b.ended)

function add(a: DeviceCount, b: DeviceCount): DeviceCount {
  return {
    ...a,
    total: a.total + b.total,
    online: a.online + b.online,
    silent: a.silent + b.silent,
  }
}
