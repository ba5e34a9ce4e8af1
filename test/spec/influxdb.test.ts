import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { describeWith, INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'
import { runCurbwatch } from '../support/process.ts'
import { AT_NOON, type Doc, iso, MINUTE, SECOND, Service } from '../support/service.ts'

/** The service with its telemetry in a real InfluxDB, seen over MQTT and HTTP. */

let buckets = 0

for (const choice of INFLUX_SERVERS) {
  describeWith(choice)(`telemetry in ${choice.name}`, () => {
    let influx: InfluxServer
    const services: Service[] = []
    beforeAll(async () => {
      influx = await choice.start()
    })
    afterEach(async () => {
      for (const service of services.splice(0)) await service.stop()
    })
    afterAll(() => influx.stop())

    /** A service whose telemetry goes to a bucket of its own. */
    async function start(more: Record<string, string> = {}) {
      const bucket = `city-${++buckets}`
      for (const name of [bucket, `${bucket}-ops`, `${bucket}-cases`])
        await influx.createBucket(name)
      const env = { ...AT_NOON, ...settings(bucket), ...more }
      const service = await Service.start(env)
      services.push(service)
      return { service, bucket }
    }

    function settings(bucket: string) {
      const names = `org=${influx.org}&bucket=${bucket}&ops=${bucket}-ops&cases=${bucket}-cases`
      return {
        CURBWATCH_TELEMETRY_URL: `influxdb://${new URL(influx.url).host}?${names}`,
        CURBWATCH_INFLUX_TOKEN: influx.token,
      }
    }

    /** Points of the bucket's kind: how many readings it has, each once. */
    async function points(bucket: string, kind = 'waterlogging'): Promise<number> {
      const series = await influx.query(bucket, `SELECT count("receivedAt") FROM "${kind}"`)
      return Number(series[0]?.values[0]?.[1] ?? 0)
    }

    test('readings are there with device and district, and come back over the API', async () => {
      const { service, bucket } = await start()
      const device = await service.register('waterlogging', 'wl-1', { lat: 35.06, lon: 118.35 })
      const { districtId } = (await service.get('/devices/wl-1')).latest ?? {}
      const client = await service.connect(device)
      const now = await service.now()
      const ts = [now - 2 * MINUTE, now - MINUTE, now].map(iso)
      await service.send(client, device, { ts: ts[0], depthCm: 1, seq: 7 })
      await service.send(client, device, { ts: ts[1], depthCm: 3, batteryPct: 80 })
      await service.send(client, device, { ts: ts[2], rainfallMmH: 2 })
      expect(await service.settled()).toMatchObject({ received: 3, stored: 3, balanced: true })

      const rows = await service.list('/devices/wl-1/readings')
      expect(rows.map(({ receivedAt: _, ...row }: Doc) => row)).toEqual([
        { ts: ts[2], rainfallMmH: 2 },
        { ts: ts[1], depthCm: 3, batteryPct: 80 },
        { ts: ts[0], depthCm: 1, seq: 7 },
      ])
      const buckets = await service.list('/devices/wl-1/readings?every=1h&aggregate=max')
      expect(buckets.map((one: Doc) => one.depthCm)).toContain(3)

      const district = districtId ?? (await service.get('/devices/wl-1')).districtId ?? 'none'
      const [series] = await influx.query(bucket, 'SELECT * FROM "waterlogging" GROUP BY *')
      expect(series?.tags).toEqual({ device: 'wl-1', district })
    })

    test('an outage loses nothing, stores nothing twice and delays no case', async () => {
      const { service, bucket } = await start()
      const device = await service.register('waterlogging')
      const client = await service.connect(device)
      const began = (await service.now()) - 112 * SECOND
      let sent = 0
      const send = async (count: number, depthCm: number) => {
        for (let i = 0; i < count; i++)
          await service.send(client, device, { ts: iso(began + ++sent * SECOND), depthCm })
      }
      await send(50, 1)
      await influx.kill9()
      await send(50, 1)
      await send(10, 40)
      const cases = await eventually(async () => {
        const found = await service.list('/cases')
        return found.length > 0 ? found : null
      })
      expect(cases).toMatchObject([{ severity: 'critical', deviceId: device.id }])
      const page = await service.get('/ledger')
      expect(page).toMatchObject({ received: sent, balanced: true })
      expect(page.pending).toBeGreaterThanOrEqual(60)
      await eventually(async () => {
        const { body } = await service.request('GET', '/readyz')
        return body.status === 'ready' && body.warnings.length > 0
      })

      await service.kill9()
      await service.restart()
      await influx.restart()
      expect(await service.settled()).toMatchObject({ stored: sent, balanced: true })
      expect(await points(bucket)).toBe(sent)
      // Of several cells one may try again a little later.
      await eventually(
        async () => (await service.request('GET', '/readyz')).body.warnings.length === 0,
        40_000,
      )
      expect(await service.list('/cases')).toHaveLength(1)
    })

    test('a reading that the server will never take is set aside, counted, and shown', async () => {
      const { service, bucket } = await start()
      // Somebody else has written the field as text.
      await fetch(`${influx.url}/api/v2/write?org=${influx.org}&bucket=${bucket}&precision=ms`, {
        method: 'POST',
        headers: { authorization: `Token ${influx.token}` },
        body: `dust,device=other,district=none noiseDb="loud" ${await service.now()}`,
      })
      const device = await service.register('dust', 'dust-1')
      const client = await service.connect(device)
      await service.send(client, device, { pm10: 50 })
      await service.send(client, device, { noiseDb: 60 })
      await service.send(client, device, { pm10: 51 })
      expect(await service.settled()).toMatchObject({
        received: 3,
        stored: 2,
        quarantined: 1,
        balanced: true,
      })
      const refused = await service.list('/telemetry/refused')
      expect(refused).toMatchObject([{ deviceId: 'dust-1', kind: 'dust' }])
      expect(refused[0].reason).toMatch(/noiseDb/)
      expect(refused[0].line).toMatch(/noiseDb=60/)
    })

    test('a wrong token sets nothing aside: it is told, and all is stored once it is mended', async () => {
      const { service, bucket } = await start({ CURBWATCH_INFLUX_TOKEN: 'not-the-token' })
      const device = await service.register('waterlogging')
      const client = await service.connect(device)
      await service.send(client, device, { depthCm: 1 })
      const warning = await eventually(async () => {
        const { body } = await service.request('GET', '/readyz')
        return body.warnings[0] ?? null
      })
      expect(warning).toMatch(/401/)
      expect(warning).not.toMatch(/not-the-token/)
      expect(await service.get('/ledger')).toMatchObject({ pending: 1, quarantined: 0 })
      const answer = await service.api('GET', `/devices/${device.id}/readings`)
      expect(answer).toMatchObject({ status: 503, body: { code: 'TELEMETRY_UNAVAILABLE' } })

      await service.restart({ CURBWATCH_INFLUX_TOKEN: influx.token })
      expect(await service.settled()).toMatchObject({ stored: 1, pending: 0, balanced: true })
      expect(await points(bucket)).toBe(1)
    })

    test('a city that moves from the embedded store to InfluxDB and back keeps its balance', async () => {
      const { service, bucket } = await start({ CURBWATCH_TELEMETRY_URL: 'sqlite:' })
      const device = await service.register('waterlogging')
      const send = async () => {
        const client = await service.connect(device)
        await service.send(client, device, { depthCm: 1 })
        await service.settled()
      }
      await send()
      await service.restart(settings(bucket))
      await send()
      expect(await service.get('/ledger')).toMatchObject({ stored: 2, balanced: true })
      expect(await points(bucket)).toBe(1)
      await service.restart({ CURBWATCH_TELEMETRY_URL: 'sqlite:' })
      await send()
      expect(await service.get('/ledger')).toMatchObject({ stored: 3, pending: 0, balanced: true })
    })

    test('a backup has the books of the store', async () => {
      const { service } = await start()
      const device = await service.register('waterlogging')
      const client = await service.connect(device)
      await service.send(client, device, { depthCm: 1 })
      await service.settled()
      const { code, stdout } = await runCurbwatch(
        ['backup', `${service.dataDir}/copy`],
        service.env,
      )
      expect({ code, stdout }).toMatchObject({ code: 0 })
      expect(stdout).toMatch(/telemetry-influxdb\.db/)
      expect(stdout).not.toMatch(/telemetry\.db/)
    })
  })
}
