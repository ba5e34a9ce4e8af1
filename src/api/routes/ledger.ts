import { z } from 'zod'
import { utcDay } from '../../model/time.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'

const line = z.object({
  kind: z.string(),
  received: z.number(),
  stored: z.number(),
  quarantined: z.number(),
  duplicate: z.number(),
  shed: z.number(),
  pending: z.number(),
})

const ledgerShape = z.object({
  day: z.string(),
  ...line.omit({ kind: true }).shape,
  balanced: z
    .boolean()
    .describe('received = stored + quarantined + duplicate + shed + pending, in every line'),
  kinds: z.array(line),
})

/** The day's balance, in readings. Days are UTC days of receipt. */
export function ledgerRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/ledger',
    {
      schema: {
        tags: ['ledger'],
        summary: 'What became of every reading of a day',
        querystring: z.object({ day: z.iso.date().optional() }),
        response: { 200: ledgerShape },
      },
    },
    async ({ query }) => {
      const page = await parts.ask('ledger.page', { day: query.day ?? utcDay(parts.clock.now()) })
      const { kind: _all, ...total } = page.total
      return { day: page.day, ...total, balanced: page.balanced, kinds: [...page.kinds] }
    },
  )
}
