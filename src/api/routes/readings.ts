import { z } from 'zod'
import { allFields } from '../../model/device-kind.ts'
import { DAY, isoUtc, MINUTE, parseDuration, SECOND } from '../../model/time.ts'
import { AGGREGATES } from '../../store/telemetry-port.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem } from '../problem.ts'
import { idParams, instantQuery, pageQuery, readPage } from '../requests.ts'

const readingsQuery = z.object({
  ...pageQuery,
  from: instantQuery.describe('Default: the first reading; with `every`, a day before `to`'),
  to: instantQuery.describe('Exclusive. Default: now'),
  fields: z.string().max(500).optional().describe('Names with commas; default: all'),
  every: z.string().optional().describe('Length of a bucket: 5m, 1h'),
  aggregate: z.enum(AGGREGATES).default('mean'),
})

const value = z.union([z.number(), z.boolean()])
const reading = z.object({ ts: z.string() }).catchall(value.or(z.string()))

/** Readings may be stamped this much ahead of us (MAX_AHEAD of decode). */
const AHEAD = 5 * MINUTE

/** Buckets in one answer at the most. */
const MAX_BUCKETS = 5_000

/** Stored readings of a device: as they came, or in buckets. */
export function readingRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/devices/:id/readings',
    {
      schema: {
        tags: ['devices'],
        summary: 'Readings, newest first; with `every`, buckets, oldest first',
        params: idParams,
        querystring: readingsQuery,
        response: { 200: z.object({ items: z.array(reading), nextCursor: z.string().nullable() }) },
      },
    },
    async ({ params, query }) => {
      // The readings of a device that was removed stay.
      const device = await parts.state.device(params.id)
      const kind = device?.kind ?? (await parts.telemetry.kindOf(params.id))
      if (kind === null) throw problem('DEVICE_NOT_FOUND')
      const page = readPage(query)
      const to = query.to ?? parts.clock.now() + AHEAD
      const from = query.from ?? (query.every === undefined ? 0 : to - DAY)
      const fields = readFields(parts, kind, query.fields)
      const span = { kind, deviceId: params.id, from, to, fields }
      if (query.every !== undefined) return buckets(parts, span, query.every, query.aggregate)
      return newestFirst(
        parts,
        { ...span, to: page.after === null ? to : readCursor(page.after) },
        page.limit,
      )
    },
  )
}

interface Span {
  readonly kind: string
  readonly deviceId: string
  readonly from: number
  readonly to: number
  readonly fields: readonly string[]
}

/** The time of the last reading of the page before. */
function readCursor(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after)
  const faults = [{ path: 'query.cursor', message: 'not a cursor of ours' }]
  throw problem('VALIDATION', { faults })
}

async function newestFirst(parts: ApiParts, span: Span, limit: number) {
  const rows = await parts.telemetry.range({ ...span, limit: limit + 1 })
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(({ ts, receivedAt, seq, fields }) => ({
      ts: isoUtc(ts),
      receivedAt: isoUtc(receivedAt),
      ...(seq === null ? {} : { seq }),
      ...fields,
    })),
    nextCursor:
      rows.length > limit && last ? Buffer.from(String(last.ts)).toString('base64url') : null,
  }
}

async function buckets(
  parts: ApiParts,
  span: Span,
  length: string,
  aggregate: (typeof AGGREGATES)[number],
) {
  const every = parseDuration(length)
  if (every === null || every < SECOND) {
    throw problem('VALIDATION', {
      faults: [{ path: 'query.every', message: 'a duration of 1s or more, such as 5m' }],
    })
  }
  if ((span.to - span.from) / every > MAX_BUCKETS) {
    const message = `more than ${MAX_BUCKETS} buckets: make every longer, or the span shorter`
    throw problem('VALIDATION', { faults: [{ path: 'query.every', message }] })
  }
  const rows = await parts.telemetry.aggregate({ ...span, every, aggregate })
  return {
    items: rows.map(({ ts, count, fields }) => ({ ts: isoUtc(ts), count, ...fields })),
    nextCursor: null,
  }
}

function readFields(parts: ApiParts, kindName: string, text: string | undefined): string[] {
  if (text === undefined) return []
  const kind = parts.kinds.find((one) => one.name === kindName)
  const known = kind === undefined ? {} : allFields(kind)
  const names = text.split(',').filter(Boolean)
  const faults = names
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => ({ path: 'query.fields', message: `${kindName} has no field "${name}"` }))
  if (faults.length > 0) throw problem('VALIDATION', { faults })
  return names
}
