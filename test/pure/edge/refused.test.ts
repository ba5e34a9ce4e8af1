import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fastify } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { expect, test } from 'vitest'
import { typed } from '../../../src/api/instance.ts'
import type { ApiParts } from '../../../src/api/ports.ts'
import { installProblems } from '../../../src/api/problem.ts'
import { refusedRoutes } from '../../../src/api/routes/refused.ts'
import { openBooks, readRefused } from '../../../src/store/influxdb/books.ts'
import type { TelemetryReader } from '../../../src/store/telemetry-port.ts'
import { freshFolder } from '../../support/places.ts'
import { T0 } from '../../support/records.ts'

/** Books that keep five refused readings, numbered from 1. */
function refusals(): Pick<TelemetryReader, 'refused'> {
  const file = join(freshFolder(), 'books.db')
  const books = openBooks(file)
  const readings = [1, 2, 4, 5, 7].map((n) => ({
    reading: {
      deviceId: 'dust-1',
      kind: 'dust',
      observedAt: T0,
      receivedAt: T0,
      seq: null,
      fields: {},
      unknownFields: [],
    },
    reason: 'field type conflict',
    line: `dust,device=dust-1 pm10=${n}`,
  }))
  books.settle(1, [], readings)
  books.close()
  const db = new DatabaseSync(file, { readOnly: true })
  return { refused: async (page) => readRefused(db, page) }
}

async function list(query: string) {
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  installProblems(app)
  refusedRoutes(typed(app), { telemetry: refusals() } as unknown as ApiParts)
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
  expect(ids).toEqual(['5', '4', '3', '2', '1'])
  const { body } = await list('limit=1')
  expect(body.items[0]).toEqual({
    id: '5',
    at: expect.stringMatching(/Z$/),
    kind: 'dust',
    deviceId: 'dust-1',
    observedAt: '2026-11-22T00:00:00.000Z',
    reason: 'field type conflict',
    line: 'dust,device=dust-1 pm10=7',
  })
  expect((await list('limit=5')).body.nextCursor).toBeNull()
})

test('a cursor that was not given is refused', async () => {
  const { status, body } = await list(`cursor=${Buffer.from('7x').toString('base64url')}`)
  expect([status, body.code]).toEqual([400, 'VALIDATION'])
})
