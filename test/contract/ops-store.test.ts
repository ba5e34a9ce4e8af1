import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Case } from '../../src/cases/case.ts'
import { startExporter } from '../../src/exporter/client.ts'
import { Exporter } from '../../src/exporter/exporter.ts'
import type { ExporterMessage } from '../../src/exporter/protocol.ts'
import { type Instant, MINUTE } from '../../src/model/time.ts'
import { connectInflux, type Series } from '../../src/store/influxdb/connection.ts'
import { openInfluxOpsStore } from '../../src/store/influxdb/ops.ts'
import { openStateReader, openStateStore } from '../../src/store/open.ts'
import type { OpsPoint } from '../../src/store/ops-port.ts'
import { aCase } from '../support/case.ts'
import { eventually } from '../support/eventually.ts'
import { casesChange, healthSample, severityEvent } from '../support/exporter.ts'
import { describeWith, INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'
import { freshFolder, until } from '../support/places.ts'
import { T0 } from '../support/records.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'
import { TEST_CITY, testDevice } from '../support/world.ts'

/** What src/store/ops-port.ts promises, and what the exporter leaves in the buckets. */

for (const kind of INFLUX_SERVERS) {
  describeWith(kind)(`ops and case events: ${kind.name}`, () => {
    let server: InfluxServer
    let buckets = 0
    beforeAll(async () => {
      server = await kind.start()
    })
    afterAll(() => server?.stop())

    async function place() {
      const location = server.location(`o${++buckets}`)
      await server.createBucket(location.opsBucket)
      await server.createBucket(location.casesBucket)
      const store = openInfluxOpsStore(location)
      onTestFinished(() => store.close())
      return {
        location,
        store,
        ops: (influxql: string) => server.query(location.opsBucket, influxql),
        events: (influxql: string) => server.query(location.casesBucket, influxql),
      }
    }

    describe('the store', () => {
      test('what is written comes back, tags and all', async () => {
        const { store, ops } = await place()
        const tags = { district: '东 区, a=b', kind: 'a\\b' }
        const fields = { open: 3, oldest_s: 0.125, lat: -1e-7 }
        expect(await store.write([point({ tags, fields })])).toBeNull()
        expect(rows(await ops('SELECT * FROM "case_count"'))).toEqual([
          { time: T0, ...tags, ...fields },
        ])
      })

      test('many points, and the same ones again, are there once', async () => {
        const { store, ops } = await place()
        const points = Array.from({ length: 12_000 }, (_, i) =>
          point({ tags: { case_id: `case-${i}` } }),
        )
        await store.write(points)
        await store.write(points)
        expect(rows(await ops('SELECT count("open") FROM "case_count"'))).toMatchObject([
          { count: 12_000 },
        ])
      })

      test('case events keep the part below a millisecond', async () => {
        const { store, events } = await place()
        expect(await store.newestCaseEvent()).toBeNull()
        const at = (nanos: number, ms = T0) =>
          point({ measurement: 'case_event', fields: { count: 1 }, at: ms, nanos })
        await store.writeCaseEvents([at(7), at(999_999), at(7), at(0, T0 - 5)])
        const found = rows(await events('SELECT "count" FROM "case_event"'))
        expect(found.map(({ time }) => time)).toEqual([T0 - 5, T0, T0])
        expect(await store.newestCaseEvent()).toBe(T0)
      })

      test('points that the server will not take are told, the others are kept', async () => {
        const { store, location, ops } = await place()
        const connection = connectInflux(location)
        await connection.write(location.opsBucket, 'ms', [`case_count open="many" ${T0 - 1}`])
        await connection.close()
        const good = point({ measurement: 'devices', fields: { total: 1 } })
        expect(await store.write([point(), good])).toMatch(/field type conflict/)
        expect(rows(await ops('SELECT * FROM "devices"'))).toMatchObject([{ total: 1 }])
      })

      test('a missing bucket and a server that is away reject', async () => {
        const { store, location } = await place()
        expect(await store.write([])).toBeNull()
        const away = { code: 'TELEMETRY_UNAVAILABLE' }
        const nowhere = openInfluxOpsStore({ ...location, opsBucket: 'nowhere' })
        await expect(nowhere.write([point()])).rejects.toMatchObject(away)
        const nobody = openInfluxOpsStore({ ...location, url: 'http://127.0.0.1:1' })
        await expect(nobody.write([point()])).rejects.toMatchObject(away)
        await expect(nobody.newestCaseEvent()).rejects.toMatchObject(away)
      })
    })

    describe('the exporter', () => {
      /** A state on disk, an exporter that can be started again, and the bucket. */
      async function city() {
        const at = await place()
        const dataDir = freshFolder()
        const state = openStateStore({ dataDir })
        let cursor = 0
        const told: ExporterMessage[] = []
        let exporter = start()
        function start() {
          return new Exporter({
            state: openStateReader({ dataDir }),
            store: at.store,
            city: TEST_CITY,
            kinds: ['probe'],
            tell: (message) => told.push(message),
          })
        }
        return {
          ...at,
          state,
          dataDir,
          restart: () => {
            exporter = start()
          },
          commit: (it: Case, type?: 'open' | 'severity', when?: Instant) =>
            state.commit(
              casesChange(
                ++cursor,
                [it],
                type === undefined ? [] : [{ caseId: it.id, event: severityEvent(it, type, when) }],
              ),
            ),
          async turn(now: Instant) {
            const before = told.length
            exporter.take(healthSample(now))
            await until(() => told.length > before)
            expect(told.at(-1)).toMatchObject({ type: 'exported' })
          },
          /** Every point of case_open: minute, severity, open. */
          async story() {
            const found = rows(await at.ops('SELECT "open", "severity" FROM "case_open"'))
            return found
              .map(({ time, severity, open }) => [
                (Number(time) - T0) / MINUTE,
                severity as string,
                open as number,
              ])
              .sort()
          },
        }
      }

      test('a case closed is 0 for 15 minutes, also after a restart, then nothing', async () => {
        const { commit, turn, restart, story } = await city()
        const it = aCase()
        await commit(it, 'open')
        await turn(T0 + MINUTE)
        await commit({ ...it, status: 'closed', closedAt: T0 + 2 * MINUTE })
        await turn(T0 + 3 * MINUTE)
        restart()
        await turn(T0 + 9 * MINUTE)
        await turn(T0 + 18 * MINUTE)
        expect(await story()).toEqual([
          [1, 'major', 1],
          [3, 'major', 0],
          [9, 'major', 0],
        ])
      })

      test('an escalation closes the series of before, also after a restart', async () => {
        const { commit, turn, restart, story } = await city()
        const it = aCase({ severity: 'minor' })
        await commit(it, 'open')
        await turn(T0 + MINUTE)
        await commit({ ...it, severity: 'critical' }, 'severity', T0 + 2 * MINUTE)
        await turn(T0 + 2 * MINUTE)
        restart()
        await turn(T0 + 3 * MINUTE)
        expect(await story()).toEqual([
          [1, 'minor', 1],
          [2, 'critical', 1],
          [2, 'minor', 0],
          [3, 'critical', 1],
          [3, 'minor', 0],
        ])
      })

      test('a case event is one point however often it is written, two cases are two', async () => {
        const { commit, turn, restart, events } = await city()
        const it = aCase({ districtId: 'd1' })
        await commit(it, 'open')
        await commit(aCase({ id: 'case-2', deviceId: 'dev-2', districtId: 'd1' }), 'open')
        await turn(T0 + MINUTE)
        restart()
        const closedAt = T0 + 2 * MINUTE
        await commit({ ...it, severity: 'critical', unitId: 'u', status: 'closed', closedAt })
        await turn(T0 + 3 * MINUTE)
        const found = rows(
          await events(
            'SELECT "count", "duration_s", "event", "severity", "unit" FROM "case_event"',
          ),
        )
        expect(found).toHaveLength(3)
        expect(found).toMatchObject([
          { time: T0, event: 'opened', severity: 'major', unit: 'unit-1', duration_s: null },
          { time: T0, event: 'opened', severity: 'major', unit: 'unit-1', duration_s: null },
          { time: closedAt, event: 'closed', severity: 'critical', unit: 'u', duration_s: 120 },
        ])
      })

      test('after an outage it goes on with what is so then, and lacks no case event', async () => {
        const { commit, state, location, dataDir, ops, events } = await city()
        await state.commit({
          ...casesChange(100, []),
          devices: [testDevice('waterlogging', 'w-1', { districtId: 'd1' })],
        })
        await commit(aCase({ kind: 'waterlogging' }), 'open')
        await server.kill9()
        let now = T0
        const troubles: string[] = []
        const exported: number[] = []
        const exporter = startExporter({
          dataDir,
          cells: 1,
          city: TEST_CITY,
          location,
          sample: () => healthSample(++now),
          onTrouble: (message) => troubles.push(message),
          onExported: ({ at }) => exported.push(at),
        })
        await eventually(() => troubles.length === 2)
        await exporter.close()
        expect(exported).toEqual([])
        await server.restart()
        const again = startExporter({
          dataDir,
          cells: 1,
          city: TEST_CITY,
          location,
          sample: () => healthSample(++now),
          onTrouble: (message) => troubles.push(message),
          onExported: ({ at }) => exported.push(at),
        })
        await eventually(() => exported.length === 1)
        await again.close()
        expect(troubles).toHaveLength(2)
        const [beat] = rows(await ops('SELECT * FROM "service"'))
        expect(beat).toMatchObject({ time: T0 + 2, up: 1, uptime_s: 30 })
        expect(rows(await ops('SELECT * FROM "devices"'))).toMatchObject([
          { district: 'd1', kind: 'waterlogging', total: 1, online: 0, silent: 0 },
        ])
        // Every kind of the catalogue, in the city's district and in none.
        const counts = rows(await ops('SELECT * FROM "case_count"'))
        expect(counts).toHaveLength(6 * 2 * 3)
        expect(counts.filter(({ open }) => open === 1)).toMatchObject([
          { district: 'none', kind: 'waterlogging', severity: 'major' },
        ])
        expect(rows(await events('SELECT * FROM "case_event"'))).toHaveLength(1)
      })
    })
  })
}

test('a request that is too large is cut until it is taken', async () => {
  const sizes: number[] = []
  const server = await startScriptedInflux(({ body }) => {
    const lines = body.split('\n').length
    sizes.push(lines)
    return lines > 3 ? { status: 413 } : { status: 204 }
  })
  const store = openInfluxOpsStore(server.location())
  onTestFinished(() => store.close())
  const points = Array.from({ length: 10 }, (_, i) => point({ tags: { i: `${i}` } }))
  expect(await store.write(points)).toBeNull()
  expect(sizes).toEqual([10, 5, 3, 2, 5, 3, 2])
})

test('a closing lets a write end that waits for its answer', async () => {
  const server = await startScriptedInflux(() => 'silence')
  const store = openInfluxOpsStore(server.location())
  const written = store.write([point()])
  await eventually(() => server.requests.length === 1)
  await store.close()
  await expect(written).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' })
})

function point(more: Partial<OpsPoint> = {}): OpsPoint {
  return { measurement: 'case_count', tags: {}, fields: { open: 1 }, at: T0, ...more }
}

/** Rows of an answer, by column. */
function rows(series: readonly Series[]): Record<string, unknown>[] {
  return series.flatMap(({ columns, values }) =>
    values.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
  )
}
