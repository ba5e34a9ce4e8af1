import { z } from 'zod'
import { parseTopic } from '../../model/topics.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem } from '../problem.ts'
import { idParams, pageQuery, readPage, writePage } from '../requests.ts'
import { pageShape, quarantinedShape, shapeQuarantined } from '../shapes.ts'

const replayed = z.object({
  id: z.string(),
  released: z.boolean().describe('True where every reading was taken'),
  remaining: quarantinedShape.nullable(),
})

/** Messages that were acknowledged but not taken, with their reasons. */
export function quarantineRoutes(app: ApiInstance, parts: ApiParts): void {
  const querystring = z.object({
    ...pageQuery,
    deviceId: z.string().optional(),
    kind: z.string().optional(),
    code: z.string().optional(),
  })
  app.get(
    '/quarantine',
    {
      schema: {
        tags: ['quarantine'],
        summary: 'Quarantined messages, newest first',
        querystring,
        response: { 200: pageShape(quarantinedShape) },
      },
    },
    async ({ query }) =>
      writePage(await parts.state.quarantine(query, readPage(query)), shapeQuarantined),
  )

  app.get(
    '/quarantine/:id',
    {
      schema: {
        tags: ['quarantine'],
        summary: 'A quarantined message',
        params: idParams,
        response: { 200: quarantinedShape },
      },
    },
    async ({ params }) => shapeQuarantined(await find(params.id)),
  )

  app.post(
    '/quarantine/:id/replay',
    {
      schema: {
        tags: ['quarantine'],
        summary: 'Decode a message again, after its device was registered or its kind mended',
        params: idParams,
        response: { 200: replayed },
      },
    },
    async ({ params }) => {
      const message = await find(params.id)
      if (parseTopic(message.topic)?.channel !== 'telemetry') throw problem('NOT_REPLAYABLE')
      await parts.replay(params.id)
      const remaining = await parts.state.quarantined(params.id)
      return {
        id: params.id,
        released: remaining === null,
        remaining: remaining === null ? null : shapeQuarantined(remaining),
      }
    },
  )

  async function find(id: string) {
    const message = await parts.state.quarantined(id)
    if (message === null) throw problem('QUARANTINE_NOT_FOUND')
    return message
  }
}
