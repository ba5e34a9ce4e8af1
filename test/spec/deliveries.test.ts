import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  deliver,
  grafanaAlert,
  notificationOf,
  signature,
  WEBHOOK_SECRET,
} from '../support/grafana.ts'
import { DAY, iso, MINUTE, Service } from '../support/service.ts'
import { watchEvents } from '../support/sse.ts'
import { openCase } from '../support/story.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start({ CURBWATCH_GRAFANA_WEBHOOK_SECRET: WEBHOOK_SECRET })
})
afterAll(() => service?.stop())

let names = 0
const fresh = () => `fingerprint-${++names}`
const recorded = async (status: string) =>
  service.metric(`curbwatch_alert_deliveries_total{status="${status}"}`)

describe("Grafana's notifications", () => {
  it('are recorded once by fingerprint, status and start; repetitions change nothing', async () => {
    const firing = grafanaAlert({ fingerprint: fresh() })
    const before = await recorded('firing')
    const first = await deliver(service, notificationOf([firing]))
    expect([first.status, first.body]).toEqual([200, { recorded: 1, repeated: 0 }])
    const again = await deliver(service, notificationOf([firing], 'duty-default'))
    expect([again.status, again.body]).toEqual([200, { recorded: 0, repeated: 1 }])

    const resolved = { ...firing, status: 'resolved', endsAt: '2026-11-23T10:09:00+08:00' } as const
    const later = { ...firing, startsAt: '2026-11-23T11:00:00+08:00' }
    const both = await deliver(service, notificationOf([firing, resolved, resolved, later]))
    expect(both.body).toEqual({ recorded: 2, repeated: 2 })
    expect((await recorded('firing')) - before).toBe(2)
    const listed = await service.list('/grafana/alerts')
    const mine = listed.filter((one) => one.fingerprint === firing.fingerprint)
    expect(mine.map((one) => one.status).sort()).toEqual(['firing', 'firing', 'resolved'])
    expect(mine.find((one) => one.status === 'resolved').endsAt).toBe('2026-11-23T02:09:00.000Z')
  })

  it('are listed newest first, page by page, of one case or of all', async () => {
    const { id } = await openCase(service)
    const labels = { alertname: 'Open severe case', case_id: id }
    const own = [1, 2, 3].map(() => grafanaAlert({ fingerprint: fresh(), labels }))
    for (const alert of own) await deliver(service, notificationOf([alert]))
    const { receivedAt, ...one } = (await service.list(`/grafana/alerts?caseId=${id}`))[0]
    expect(one).toEqual({
      id: expect.stringMatching(/./),
      receiver: 'case-api',
      status: 'firing',
      fingerprint: expect.stringMatching(/^fingerprint-/),
      startsAt: '2026-11-23T02:00:00.123Z',
      endsAt: null,
      caseId: id,
      labels,
      annotations: { summary: '工单' },
    })
    expect(receivedAt).toMatch(/Z$/)
    const paged: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page = await service.get(`/grafana/alerts?caseId=${id}&limit=2${query}`)
      paged.push(...page.items.map((it: { fingerprint: string }) => it.fingerprint))
      cursor = page.nextCursor
    }
    expect(paged.sort()).toEqual(own.map((it) => it.fingerprint).sort())
    const all = await service.list('/grafana/alerts?limit=500')
    const times = all.map((it) => Date.parse(it.receivedAt))
    expect(times).toEqual([...times].sort((a, b) => b - a))
    expect(all.length).toBeGreaterThan(own.length)
  })

  it('prove that they arrived, not that anyone looked: the case is not seen', async () => {
    const { id } = await openCase(service)
    const events = await watchEvents(service)
    const labels = { case_id: id }
    await deliver(service, notificationOf([grafanaAlert({ fingerprint: fresh(), labels })]))
    await events.expect('delivery', (it) => it.caseId === id && it.receiver === 'case-api')
    events.close()
    const it = await service.get(`/cases/${id}`)
    expect([it.seenAt, it.history.length]).toEqual([null, 1])
  })

  it('survive a power cut, and are still known then', async () => {
    const alert = grafanaAlert({ fingerprint: fresh() })
    await deliver(service, notificationOf([alert]))
    const before = await service.list('/grafana/alerts?limit=500')
    await service.kill9()
    await service.restart()
    expect(await service.list('/grafana/alerts?limit=500')).toEqual(before)
    const again = await deliver(service, notificationOf([alert]))
    expect(again.body).toEqual({ recorded: 0, repeated: 1 })
  })

  it('come by the thousand in one body', async () => {
    const labels = { alertname: 'x'.repeat(1500) }
    const many = Array.from({ length: 1200 }, () => grafanaAlert({ fingerprint: fresh(), labels }))
    const { status, body } = await deliver(service, notificationOf(many))
    expect([status, body]).toEqual([200, { recorded: 1200, repeated: 0 }])
  })
})

describe('a notification is refused', () => {
  const body = notificationOf([grafanaAlert({ fingerprint: 'never' })])
  const good = () => signature(body)
  const NAME = 'X-Grafana-Alerting-Signature'
  const TIME = 'X-Grafana-Alerting-Timestamp'
  const without = (name: string) => {
    const { [name]: _left, ...rest } = good()
    return rest
  }

  it.each<[string, () => Record<string, string>]>([
    ['without a signature', () => without(NAME)],
    ['without a timestamp', () => without(TIME)],
    ['with another secret', () => signature(body, { secret: 'another-secret-0123456789' })],
    ['with the signature of another body', () => signature(`${body} `)],
    ['with another timestamp', () => ({ ...good(), [TIME]: String(Number(good()[TIME]) + 1) })],
    ['with half a signature', () => ({ ...good(), [NAME]: good()[NAME]?.slice(0, 32) ?? '' })],
    ['with no hex', () => ({ ...good(), [NAME]: 'z'.repeat(64) })],
    [
      'with a bearer token instead',
      () => ({ authorization: 'Bearer spec-admin-token-0123456789' }),
    ],
  ])('%s: 401 SIGNATURE_WRONG', async (_name, headers) => {
    const answer = await deliver(service, body, headers())
    expect([answer.status, answer.body.code]).toEqual([401, 'SIGNATURE_WRONG'])
  })

  it.each([
    ['older', -6 * MINUTE],
    ['newer', 6 * MINUTE],
  ])('when its signature is %s than five minutes: 401 SIGNATURE_STALE', async (_name, off) => {
    const answer = await deliver(service, body, signature(body, { at: Date.now() + off }))
    expect([answer.status, answer.body.code]).toEqual([401, 'SIGNATURE_STALE'])
  })

  it.each([
    ['no JSON', '{"alerts":['],
    ['nothing', ''],
    ['not UTF-8', '\ud800'],
    ['no alerts', '{"receiver":"x"}'],
    ['a list', '[]'],
    ['an alert without a fingerprint', notificationOf([{ ...grafanaAlert(), fingerprint: '' }])],
    ['an unknown status', notificationOf([{ ...grafanaAlert(), status: 'maybe' }])],
    ['no time', notificationOf([{ ...grafanaAlert(), startsAt: 'yesterday' }])],
  ])('that holds %s: 400 VALIDATION, though it is signed', async (_name, text) => {
    const sent = Buffer.from(text).toString('utf8')
    const answer = await deliver(service, sent, signature(sent))
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION'])
  })

  it('and leaves nothing behind', async () => {
    const listed = await service.list('/grafana/alerts?limit=500')
    expect(listed.filter((one) => one.fingerprint === 'never')).toEqual([])
  })

  it('as long as no secret is configured: 503 WEBHOOK_OFF', async () => {
    const bare = await Service.start()
    try {
      const answer = await deliver(bare, body)
      expect([answer.status, answer.body.code]).toEqual([503, 'WEBHOOK_OFF'])
      expect(answer.body.hint).toContain('CURBWATCH_GRAFANA_WEBHOOK_SECRET')
    } finally {
      await bare.stop()
    }
  })
})

it("an accelerated clock is no reason to refuse: Grafana's is the real one", async () => {
  const ahead = { CURBWATCH_CLOCK_START: iso(Date.now() + 30 * DAY), CURBWATCH_CLOCK_SPEED: '60' }
  const env = { CURBWATCH_GRAFANA_WEBHOOK_SECRET: WEBHOOK_SECRET, ...ahead }
  const fast = await Service.start(env)
  try {
    const { status } = await deliver(fast, notificationOf([grafanaAlert()]))
    expect(status).toBe(200)
  } finally {
    await fast.stop()
  }
})

it('readings that the telemetry store refused are listed; the embedded one refuses none', async () => {
  expect(await service.get('/telemetry/refused')).toEqual({ items: [], nextCursor: null })
})
