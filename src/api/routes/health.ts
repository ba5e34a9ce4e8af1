import { z } from 'zod'
import { isoUtc } from '../../model/time.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'

/** Live, ready, metrics: without a token, for whatever watches the service. */
export function healthRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags: ['service'],
        summary: "Live: the process answers. Tells the service's clock",
        security: [],
        response: {
          200: z.object({ status: z.literal('ok'), time: z.string(), clockSpeed: z.number() }),
        },
      },
    },
    async () => ({
      status: 'ok' as const,
      time: isoUtc(parts.clock.now()),
      clockSpeed: parts.clock.speed,
    }),
  )

  const readiness = z.object({
    status: z.enum(['ready', 'not ready']),
    troubles: z.array(z.string()),
    warnings: z
      .array(z.string())
      .describe('Wrong, but every message is taken: such as a telemetry store that is away'),
  })
  app.get(
    '/readyz',
    {
      schema: {
        tags: ['service'],
        summary: 'Ready: messages are taken and promised',
        security: [],
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_request, reply) => {
      const troubles = parts.troubles()
      const warnings = parts.warnings()
      return troubles.length === 0
        ? { status: 'ready' as const, troubles, warnings }
        : reply.code(503).send({ status: 'not ready', troubles, warnings })
    },
  )

  app.get(
    '/metrics',
    { schema: { tags: ['service'], summary: 'Prometheus text', security: [] } },
    async (_request, reply) => {
      reply.type(parts.metrics.contentType)
      return parts.metrics.metrics()
    },
  )
}
