import { z } from 'zod'
import { isoUtc } from '../../model/time.ts'
import type { RefusedReading } from '../../store/telemetry-port.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem } from '../problem.ts'
import { pageQuery, readPage, writePage } from '../requests.ts'
import { pageShape } from '../shapes.ts'

const refusedShape = z.object({
  id: z.string(),
  at: z.string().describe('When the store refused it'),
  kind: z.string(),
  deviceId: z.string(),
  observedAt: z.string(),
  reason: z.string().describe("The store's own words"),
  line: z.string().describe('What was sent, in line protocol'),
})

/** Readings that were accepted, and that the telemetry store would not take. */
export function refusedRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/telemetry/refused',
    {
      schema: {
        tags: ['telemetry'],
        summary: 'Readings that the telemetry store refused, newest first',
        querystring: z.object(pageQuery),
        response: { 200: pageShape(refusedShape) },
      },
    },
    async ({ query }) => {
      const { limit, after } = readPage(query)
      // One more than asked for tells that there is a next page.
      const found = await parts.telemetry.refused({ limit: limit + 1, before: readId(after) })
      const items = found.slice(0, limit)
      const next = found.length > limit ? String(items.at(-1)?.id) : null
      return writePage({ items, next }, shapeRefused)
    },
  )
}

function readId(after: string | null): number | null {
  if (after === null) return null
  if (/^\d{1,15}$/.test(after)) return Number(after)
  throw problem('VALIDATION', {
    faults: [{ path: 'query.cursor', message: 'not a cursor of ours' }],
  })
}

function shapeRefused(it: RefusedReading): z.output<typeof refusedShape> {
  return { ...it, id: String(it.id), at: isoUtc(it.at), observedAt: isoUtc(it.observedAt) }
}
