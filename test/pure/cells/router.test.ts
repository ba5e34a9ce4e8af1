import { describe, expect, test, vi } from 'vitest'
import type { AskCell } from '../../../src/cells/protocol.ts'
import { Router } from '../../../src/cells/router.ts'
import { deliveryId, type NewDelivery } from '../../../src/model/delivery.ts'
import type { Device } from '../../../src/model/device.ts'
import { AppError } from '../../../src/model/errors.ts'
import { cellOf } from '../../../src/model/partition.ts'
import { ok } from '../../../src/model/result.ts'
import { aCase } from '../../support/case.ts'
import { testRule } from '../../support/kind.ts'
import { T0 } from '../../support/records.ts'
import { testDevice } from '../../support/world.ts'

const CELLS = 3

/** What some request or other brings. */
interface Given {
  readonly devices: Device[]
  readonly deliveries: NewDelivery[]
}

/** A router over cells that answer as they are told, and what it asked of whom. */
function routed(answer: (cell: number, name: string, input: Given) => unknown) {
  const asked: { cell: number; name: string; input: unknown }[] = []
  const ask = async (cell: number, name: string, input: unknown) => {
    asked.push({ cell, name, input })
    return answer(cell, name, input as Given)
  }
  const cases = new Map([['case-1', aCase({ id: 'case-1', deviceId: 'dev-5' })]])
  const state = {
    case: async (id: string) => {
      const found = cases.get(id)
      return found === undefined ? null : { case: found, history: [] }
    },
  }
  return { router: new Router(ask as AskCell, CELLS, state), asked }
}

const devices = Array.from({ length: 20 }, (_, i) => testDevice('probe', `dev-${i}`))
const delivery = (fingerprint: string): NewDelivery => ({
  receiver: 'desk',
  status: 'firing',
  fingerprint,
  startsAt: T0,
  endsAt: null,
  caseId: 'case-1',
  labels: {},
  annotations: {},
})

describe('requests about a device go to its cell', () => {
  test('a list of new devices is split, and its answers come back in its order', async () => {
    const { router, asked } = routed((_cell, _name, { devices }: Given) => devices.map(ok))
    const outcomes = await router.ask('device.create', { devices })
    expect(outcomes).toEqual(devices.map(ok))
    expect(asked).toHaveLength(CELLS)
    for (const { cell, input } of asked) {
      for (const { id } of (input as { devices: typeof devices }).devices) {
        expect(cellOf(id, CELLS)).toBe(cell)
      }
    }
  })

  test('of a list, devices of a cell that failed may be sent again, the others have theirs', async () => {
    const { router } = routed((cell, _name, { devices }: Given) => {
      if (cell === 1) throw new AppError('NOT_READY')
      return devices.map(ok)
    })
    const outcomes = await router.ask('device.create', { devices })
    const failed = devices.map(({ id }) => cellOf(id, CELLS) === 1)
    expect(outcomes.map((one) => !one.ok && one.error.code === 'NOT_READY')).toEqual(failed)
    expect(new Set(failed).size).toBe(2)
  })

  test('a bug in a cell is no answer', async () => {
    const { router } = routed(() => {
      throw new TypeError('a bug')
    })
    await expect(router.ask('device.create', { devices })).rejects.toThrow('a bug')
  })

  test('a change, a removal, a command; a case by its device', async () => {
    const { router, asked } = routed(() => ok(null))
    await router.ask('device.update', { id: 'dev-7', patch: {} })
    await router.ask('device.delete', { id: 'dev-8' })
    await router.ask('command.send', { command: { deviceId: 'dev-9' } as never })
    await router.ask('case.act', { caseId: 'case-1' } as never)
    const owners = ['dev-7', 'dev-8', 'dev-9', 'dev-5'].map((id) => cellOf(id, CELLS))
    expect(asked.map(({ cell }) => cell)).toEqual(owners)
  })

  test('a case that nobody has is not found, and no cell is asked', async () => {
    const { router, asked } = routed(() => ok(null))
    const answer = await router.ask('case.act', { caseId: 'case-2' } as never)
    expect(answer).toEqual({ ok: false, error: { code: 'CASE_NOT_FOUND' } })
    expect(asked).toEqual([])
  })

  test('a delivery that is repeated comes to the cell that knows it', async () => {
    const { router, asked } = routed((_cell, _name, { deliveries }: Given) => ({
      recorded: deliveries,
      repeated: 1,
    }))
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map(delivery)
    const answer = await router.ask('delivery.record', { deliveries: all })
    expect(answer.repeated).toBe(asked.length)
    expect(answer.recorded).toHaveLength(all.length)
    expect(asked.length).toBeGreaterThan(1)
    for (const { cell, input } of asked) {
      for (const one of (input as { deliveries: NewDelivery[] }).deliveries) {
        expect(cellOf(deliveryId(one), CELLS)).toBe(cell)
      }
    }
  })
})

describe('the ledger of the city', () => {
  const line = (kind: string, n: number) => ({
    kind,
    received: 15 * n,
    stored: n,
    quarantined: 2 * n,
    duplicate: 3 * n,
    shed: 4 * n,
    pending: 5 * n,
  })
  const pages = [
    { day: 'd', total: line('all', 3), kinds: [line('dust', 1), line('tree', 2)], balanced: true },
    { day: 'd', total: line('all', 4), kinds: [line('dust', 4)], balanced: true },
    { day: 'd', total: line('all', 0), kinds: [], balanced: true },
  ]

  test('is the sum of those of the cells, kind by kind', async () => {
    const { router } = routed((cell) => pages[cell])
    expect(await router.ask('ledger.page', { day: 'd' })).toEqual({
      day: 'd',
      total: line('all', 7),
      kinds: [line('dust', 5), line('tree', 2)],
      balanced: true,
    })
  })

  test('does not balance where one of them does not', async () => {
    const { router } = routed((cell) => ({ ...pages[cell], balanced: cell !== 2 }))
    expect((await router.ask('ledger.page', { day: 'd' })).balanced).toBe(false)
  })
})

describe('rules', () => {
  const stored = { ...testRule(), version: 4 }

  test('are changed at the first cell and taken from there by all others, as they are', async () => {
    const { router, asked } = routed((_cell, name) => {
      if (name === 'rule.put') return ok(stored)
      return name === 'rules.all' ? [stored] : null
    })
    expect(await router.ask('rule.put', { rule: testRule() })).toEqual(ok(stored))
    expect(asked.map(({ cell, name }) => `${cell} ${name}`)).toEqual([
      '0 rule.put',
      '0 rules.all',
      '1 rules.adopt',
      '2 rules.adopt',
    ])
    expect(asked.at(-1)?.input).toEqual({ rules: [stored] })
    expect(router.rules.troubles).toEqual([])
  })

  test('that are refused are nobody else’s business', async () => {
    const refused = { ok: false, error: { code: 'RULE_EXISTS' } }
    const { router, asked } = routed(() => refused)
    expect(await router.ask('rule.create', { rule: testRule() })).toEqual(refused)
    expect(asked.map(({ name }) => name)).toEqual(['rule.create'])
  })

  test('come to a cell that could not take them until it can; it is a trouble meanwhile', async () => {
    vi.useFakeTimers()
    let away = true
    const { router, asked } = routed((cell, name) => {
      if (name === 'rules.adopt' && cell === 2 && away) throw new AppError('NOT_READY')
      return name === 'rules.all' ? [stored] : ok(stored)
    })
    await expect(router.ask('rule.put', { rule: testRule() })).rejects.toMatchObject({
      code: 'NOT_READY',
    })
    expect(router.rules.troubles).toEqual(['cell 2: its rules are not up to date'])
    await vi.advanceTimersByTimeAsync(3_000)
    expect(router.rules.troubles).toHaveLength(1)
    away = false
    await vi.advanceTimersByTimeAsync(2_000)
    expect(router.rules.troubles).toEqual([])
    expect(asked.at(-1)).toMatchObject({ name: 'rules.adopt', input: { rules: [stored] } })
    const before = asked.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toHaveLength(before)
    vi.useRealTimers()
  })

  test('of two changes at a time the second begins when the first is everywhere', async () => {
    const { router, asked } = routed((_cell, name) => (name === 'rules.all' ? [] : ok(stored)))
    await Promise.all([
      router.ask('rule.put', { rule: testRule() }),
      router.ask('rule.delete', { id: 'x' }),
    ])
    expect(asked.map(({ name }) => name)).toEqual([
      ...['rule.put', 'rules.all', 'rules.adopt', 'rules.adopt'],
      ...['rule.delete', 'rules.all', 'rules.adopt', 'rules.adopt'],
    ])
  })
})
