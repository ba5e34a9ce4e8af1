import { z } from 'zod'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { pageQuery, readPage, writePage } from '../requests.ts'
import { alertShape, pageShape, shapeAlert } from '../shapes.ts'

/** Rule states that are pending or firing. */
export function alertRoutes(app: ApiInstance, parts: ApiParts): void {
  const querystring = z.object({
    ...pageQuery,
    kind: z.string().optional(),
    deviceId: z.string().optional(),
    ruleId: z.string().optional(),
    state: z.enum(['pending', 'firing']).optional(),
  })
  app.get(
    '/alerts',
    {
      schema: {
        tags: ['alerts'],
        summary: 'Alerts that are pending or firing',
        querystring,
        response: { 200: pageShape(alertShape) },
      },
    },
    async ({ query }) => writePage(await parts.state.alerts(query, readPage(query)), shapeAlert),
  )
}
