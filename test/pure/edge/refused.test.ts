import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, test } from 'vitest'
import { typed } from '../../../src/api/instance.ts'
import type { ApiParts } from '../../../src/api/ports.ts'
import { installProblems } from '../../../src/api/problem.ts'
import { refusedRoutes } from '../../../src/api/routes/refused.ts'
import type { RefusedReading, TelemetryReader } from '../../../src/store/telemetry-port.ts'
import { T0 } from '../../support/records.ts'

/** Newest first, as the port says. */
const REFUSED = [7, 5, 4, 2, 1].map(
  (id): RefusedReading => ({
    id,
    at: T0 + id,
    kind: 'dust',
    deviceId: 'dust-1',
    observedAt: T0,
    reason: 'field type conflict',
    line: 'dust,device=dust-1 pm10=1',
  }),
)

const telemetry = {
  refused: async ({ limit, before }) =>
    REFUSED.filter(({ id }) => before === null || id < before).slice(0, limit),
} satisfies Pick<TelemetryReader, 'refused'>

async function list(query: string) {
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  installProblems(app)
  refusedRoutes(typed(app), { telemetry } as unknown as ApiParts)
  const answer = await app.inject({ url: `/telemetry/refused?${query}` })
  return { status: answer.statusCode, body: answer.json() }
}

test('refused readings come newest first, page by page, each once, with the reason', async () => {
  const ids: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await list(`limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
    expect(body.items.length).toBeLessThanOrEqual(2)
    ids.push(...body.items.map((it: { id: string }) => it.id))
    cursor = body.nextCursor
  }
  expect(ids).toEqual(['7', '5', '4', '2', '1'])
  const { body } = await list('limit=1')
  expect(body.items[0]).toEqual({
    id: '7',
    at: '2026-11-22T00:00:00.007Z',
    kind: 'dust',
    deviceId: 'dust-1',
    observedAt: '2026-11-22T00:00:00.000Z',
    reason: 'field type conflict',
    line: 'dust,device=dust-1 pm10=1',
  })
  expect((await list('limit=5')).body.nextCursor).toBeNull()
})

test('a cursor that was not given is refused', async () => {
  const { status, body } = await list(`cursor=${Buffer.from('7x').toString('base64url')}`)
  expect([status, body.code]).toEqual([400, 'VALIDATION'])
})
