import { z } from 'zod'
import { isoUtc } from '../../model/time.ts'
import type { RefusedReading } from '../../store/telemetry-port.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
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
    async ({ query }) => writePage(await parts.telemetry.refused(readPage(query)), shapeRefused),
  )
}

function shapeRefused(it: RefusedReading): z.output<typeof refusedShape> {
  return { ...it, at: isoUtc(it.at), observedAt: isoUtc(it.observedAt) }
}
