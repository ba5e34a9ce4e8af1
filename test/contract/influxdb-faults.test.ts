import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY } from '../../src/model/time.ts'
import { openBooks, readRefused } from '../../src/store/influxdb/books.ts'
import { connectInflux } from '../../src/store/influxdb/connection.ts'
import { influxPlace, probeReading } from '../support/influx-readings.ts'
import { freshFolder } from '../support/places.ts'
import { T0 } from '../support/records.ts'
import {
  SCRIPTED_TOKEN,
  type ScriptedAnswer,
  startScriptedInflux,
} from '../support/scripted-influx.ts'

/** The InfluxDB adapter and servers that answer badly, or not at all: made up, so always here. */

const DAY_OF_T0 = '2026-11-22'
const TAKEN: ScriptedAnswer = { status: 204 }

function manyReadings(count: number, bad: (i: number) => boolean = () => false) {
  return Array.from({ length: count }, (_, i) => probeReading(i, { level: bad(i) ? -1 : 1 }))
}

/** A server that takes all lines of a request or none, and says so in words as 2.x does. */
function judge(taken: Set<string>) {
  return ({ body }: { body: string }): ScriptedAnswer => {
    const lines = body.split('\n')
    const bad = lines.find((line) => line.includes('level=-1'))
    if (bad !== undefined) {
      const message = `unable to parse '${bad}': bad level`
      return { status: 400, body: JSON.stringify({ code: 'invalid', message }) }
    }
    for (const line of lines) taken.add(line)
    return TAKEN
  }
}

describe('lines that are refused', () => {
  test('exactly they are set aside, wherever they are, and all others are stored', async () => {
    const positions = fc.uniqueArray(fc.nat(199), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(positions, async (bad) => {
        const taken = new Set<string>()
        const fake = await startScriptedInflux(judge(taken))
        const at = influxPlace(fake.location())
        const store = at.open()
        await store.append({ readings: manyReadings(200, (i) => bad.includes(i)), upTo: 1 })
        expect(taken.size).toBe(200 - bad.length)
        const refused = (await at.reader().refused({ limit: 1000, after: null })).items
        expect(refused.map(({ observedAt }) => observedAt - T0).toSorted((a, b) => a - b)).toEqual(
          bad.toSorted((a, b) => a - b),
        )
        expect(refused.every(({ reason }) => reason.endsWith('bad level'))).toBe(true)
        await store.close()
      }),
      { numRuns: 20 },
    )
  })

  test('one in five thousand is found in few requests', async () => {
    const fake = await startScriptedInflux(judge(new Set()))
    const store = influxPlace(fake.location()).open()
    await store.append({ readings: manyReadings(5000, (i) => i === 3210), upTo: 1 })
    expect(await store.tally(DAY_OF_T0)).toMatchObject({
      written: [{ readings: 4999 }],
      refused: [{ readings: 1 }],
    })
    expect(fake.requests.length).toBeLessThan(30)
  })

  test('where the server says it dropped all, it is not asked again', async () => {
    const message = 'partial write: field type conflict: input field "level" dropped=50'
    const fake = await startScriptedInflux(() => ({
      status: 422,
      body: JSON.stringify({ message }),
    }))
    const store = influxPlace(fake.location()).open()
    await store.append({ readings: manyReadings(50), upTo: 1 })
    expect(await store.tally(DAY_OF_T0)).toMatchObject({ written: [], refused: [{ readings: 50 }] })
    expect(fake.requests).toHaveLength(1)
  })

  test('the newest are kept to be looked at, all are counted', () => {
    const file = join(freshFolder(), 'books.db')
    const books = openBooks(file, 3)
    const refused = manyReadings(5).map((reading, i) => ({ reading, reason: 'no', line: `${i}` }))
    books.settle(1, manyReadings(7), refused)
    expect(books.tally(DAY_OF_T0)).toMatchObject({
      written: [{ readings: 2 }],
      refused: [{ readings: 5 }],
    })
    const reading = new DatabaseSync(file, { readOnly: true })
    const kept = readRefused(reading, { limit: 10, after: null })
    expect(kept.items.map(({ line }) => line)).toEqual(['4', '3', '2'])
    reading.close()
    books.close()
  })
})

describe('requests', () => {
  test('are packed, carry the token, and hold 5000 lines and less than 4 MB', async () => {
    const fake = await startScriptedInflux(() => TAKEN)
    const at = influxPlace(fake.location())
    at.districts.set('dev-1', '区'.repeat(400))
    await at.open().append({ readings: manyReadings(12_000), upTo: 1 })
    const sizes = fake.requests.map(({ body }) => [
      body.split('\n').length,
      Buffer.byteLength(body),
    ])
    expect(sizes.reduce((sum, [lines]) => sum + (lines ?? 0), 0)).toBe(12_000)
    expect(Math.max(...sizes.map(([lines]) => lines ?? 0))).toBeLessThanOrEqual(5000)
    expect(Math.max(...sizes.map(([, bytes]) => bytes ?? 0))).toBeLessThan(4_000_000)
    for (const { headers } of fake.requests) {
      expect(headers['content-encoding']).toBe('gzip')
      expect(headers.authorization).toBe(`Token ${SCRIPTED_TOKEN}`)
    }
  })

  test('that are too large are halved', async () => {
    const taken = new Set<string>()
    const fake = await startScriptedInflux(({ body }) => {
      const lines = body.split('\n')
      if (lines.length > 100) return { status: 413, body: '{"code":"request too large"}' }
      for (const line of lines) taken.add(line)
      return TAKEN
    })
    const store = influxPlace(fake.location()).open()
    await store.append({ readings: manyReadings(1000), upTo: 1 })
    expect(taken.size).toBe(1000)
    expect(await store.tally(DAY_OF_T0)).toMatchObject({
      written: [{ readings: 1000 }],
      refused: [],
    })
  })

  test('that are too large as one line are a fault of the set-up: nothing is lost by it', async () => {
    const fake = await startScriptedInflux(() => ({ status: 413, body: '{}' }))
    const store = influxPlace(fake.location()).open()
    const failure = store.append({ readings: manyReadings(2), upTo: 1 })
    await expect(failure).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
    expect(await store.tally(DAY_OF_T0)).toEqual({ cursor: 0, written: [], refused: [] })
  })
})

describe('an answer that is no word about the lines', () => {
  test.each<[string, ScriptedAnswer | 'hang up']>([
    ["a proxy's 200", { status: 200, body: '<html>welcome</html>', type: 'text/html' }],
    ["a proxy's 400", { status: 400, body: '<html>bad request</html>', type: 'text/html' }],
    [
      'a server with TLS, asked without',
      {
        status: 400,
        body: 'Client sent an HTTP request to an HTTPS server.\n',
        type: 'text/plain',
      },
    ],
    ['a 400 without a word', { status: 400 }],
    ['a redirect', { status: 302, body: '' }],
    ['no rights', { status: 403, body: `{"message":"${SCRIPTED_TOKEN} may not write"}` }],
    ['too fast', { status: 429, body: '{"message":"slow down"}' }],
    ['full', { status: 500, body: '{"message":"cache-max-memory-size exceeded"}' }],
    ['busy', { status: 503, body: '{"message":"busy"}' }],
    ['a lost connection', 'hang up'],
  ])('%s: all waits and is tried again', async (_, answer) => {
    let well = false
    const fake = await startScriptedInflux(() => (well ? TAKEN : answer))
    const at = influxPlace(fake.location())
    const store = at.open()
    const batch = { readings: manyReadings(20), upTo: 3 }
    const failure = await store.append(batch).catch((error) => error)
    expect(failure).toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
    expect(failure.message).not.toContain(SCRIPTED_TOKEN)
    expect(await store.tally(DAY_OF_T0)).toEqual({ cursor: 0, written: [], refused: [] })
    // One request: it is the caller who tries again.
    expect(fake.requests).toHaveLength(1)
    well = true
    await store.append(batch)
    expect(await store.tally(DAY_OF_T0)).toMatchObject({ cursor: 3, written: [{ readings: 20 }] })
    expect(fake.requests[1]?.body).toBe(fake.requests[0]?.body)
  })

  test('a server that never answers is given up, and keeps no socket', async () => {
    let well = false
    const fake = await startScriptedInflux(() => (well ? TAKEN : 'silence'))
    const connection = connectInflux(fake.location(), 50)
    // More than there are sockets: a request that kept its own would stop the last ones.
    for (let i = 0; i < 6; i++) {
      const answer = await connection.write('telemetry', 'ms', ['m f=1 1'])
      expect(answer).toMatchObject({ ok: false, status: null, verdict: 'retry' })
    }
    well = true
    expect(await connection.write('telemetry', 'ms', ['m f=1 1'])).toEqual({ ok: true })
    expect(fake.requests).toHaveLength(7)
    await connection.close()
    const closed = await connection.write('telemetry', 'ms', ['m f=1 1'])
    expect(closed).toMatchObject({ ok: false, verdict: 'retry' })
  })
})

describe('pruning', () => {
  const buckets = (everySeconds: number): ScriptedAnswer => ({
    status: 200,
    body: JSON.stringify({ buckets: [{ retentionRules: [{ type: 'expire', everySeconds }] }] }),
  })

  async function deletesOf(bucket: ScriptedAnswer, deleted: ScriptedAnswer) {
    const fake = await startScriptedInflux(({ path }) =>
      path.endsWith('/delete') ? deleted : bucket,
    )
    const store = influxPlace(fake.location()).open()
    const deletes = () => fake.requests.filter(({ path }) => path.endsWith('/delete'))
    return { store, deletes }
  }

  test('is nothing where the bucket keeps no longer', async () => {
    const { store, deletes } = await deletesOf(buckets(30 * 86_400), TAKEN)
    expect(await store.prune(Date.now() - 30 * DAY)).toBe(true)
    expect(deletes()).toEqual([])
  })

  test.each([
    ['keeps longer', buckets(31 * 86_400)],
    ['keeps all', buckets(0)],
    ['does not say', { status: 404, body: '{}' }],
  ])('is asked for once a day where the bucket %s', async (_, bucket) => {
    const { store, deletes } = await deletesOf(bucket, TAKEN)
    const before = T0 - 30 * DAY
    const now = Date.now() - 30 * DAY
    expect(await store.prune(now)).toBe(true)
    expect(await store.prune(now)).toBe(true)
    expect(deletes().map(({ body }) => JSON.parse(body))).toEqual([
      { start: '1970-01-01T00:00:00Z', stop: new Date(now - 1).toISOString() },
    ])
    expect(await store.prune(before + 400 * DAY)).toBe(true)
    expect(deletes()).toHaveLength(2)
  })

  test.each([404, 405])('a server without that call (%s) has its own retention', async (status) => {
    const { store, deletes } = await deletesOf({ status: 404 }, { status })
    expect(await store.prune(T0)).toBe(true)
    expect(deletes()).toHaveLength(1)
  })

  test('a server that is away is asked again', async () => {
    const { store, deletes } = await deletesOf({ status: 404 }, { status: 503, body: 'busy' })
    await expect(store.prune(T0)).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
    await expect(store.prune(T0)).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
    expect(deletes()).toHaveLength(2)
  })
})
