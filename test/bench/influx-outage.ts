import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { eventually } from '../support/eventually.ts'
import { INFLUX_SERVERS, type InfluxServer } from '../support/influx-servers.ts'
import { type Doc, type Registered, Service } from '../support/service.ts'
import { messageToCase } from './message-to-case.ts'
import { drive, registerFleet } from './throughput.ts'

/**
 * `npm run bench:influx`: readings into a real InfluxDB that is killed with -9 under the load, is
 * away for minutes and comes back. Every reading must be there, none twice, and cases must be
 * opened as fast as ever meanwhile.
 *
 *   --messages 1000000   readings in all
 *   --away 180           seconds that the server is away
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    away: { type: 'string', default: '180' },
  },
})
const STAGES = 20
/** The server is killed in the middle of this stage and is back before STAGE_BACK. */
const STAGE_KILLED = 5
const STAGE_BACK = 15
const BUCKET = 'telemetry'

const available = INFLUX_SERVERS.filter((one) => one.missing === null)
const choice = available.at(-1)
if (choice === undefined) throw new Error('no InfluxDB here: see INFLUXD2 in CONTRIBUTING.md')
const influx = await choice.start()
await influx.createBucket(BUCKET)
say('server', influx.name)
const service = await Service.start({
  CURBWATCH_TELEMETRY_URL: `influxdb://${new URL(influx.url).host}?org=${influx.org}&bucket=${BUCKET}`,
  CURBWATCH_INFLUX_TOKEN: influx.token,
})
try {
  await run()
} finally {
  await service.stop()
  await influx.stop()
}

async function run(): Promise<void> {
  const messages = Number(values.messages)
  const each = messages / STAGES
  const fleet = await registerFleet(service, 100)
  const start = Date.now() - (messages / fleet.length) * 5
  const stage = (n: number) => drive(service.mqttPort, fleet, each, { start, from: n * each })

  const began = performance.now()
  for (let n = 0; n < STAGE_KILLED; n++) await stage(n)
  say('acknowledged/s while the server is there', rate(each * STAGE_KILLED, began))
  const idle = await messageToCase(service, 30, 'before')
  say('message to case, server there: p50 / p99', `${ms(idle.p50)} / ${ms(idle.p99)}`)

  const loaded = stage(STAGE_KILLED)
  await pause(500)
  await influx.kill9()
  const killed = performance.now()
  await loaded
  const cases = await messageToCase(service, 30, 'away')
  say('message to case, server away: p50 / p99', `${ms(cases.p50)} / ${ms(cases.p99)}`)
  for (let n = STAGE_KILLED + 1; n < STAGE_BACK; n++) {
    await stage(n)
    const due = (Number(values.away) * 1000 * (n - STAGE_KILLED)) / (STAGE_BACK - STAGE_KILLED - 1)
    await pause(Math.max(0, due - (performance.now() - killed)))
  }
  const ready = await service.request('GET', '/readyz')
  say('readyz while away', `${ready.status} ${JSON.stringify(ready.body)}`)
  say(
    'waiting in the journal',
    await service.metric('curbwatch_backlog_records{consumer="telemetry"}'),
  )
  await influx.restart()
  say('away for', `${Math.round((performance.now() - killed) / 1000)} s`)
  const back = performance.now()
  for (let n = STAGE_BACK; n < STAGES; n++) await stage(n)
  const catching = await messageToCase(service, 30, 'catching-up')
  say('message to case, catching up: p50 / p99', `${ms(catching.p50)} / ${ms(catching.p99)}`)
  const ledger: Doc = await eventually(async () => {
    const page = await service.get('/ledger')
    return page.pending === 0 ? page : null
  }, 600_000)
  say('all stored after the return', `${Math.round((performance.now() - back) / 1000)} s`)
  say('ledger', `received ${ledger.received}, stored ${ledger.stored}, balanced ${ledger.balanced}`)
  await count(influx, fleet, messages)
}

/** A point is device, district and time; so as many points as readings is each of them once. */
async function count(server: InfluxServer, fleet: readonly Registered[], messages: number) {
  const kinds = [...new Set(fleet.map(({ kind }) => kind))]
  const ids = new Set(fleet.map(({ id }) => id))
  let points = 0
  let series = 0
  for (const kind of kinds) {
    const found = await server.query(
      BUCKET,
      `SELECT count("receivedAt") FROM "${kind}" GROUP BY "device","district"`,
    )
    for (const one of found) {
      if (!ids.has(one.tags?.['device'] ?? '')) continue
      points += Number(one.values[0]?.[1])
      series++
    }
  }
  say(
    'points in InfluxDB',
    `${points} of ${messages}, in ${series} series of ${fleet.length} devices`,
  )
  if (points !== messages || series !== fleet.length) process.exitCode = 1
}

function rate(count: number, began: number): string {
  return String(Math.round(count / ((performance.now() - began) / 1000)))
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}

function say(name: string, figure: string | number): void {
  process.stdout.write(`${name.padEnd(48)} ${figure}\n`)
}
