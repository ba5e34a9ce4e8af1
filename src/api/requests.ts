import { z } from 'zod'
import type { Paged } from '../store/state-reader-port.ts'
import { problem } from './problem.ts'

/** Pieces of requests that many routes share. */

/** `limit` and `cursor` of a list. The cursor is opaque: base64url of the store's own. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(1000).optional(),
}

/** A moment: ISO 8601 with offset, or epoch milliseconds. */
export const instantQuery = z
  .union([
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .optional()

/** `true` or `false` in a query. */
export const flagQuery = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional()

export const idParams = z.object({ id: z.string().min(1).max(128) })

export function readPage(query: { limit: number; cursor?: string | undefined }) {
  if (query.cursor === undefined) return { limit: query.limit, after: null }
  const after = Buffer.from(query.cursor, 'base64url').toString('utf8')
  if (after === '' || Buffer.from(after).toString('base64url') !== query.cursor) {
    throw problem('VALIDATION', {
      faults: [{ path: 'query.cursor', message: 'not a cursor of ours' }],
    })
  }
  return { limit: query.limit, after }
}

export function writePage<T, U>(page: Paged<T>, shape: (item: T) => U) {
  return {
    items: page.items.map(shape),
    nextCursor: page.next === null ? null : Buffer.from(page.next).toString('base64url'),
  }
}
