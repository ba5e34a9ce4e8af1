import { AppError } from '../../model/errors.ts'
import type { Instant } from '../../model/time.ts'
import type { Paged } from '../state-reader-port.ts'

/** Pieces that lists are read with: filters, cursors, pages. */

export type Value = string | number

/** A WHERE clause that is put together from the filters that are given. */
export class Where {
  readonly #parts: string[] = []
  readonly values: Value[] = []

  and(sql: string, ...values: Value[]): void {
    this.#parts.push(`(${sql})`)
    this.values.push(...values)
  }

  andIf<T>(given: T | undefined, sql: string, value: (given: T) => Value): void {
    if (given !== undefined) this.and(sql, value(given))
  }

  toString(): string {
    return this.#parts.length === 0 ? '' : `WHERE ${this.#parts.join(' AND ')}`
  }
}

export const same = <T>(given: T): T => given

/** What a cursor of ours looks like inside: where a page ended. */
export const CURSORS = { names: /^([^\n]+)\n([^\n]+)$/, moment: /^(\d{1,15}) (\S+)$/ }

/** A cursor comes from outside: one that is not ours is the caller's fault. */
export function readCursor(after: string, form: RegExp): [string, string] {
  const [, first, second] = form.exec(after) ?? []
  if (first !== undefined && second !== undefined) return [first, second]
  throw strangeCursor()
}

export function strangeCursor(): AppError {
  const faults = [{ path: 'query.cursor', message: 'not a cursor of ours' }]
  return new AppError('VALIDATION', undefined, { faults })
}

/** Where a page ended that has this thing as its last, for each list. */
export const AFTER = {
  device: ({ id }: { id: string }) => id,
  alert: ({ deviceId, ruleId }: { deviceId: string; ruleId: string }) => `${deviceId}\n${ruleId}`,
  case: ({ openedAt, id }: { openedAt: Instant; id: string }) => `${openedAt} ${id}`,
  receipt: ({ receivedAt, id }: { receivedAt: Instant; id: string }) => `${receivedAt} ${id}`,
}

/** One row more than asked for tells that there is a next page. */
export function paged<Row, T>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => T,
  after: (item: T) => string,
): Paged<T> {
  const items = rows.slice(0, limit).map(item)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? after(last) : null }
}
