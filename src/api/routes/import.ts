import { parse as parseCsv } from 'csv-parse/sync'
import { z } from 'zod'
import type { Device } from '../../model/device.ts'
import { type ErrorCode, errorInfo, type Fault } from '../../model/errors.ts'
import { fail, ok, type Result } from '../../model/result.ts'
import { buildDevice, createSchema } from '../device-input.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem } from '../problem.ts'

/**
 * Many devices at once, as JSON lines or CSV (a header line with the names of the fields). Good
 * rows are registered even where others are bad; every bad row gets its answer.
 */
const MAX_ROWS = 100_000

const answer = z.object({
  accepted: z.array(z.object({ id: z.string(), secret: z.string() })),
  rejected: z.array(
    z.object({
      row: z.number().describe('From 1, without the header'),
      id: z.string().nullable(),
      code: z.string(),
      message: z.string(),
      errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  ),
})
type Answer = z.output<typeof answer>

interface Refused {
  readonly code: ErrorCode
  readonly faults?: readonly Fault[]
}

export function importRoutes(app: ApiInstance, parts: ApiParts): void {
  app.addContentTypeParser(
    ['application/x-ndjson', 'text/csv'],
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, body)
    },
  )

  app.post(
    '/devices/import',
    {
      bodyLimit: 64 * 1024 * 1024,
      schema: {
        tags: ['devices'],
        summary: 'Register many devices: application/x-ndjson or text/csv, up to 100 000 rows',
        response: { 200: answer },
      },
    },
    async (request) => {
      const rows = readRows(request.headers['content-type'] ?? '', request.body)
      if (rows.length > MAX_ROWS) throw problem('BODY_TOO_LARGE', { detail: `${rows.length} rows` })
      return importRows(parts, rows)
    },
  )
}

/** Rows worked at a time: between two chunks the broker acknowledges, the pipeline commits. */
const CHUNK_ROWS = 500

async function importRows(parts: ApiParts, rows: readonly unknown[]): Promise<Answer> {
  const total: Answer = { accepted: [], rejected: [] }
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const { accepted, rejected } = await importChunk(
      parts,
      rows.slice(from, from + CHUNK_ROWS),
      from,
    )
    total.accepted.push(...accepted)
    total.rejected.push(...rejected)
  }
  return total
}

async function importChunk(
  parts: ApiParts,
  rows: readonly unknown[],
  from: number,
): Promise<Answer> {
  const accepted: Answer['accepted'] = []
  const rejected: Answer['rejected'] = []
  const ready: { row: number; device: Device; secret: string }[] = []
  rows.forEach((value, i) => {
    const row = from + i + 1
    const secret = parts.secrets.create()
    const built = readDevice(parts, value, secret)
    if (built.ok) ready.push({ row, device: built.value, secret })
    else rejected.push(refuse(row, idOf(value), built.error))
  })
  const devices = ready.map((one) => one.device)
  const outcomes = await parts.ask('device.create', { devices })
  outcomes.forEach((outcome, i) => {
    const { row, device, secret } = ready[i] as (typeof ready)[number]
    if (outcome.ok) accepted.push({ id: device.id, secret })
    else rejected.push(refuse(row, device.id, outcome.error))
  })
  return { accepted, rejected: rejected.sort((a, b) => a.row - b.row) }
}

function readDevice(parts: ApiParts, value: unknown, secret: string): Result<Device, Refused> {
  const parsed = createSchema.safeParse(value)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message }))
    return fail({ code: 'VALIDATION', faults })
  }
  const built = buildDevice(parts, parsed.data, parts.secrets.hash(secret))
  return built.ok ? ok(built.value) : fail({ code: built.error })
}

function refuse(
  row: number,
  id: string | null,
  { code, faults }: Refused,
): Answer['rejected'][number] {
  const message = errorInfo(code).title.en
  return faults === undefined
    ? { row, id, code, message }
    : { row, id, code, message, errors: [...faults] }
}

function idOf(value: unknown): string | null {
  const id = (value as { id?: unknown } | null)?.id
  return typeof id === 'string' ? id : null
}

function readRows(contentType: string, body: unknown): unknown[] {
  if (contentType.startsWith('text/csv')) return readCsv(String(body))
  if (contentType.startsWith('application/x-ndjson')) return readLines(String(body))
  if (Array.isArray(body)) return body
  throw problem('VALIDATION', { detail: 'send application/x-ndjson, text/csv, or a JSON array' })
}

function readLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as unknown
      } catch {
        return line
      }
    })
}

const NUMBERS = new Set(['lat', 'lon'])
const KNOWN = new Set(['id', 'kind', 'name', 'lat', 'lon', 'gridCode', 'unitId', 'enabled'])

/** Columns that are no field of a device become attributes. */
function readCsv(text: string): unknown[] {
  let records: Record<string, string>[]
  try {
    records = parseCsv(text, { columns: true, skip_empty_lines: true, trim: true, bom: true })
  } catch (error) {
    throw problem('VALIDATION', {
      detail: error instanceof Error ? error.message : 'unreadable CSV',
    })
  }
  return records.map((record) => {
    const device: Record<string, unknown> = {}
    const attributes: Record<string, string> = {}
    for (const [name, value] of Object.entries(record)) {
      if (value === '') continue
      if (!KNOWN.has(name)) attributes[name] = value
      else if (NUMBERS.has(name)) device[name] = Number(value)
      else device[name] = name === 'enabled' ? value === 'true' : value
    }
    return Object.keys(attributes).length > 0 ? { ...device, attributes } : device
  })
}
