import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOUR } from '../../src/model/time.ts'
import { connectInflux } from '../../src/store/influxdb/connection.ts'
import { EVERYTHING, influxPlace, probeReading } from '../support/influx-readings.ts'
import { describeWith, INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'
import { T0 } from '../support/records.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'

/** What only the InfluxDB adapter does, on real servers: see influxdb-faults for made-up ones. */

const DAY_OF_T0 = '2026-11-22'

for (const kind of INFLUX_SERVERS) {
  describeWith(kind)(`adapter: ${kind.name}`, () => {
    let server: InfluxServer
    let buckets = 0
    beforeAll(async () => {
      server = await kind.start()
    })
    afterAll(() => server.stop())

    async function place(retentionSeconds = 0) {
      const bucket = `b${++buckets}`
      await server.createBucket(bucket, retentionSeconds)
      return { bucket, ...influxPlace(server.location(bucket)) }
    }

    /** Points of the probe in each district. */
    async function pointsByDistrict(bucket: string): Promise<Record<string, number>> {
      const series = await server.query(
        bucket,
        'SELECT count("receivedAt") FROM "probe" GROUP BY "district"',
      )
      return Object.fromEntries(
        series.map(({ tags, values }) => [tags?.['district'], values[0]?.[1]]),
      )
    }

    describe('what the server will not take is set aside', () => {
      test('a field that has another type there', async () => {
        const at = await place()
        const line = `probe,device=dev-1,district=none level="high" ${T0}`
        const made = await connectInflux(server.location(at.bucket)).write(at.bucket, 'ms', [line])
        expect(made).toEqual({ ok: true })
        const store = at.open()
        const readings = [
          probeReading(1, { flow: 1 }),
          probeReading(2, { level: 2 }),
          probeReading(3, { flow: 3 }),
          probeReading(4, { level: 4, flow: 4 }, { deviceId: 'dev-2' }),
        ]
        await store.append({ readings, upTo: 9 })
        expect(await store.tally(DAY_OF_T0)).toEqual({
          cursor: 9,
          written: [{ day: DAY_OF_T0, kind: 'probe', readings: 2 }],
          refused: [{ day: DAY_OF_T0, kind: 'probe', readings: 2 }],
        })
        const reader = at.reader()
        const [newest, older, ...rest] = (await reader.refused({ limit: 10, after: null })).items
        expect(rest).toEqual([])
        expect(newest).toMatchObject({ kind: 'probe', deviceId: 'dev-2', observedAt: T0 + 4 })
        expect(newest?.reason).toContain('field type conflict')
        expect(newest?.line).toBe(
          `probe,device=dev-2,district=none receivedAt=${T0 + 4},level=4,flow=4 ${T0 + 4}`,
        )
        expect(older).toMatchObject({ deviceId: 'dev-1', observedAt: T0 + 2 })
        const first = await reader.refused({ limit: 1, after: null })
        expect(first).toEqual({ items: [newest], next: newest?.id })
        const second = await reader.refused({ limit: 1, after: first.next })
        expect(second).toEqual({ items: [older], next: null })
        const stored = await reader.range({ ...EVERYTHING, fields: ['flow'] })
        expect(stored.map(({ ts }) => ts - T0)).toEqual([3, 1])
      })

      test('readings from before what the bucket keeps', async () => {
        const at = await place(2 * 3600)
        const now = Date.now()
        const observed = (observedAt: number) =>
          probeReading(0, { level: 1 }, { observedAt, receivedAt: T0 })
        const old = Array.from({ length: 30 }, (_, i) => observed(now - 100 * HOUR - i))
        const good = Array.from({ length: 20 }, (_, i) => observed(now - i))
        const mixed = old.flatMap((one, i) => [one, good[i]]).filter((one) => one !== undefined)
        const store = at.open()
        await store.append({ readings: mixed, upTo: 1 })
        expect(await store.tally(DAY_OF_T0)).toMatchObject({
          written: [{ readings: 20 }],
          refused: [{ readings: 30 }],
        })
        const reader = at.reader()
        expect(await reader.range({ ...EVERYTHING, to: now + HOUR })).toHaveLength(20)
        expect((await reader.refused({ limit: 100, after: null })).items).toHaveLength(30)
      })
    })

    describe('what is wrong with us is not the readings fault', () => {
      test.each([
        [
          'a wrong token',
          (bucket: string) => ({ ...server.location(bucket), token: 'wrong-token' }),
        ],
        ['no such bucket', (bucket: string) => server.location(`${bucket}-elsewhere`)],
      ])('%s: nothing is set aside, and all is stored once it is mended', async (_, wrong) => {
        const at = await place()
        const batch = { readings: [probeReading(1), probeReading(2)], upTo: 2 }
        const misled = at.open(wrong(at.bucket))
        const failure = await misled.append(batch).catch((error) => error)
        expect(failure).toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
        expect(failure.message).toMatch(/answer 40[14]/)
        expect(failure.message).not.toContain('wrong-token')
        expect(await misled.tally(DAY_OF_T0)).toEqual({ cursor: 0, written: [], refused: [] })
        await misled.close()
        const store = at.open()
        await store.append(batch)
        const reader = at.reader()
        expect(await reader.range(EVERYTHING)).toHaveLength(2)
        expect((await reader.refused({ limit: 10, after: null })).items).toEqual([])
      })
    })

    describe('none is there twice', () => {
      test('the answer was lost, the device moved meanwhile, and the batch is cut differently', async () => {
        const at = await place()
        const readings = Array.from({ length: 6 }, (_, i) => probeReading(i))
        at.districts.set('dev-1', 'north')
        // All lines reach the server, its answer does not reach us.
        const behind = connectInflux(server.location(at.bucket))
        const lossy = await startScriptedInflux(async ({ body }) => {
          await behind.write(at.bucket, 'ms', body.split('\n'))
          return 'hang up' as const
        })
        const first = at.open(lossy.location(at.bucket))
        await expect(first.append({ readings, upTo: 6 })).rejects.toMatchObject({
          code: 'TELEMETRY_UNAVAILABLE',
        })
        // Not closed: the process was killed.
        at.districts.set('dev-1', 'south')
        const second = at.open()
        await second.append({ readings: readings.slice(0, 2), upTo: 2 })
        await second.append({ readings: readings.slice(2), upTo: 6 })
        expect(await pointsByDistrict(at.bucket)).toEqual({ north: 6 })
        // Later readings are in the district where the device is now.
        await second.append({ readings: [probeReading(7), probeReading(8)], upTo: 8 })
        expect(await pointsByDistrict(at.bucket)).toEqual({ north: 6, south: 2 })
        const rows = await at.reader().range(EVERYTHING)
        expect(rows.map(({ ts }) => ts - T0)).toEqual([8, 7, 5, 4, 3, 2, 1, 0])
      })

      test('the server is killed while readings come, and comes back', async () => {
        const at = await place()
        const store = at.open()
        const reader = at.reader()
        await store.append({ readings: [probeReading(1), probeReading(2)], upTo: 2 })
        await server.kill9()
        const batch = { readings: [probeReading(3), probeReading(4)], upTo: 4 }
        try {
          await expect(store.append(batch)).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
          const asked = [reader.range(EVERYTHING), reader.kindOf('dev-1')]
          for (const answer of asked) {
            await expect(answer).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
          }
          expect(await store.tally(DAY_OF_T0)).toMatchObject({
            cursor: 2,
            written: [{ readings: 2 }],
          })
          expect((await reader.refused({ limit: 10, after: null })).items).toEqual([])
        } finally {
          await server.restart()
        }
        await store.append(batch)
        expect(await store.cursor()).toBe(4)
        expect((await reader.range(EVERYTHING)).map(({ ts }) => ts - T0)).toEqual([4, 3, 2, 1])
        expect(await pointsByDistrict(at.bucket)).toEqual({ none: 4 })
      })
    })

    describe('districts', () => {
      test('a device that the registry no longer knows stays where it was', async () => {
        const at = await place()
        const store = at.open()
        at.districts.set('dev-1', 'north')
        await store.append({ readings: [probeReading(1)], upTo: 1 })
        at.districts.delete('dev-1')
        const stranger = probeReading(1, { level: 1 }, { deviceId: 'dev-2' })
        await store.append({ readings: [probeReading(2), stranger], upTo: 2 })
        expect(await pointsByDistrict(at.bucket)).toEqual({ north: 2, none: 1 })
      })

      test('a moment in two districts is one row, and what came later holds', async () => {
        const at = await place()
        const store = at.open()
        at.districts.set('dev-1', 'north')
        const early = [0, 1, 2].map((i) => probeReading(i, { level: i, flow: 9 }, { seq: i }))
        await store.append({ readings: early, upTo: 1 })
        at.districts.set('dev-1', 'south')
        const again = [1, 2].map((i) => probeReading(i, { level: 10 + i }, { receivedAt: T0 + 50 }))
        await store.append({ readings: again, upTo: 2 })
        const reader = at.reader()
        const rows = await reader.range(EVERYTHING)
        expect(rows.map(({ ts, fields }) => [ts - T0, fields])).toEqual([
          [2, { level: 12, flow: 9 }],
          [1, { level: 11, flow: 9 }],
          [0, { level: 0, flow: 9 }],
        ])
        expect(rows[0]).toMatchObject({ seq: 2, receivedAt: T0 + 50 })
        for (const limit of [1, 2, 3]) {
          expect(await reader.range({ ...EVERYTHING, limit })).toEqual(rows.slice(0, limit))
        }
      })
    })

    test('whatever names and numbers are, they come back', async () => {
      const at = await place()
      const store = at.open()
      const reader = at.reader()
      const names = fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
        fc.string({ unit: fc.constantFrom(...'\\,= "\'\n#a区'), minLength: 1, maxLength: 6 }),
      )
      const level = fc.double({ noNaN: true, noDefaultInfinity: true })
      let upTo = 0
      await fc.assert(
        fc.asyncProperty(names, names, level, async (name, district, level) => {
          upTo++
          // Different texts may be one tag: a name of its own keeps the examples apart.
          const deviceId = `${upTo} ${name}`
          at.districts.set(deviceId, district)
          const fields = { level, open: upTo % 2 === 0 }
          await store.append({ readings: [probeReading(0, fields, { deviceId })], upTo })
          const rows = await reader.range({ ...EVERYTHING, deviceId })
          expect(rows.map((row) => row.fields)).toEqual([{ ...fields, level: level + 0 }])
          expect(await reader.kindOf(deviceId)).toBe('probe')
        }),
        { numRuns: 60 },
      )
      expect((await reader.refused({ limit: 1, after: null })).items).toEqual([])
      expect(await reader.kindOf("nobody' OR 'a' = 'a")).toBeNull()
    })

    test('pruning is left to a bucket that keeps no longer, and done where it keeps longer', async () => {
      const now = Date.now()
      const old = probeReading(0, { level: 1 }, { observedAt: now - 3 * HOUR })
      const later = probeReading(0, { level: 1 }, { observedAt: now - HOUR })
      for (const retentionSeconds of [0, 4 * 3600]) {
        const at = await place(retentionSeconds)
        const store = at.open()
        await store.append({ readings: [old, later], upTo: 1 })
        expect(await store.prune(now - 2 * HOUR)).toBe(true)
        const rows = await at.reader().range({ ...EVERYTHING, to: now + HOUR })
        expect(rows.map(({ ts }) => ts)).toEqual([later.observedAt])
      }
    })
  })
}
