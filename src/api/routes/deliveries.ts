import { z } from 'zod'
import { DELIVERY_STATUSES, type NewDelivery } from '../../model/delivery.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem } from '../problem.ts'
import { pageQuery, readPage, writePage } from '../requests.ts'
import { deliveryShape, pageShape, shapeDelivery } from '../shapes.ts'
import { checkSignature, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '../signature.ts'

/**
 * Grafana's alert notifications, as its webhook contact point sends them. They are recorded as
 * delivered: whether anyone looked is another matter, which the case itself knows (`seenAt`).
 */

/** A group of a mass outage may hold a thousand alerts. Unsourced default. */
const BODY_BYTES = 4 * 1024 * 1024
const ADDRESS = '/grafana/alerts'

const texts = z.record(z.string(), z.string())
const moment = z.iso.datetime({ offset: true })

const alertBody = z.object({
  status: z.enum(DELIVERY_STATUSES),
  fingerprint: z.string().min(1).max(128),
  startsAt: moment,
  endsAt: moment.nullish().describe('0001-01-01T00:00:00Z while it fires'),
  labels: texts.default({}),
  annotations: texts.default({}),
})

const notification = z
  .object({ receiver: z.string().max(500), alerts: z.array(alertBody).max(10_000) })
  .describe("Grafana's webhook body; what is not named here is not kept")

const counts = z.object({
  recorded: z.number().describe('Alerts that were new'),
  repeated: z.number().describe('Alerts of the same fingerprint, status and start as before'),
})

/** What was delivered, newest first. */
export function deliveryRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    ADDRESS,
    {
      schema: {
        tags: ['grafana'],
        summary: 'Alert notifications that Grafana delivered, newest first',
        querystring: z.object({ ...pageQuery, caseId: z.string().optional() }),
        response: { 200: pageShape(deliveryShape) },
      },
    },
    async ({ query }) =>
      writePage(await parts.state.deliveries(query, readPage(query)), shapeDelivery),
  )
}

/** The webhook itself: instead of the token it asks for Grafana's signature. */
export function webhookRoutes(app: ApiInstance, parts: ApiParts): void {
  // The signature is one of bytes: they are parsed after it was checked.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post(
    ADDRESS,
    {
      bodyLimit: BODY_BYTES,
      schema: {
        tags: ['grafana'],
        summary: "Grafana's webhook contact point: records what it delivered",
        description: `Signed with CURBWATCH_GRAFANA_WEBHOOK_SECRET: ${SIGNATURE_HEADER} is the hex HMAC-SHA256 of "<timestamp>:<body>", ${TIMESTAMP_HEADER} the timestamp in Unix seconds, at most 5 minutes off. Repetitions change nothing.`,
        security: [],
        body: notification,
        response: { 200: counts },
      },
      preValidation: async (request) => {
        request.body = readSigned(request.body, request.headers, parts) as never
      },
    },
    async ({ body }) => {
      const deliveries = body.alerts.map((alert) => newDelivery(body.receiver, alert))
      const { recorded, repeated } = await parts.ask('delivery.record', { deliveries })
      for (const { status } of recorded) parts.delivered(status)
      return { recorded: recorded.length, repeated }
    },
  )
}

function readSigned(
  body: unknown,
  headers: Parameters<typeof checkSignature>[0],
  { webhookSecret, clock }: ApiParts,
): unknown {
  if (webhookSecret === null) throw problem('WEBHOOK_OFF')
  const bytes = body instanceof Uint8Array ? body : new Uint8Array()
  const checked = checkSignature(headers, bytes, webhookSecret, clock.real())
  if (!checked.ok) throw problem(checked.error)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw problem('VALIDATION', { faults: [{ path: 'body', message: 'not JSON' }] })
  }
}

function newDelivery(receiver: string, alert: z.output<typeof alertBody>): NewDelivery {
  const { status, fingerprint, labels, annotations } = alert
  const startsAt = Date.parse(alert.startsAt)
  const endsAt = alert.endsAt == null ? Number.NaN : Date.parse(alert.endsAt)
  return {
    receiver,
    status,
    fingerprint,
    startsAt,
    // Go's zero time stands for "not yet"; a firing alert may also carry when it would time out.
    endsAt: status === 'resolved' && endsAt > 0 ? endsAt : null,
    caseId: labels['case_id'] ?? null,
    labels,
    annotations,
  }
}
