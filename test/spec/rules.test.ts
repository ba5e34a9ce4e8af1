import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type Doc, iso, MINUTE, SECOND, Service } from '../support/service.ts'
import { caseOf, flood, openCase } from '../support/story.ts'

let service: Service
beforeAll(async () => {
  service = await Service.start()
})
afterAll(() => service?.stop())

/** A rule that fires at once: rain on a road that is wet, unless the sensor is about to die. */
function wetAndRaining(id: string, more: object = {}): Doc {
  return {
    id,
    kind: 'waterlogging',
    title: { 'zh-CN': '雨中湿路', en: 'Wet road in the rain' },
    value: { field: 'rainfallMmH' },
    parameters: { rainMmH: 30, depthCm: 2 },
    levels: [
      {
        level: 'minor',
        severity: 'minor',
        raise: {
          all: [
            { atLeast: { parameter: 'rainMmH' } },
            {
              any: [
                { of: { field: 'depthCm' }, atLeast: { parameter: 'depthCm' } },
                { atLeast: 100 },
              ],
            },
            { not: { of: { field: 'batteryPct' }, below: 5 } },
          ],
        },
      },
    ],
    caseClass: 'road-flooded',
    source: 'a specification',
    ...more,
  }
}

async function connected(kind = 'waterlogging') {
  const device = await service.register(kind)
  return { device, client: await service.connect(device) }
}

const firing = async (deviceId: string, ruleId: string): Promise<Doc> =>
  (await service.list(`/alerts?deviceId=${deviceId}&ruleId=${ruleId}&state=firing`))[0]

describe('rules', () => {
  it('are listed with title, levels, source and version; every kind has some', async () => {
    const rules = await service.list('/rules')
    const kinds = (await service.list('/kinds')).map((kind) => kind.name)
    expect(new Set(rules.map((rule) => rule.kind))).toEqual(new Set(kinds))
    for (const rule of rules) {
      expect(rule).toMatchObject({
        title: { 'zh-CN': expect.stringMatching(/[一-鿿]/), en: expect.any(String) },
        enabled: expect.any(Boolean),
        levels: expect.any(Array),
        source: expect.stringMatching(/./),
        version: 1,
        origin: 'catalog',
      })
    }
    expect((await service.list('/rules?kind=dust')).every((rule) => rule.kind === 'dust')).toBe(
      true,
    )
    expect(await service.get('/rules/waterlogging-depth')).toEqual(
      rules.find((rule) => rule.id === 'waterlogging-depth'),
    )
  })

  it('404 RULE_NOT_FOUND for one that is not there', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await service.api(method, '/rules/no-such-rule')
      expect([method, answer.status, answer.body.code]).toEqual([method, 404, 'RULE_NOT_FOUND'])
    }
  })
})

describe('a new rule', () => {
  it('is in force at once: all, any and not decide together', async () => {
    const { status, body } = await service.api('POST', '/rules', wetAndRaining('wet-and-raining'))
    expect([status, body.version, body.origin, body.enabled]).toEqual([201, 1, 'city', true])
    const { device, client } = await connected()
    for (const dry of [
      { rainfallMmH: 29, depthCm: 5, batteryPct: 50 },
      { rainfallMmH: 40, depthCm: 1, batteryPct: 50 },
      { rainfallMmH: 40, depthCm: 5, batteryPct: 4 },
    ]) {
      await service.send(client, device, dry)
      await service.settled()
      expect([dry, await firing(device.id, 'wet-and-raining')]).toEqual([dry, undefined])
    }
    await service.send(client, device, { rainfallMmH: 40, depthCm: 5, batteryPct: 50 })
    const alert = await eventually(() => firing(device.id, 'wet-and-raining'))
    expect(alert).toMatchObject({ level: 'minor', value: 40, ruleVersion: 1, kind: 'waterlogging' })
    expect(await service.get(`/cases/${alert.caseId}`)).toMatchObject({
      ruleId: 'wet-and-raining',
      severity: 'minor',
      title: { en: 'Wet road in the rain' },
    })
    // The reading that no longer holds clears the signal; people close the case.
    await service.send(client, device, { rainfallMmH: 0, depthCm: 5, batteryPct: 50 })
    await eventually(async () => {
      const { signal, status: step } = await service.get(`/cases/${alert.caseId}`)
      return signal.state === 'clear' && step === 'open'
    })
  })

  it('may look at a window: a quarter of an hour of dust opens a case, a spike does not', async () => {
    const rule = await service.get('/rules/dust-pm10-quarter')
    const { version: _version, origin: _origin, ...written } = rule
    await service.api('POST', '/rules', { ...written, id: 'dust-quarter-here', enabled: true })
    const now = await service.now()
    const quarter = async (levels: (minute: number) => number) => {
      const { device, client } = await connected('dust')
      await service.send(
        client,
        device,
        Array.from({ length: 16 }, (_, i) => ({
          ts: now - (15 - i) * MINUTE,
          pm10: levels(i),
        })),
      )
      await service.settled()
      return service.list(`/cases?deviceId=${device.id}`)
    }
    expect(await quarter((i) => (i === 12 ? 5000 : 100))).toEqual([])
    expect(await quarter(() => 1500)).toEqual([
      expect.objectContaining({ ruleId: 'dust-quarter-here', severity: 'minor', kind: 'dust' }),
    ])
  })

  it('needs an id of its own: 409 RULE_EXISTS', async () => {
    const answer = await service.api('POST', '/rules', wetAndRaining('waterlogging-depth'))
    expect([answer.status, answer.body.code]).toEqual([409, 'RULE_EXISTS'])
  })
})

describe('a faulty rule is refused with the places of its faults', () => {
  const level = wetAndRaining('x').levels[0]
  const faulty: [string, Doc, string][] = [
    ['an unknown field', { value: { field: 'depthMm' } }, 'value'],
    ['an unknown kind', { kind: 'volcano' }, 'kind'],
    ['an unknown case class', { caseClass: 'eruption' }, 'caseClass'],
    ['a parameter that is not given', { parameters: { rainMmH: 30 } }, 'parameters'],
    ['an unknown level', { levels: [{ ...level, level: 'apocalyptic' }] }, 'levels.0.level'],
    [
      'two comparisons in one',
      { levels: [{ ...level, raise: { above: 1, below: 2 } }] },
      'levels.0.raise',
    ],
    ['no condition', { levels: [{ ...level, raise: undefined }] }, 'levels.0.raise'],
    ['levels out of order', { levels: [{ ...level, level: 'major' }, level] }, 'levels.1.level'],
    ['a duration that is none', { levels: [{ ...level, for: 'a while' }] }, 'levels.0.for'],
    ['no title in Chinese', { title: { en: 'only' } }, 'title.zh-CN'],
    ['a word that is no part of a rule', { severity: 'major' }, ''],
    ['no source', { source: '' }, 'source'],
  ]
  it.each(faulty)('%s', async (_what, more, place) => {
    const rule = wetAndRaining('faulty', more)
    const before = await service.list('/rules')
    for (const [method, path] of [
      ['POST', '/rules'],
      ['PUT', '/rules/faulty'],
    ] as const) {
      const { status, body } = await service.api(method, path, rule)
      expect([status, body.code]).toEqual([400, 'RULE_INVALID'])
      expect(body.errors.map((one: Doc) => one.path)).toContain(place)
      expect(body.errors[0].message).toMatch(/./)
    }
    expect(await service.list('/rules')).toEqual(before)
  })

  it('a PUT of a faulty one leaves the one in force as it was', async () => {
    const before = await service.get('/rules/waterlogging-depth')
    const answer = await service.api('PUT', '/rules/waterlogging-depth', { ...before, levels: [] })
    expect([answer.status, answer.body.code]).toEqual([400, 'RULE_INVALID'])
    expect(await service.get('/rules/waterlogging-depth')).toEqual(before)
  })
})

describe('a rule that is changed', () => {
  it('has the next version, ends the alerts of the one before, and counts anew', async () => {
    await service.api('POST', '/rules', wetAndRaining('changing'))
    const { device, client } = await connected()
    const wet = { rainfallMmH: 40, depthCm: 5, batteryPct: 50 }
    await service.send(client, device, wet)
    const { caseId } = await eventually(() => firing(device.id, 'changing'))
    const changed = wetAndRaining('changing', { parameters: { rainMmH: 60, depthCm: 2 } })
    const { status, body } = await service.api('PUT', '/rules/changing', changed)
    expect([status, body.version]).toEqual([200, 2])
    expect(await firing(device.id, 'changing')).toBeUndefined()
    expect((await service.get(`/cases/${caseId}`)).signal.state).toBe('clear')
    await service.send(client, device, wet)
    await service.settled()
    expect(await firing(device.id, 'changing')).toBeUndefined()
    await service.send(client, device, { ...wet, rainfallMmH: 70 })
    const alert = await eventually(() => firing(device.id, 'changing'))
    expect(alert).toMatchObject({ ruleVersion: 2, caseId })
  })

  it('may be given back as the API shows it', async () => {
    const shown = await service.get('/rules/tree-tilt-lean')
    const { status, body } = await service.api('PUT', '/rules/tree-tilt-lean', shown)
    expect([status, body.version, body.origin]).toEqual([200, 2, 'city'])
    const { version: _a, origin: _b, ...before } = shown
    expect(body).toMatchObject(before)
  })

  it('stays changed over a restart', async () => {
    const changed = wetAndRaining('kept', { parameters: { rainMmH: 77, depthCm: 2 } })
    await service.api('PUT', '/rules/kept', changed)
    await service.restart()
    expect(await service.get('/rules/kept')).toMatchObject({
      parameters: { rainMmH: 77 },
      version: 1,
    })
  })

  it('that is switched off ends its alerts and raises nothing', async () => {
    await service.api('POST', '/rules', wetAndRaining('switched'))
    const { device, client } = await connected()
    const wet = { rainfallMmH: 40, depthCm: 5, batteryPct: 50 }
    await service.send(client, device, wet)
    const { caseId } = await eventually(() => firing(device.id, 'switched'))
    await service.api('PUT', '/rules/switched', wetAndRaining('switched', { enabled: false }))
    expect((await service.get(`/cases/${caseId}`)).signal.state).toBe('clear')
    await service.send(client, device, wet)
    await service.settled()
    expect(await firing(device.id, 'switched')).toBeUndefined()
  })
})

describe('a rule that is deleted', () => {
  it('ends its alerts and clears the signal of its cases; the cases stay', async () => {
    await service.api('POST', '/rules', wetAndRaining('doomed'))
    const { device, client } = await connected()
    await service.send(client, device, { rainfallMmH: 40, depthCm: 5, batteryPct: 50 })
    const { caseId } = await eventually(() => firing(device.id, 'doomed'))
    expect((await service.api('DELETE', '/rules/doomed')).status).toBe(204)
    expect(await firing(device.id, 'doomed')).toBeUndefined()
    expect(await service.get(`/cases/${caseId}`)).toMatchObject({
      status: 'open',
      signal: { state: 'clear' },
    })
    expect((await service.api('GET', '/rules/doomed')).status).toBe(404)
  })

  it('stays deleted over a restart, also one of the catalogue', async () => {
    await service.api('DELETE', '/rules/oil-fume-battery')
    const [rule] = await service.list('/rules?kind=oil-fume')
    await service.api('DELETE', `/rules/${rule.id}`)
    await service.restart()
    expect((await service.api('GET', `/rules/${rule.id}`)).status).toBe(404)
  })
})

describe('one device may differ', () => {
  it('in its limits: the same water is a case here and none there', async () => {
    const high = await connected()
    const usual = await connected()
    const ruleOverrides = {
      'waterlogging-depth': { parameters: { majorCm: 40, criticalCm: 60 } },
    }
    const patched = await service.api('PATCH', `/devices/${high.device.id}`, { ruleOverrides })
    expect([patched.status, patched.body.ruleOverrides]).toEqual([200, ruleOverrides])
    for (const { device, client } of [high, usual]) await flood(service, client, device, 30)
    expect(await caseOf(service, usual.device)).toMatchObject({ severity: 'critical' })
    await service.settled()
    expect(await service.list(`/cases?deviceId=${high.device.id}`)).toEqual([])
    await flood(service, high.client, high.device, 45)
    expect(await caseOf(service, high.device)).toMatchObject({ severity: 'major' })
  })

  it('but only in rules and parameters that there are', async () => {
    const { device } = await connected()
    for (const ruleOverrides of [
      { 'no-such-rule': { enabled: false } },
      { 'dust-noise': { enabled: false } },
      { 'waterlogging-depth': { parameters: { majorcm: 40 } } },
    ]) {
      const answer = await service.api('PATCH', `/devices/${device.id}`, { ruleOverrides })
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION'])
      expect(answer.body.errors[0].path).toContain(`ruleOverrides.${Object.keys(ruleOverrides)[0]}`)
    }
  })

  it('in whether a rule holds at all: switched off, its alert ends', async () => {
    const { device, client, id } = await openCase(service)
    const off = { ruleOverrides: { 'waterlogging-depth': { enabled: false } } }
    await service.api('PATCH', `/devices/${device.id}`, off)
    expect((await service.get(`/cases/${id}`)).signal.state).toBe('clear')
    expect(await service.list(`/alerts?deviceId=${device.id}`)).toEqual([])
    await flood(service, client, device, 30)
    await service.settled()
    expect(await service.get(`/cases/${id}`)).toMatchObject({
      severity: 'major',
      signal: { state: 'clear' },
    })
  })

  it('in a rule that is off for all others', async () => {
    const on = { 'dust-pm10-quarter': { enabled: true } }
    const device = await service.register('dust', undefined, { ruleOverrides: on })
    const client = await service.connect(device)
    const now = await service.now()
    const readings = Array.from({ length: 16 }, (_, i) => ({
      ts: iso(now - (15 - i) * MINUTE - SECOND),
      pm10: 1500,
    }))
    await service.send(client, device, readings)
    const opened = await eventually(async () =>
      (await service.list(`/cases?deviceId=${device.id}`)).find(
        (one) => one.ruleId === 'dust-pm10-quarter',
      ),
    )
    expect(opened.severity).toBe('minor')
  })
})
