import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MINUTE } from '../../src/model/time.ts'
import {
  actOnCase,
  createDevices,
  deleteDevice,
  putRule,
  updateDevice,
} from '../../src/processor/operations.ts'
import type { Processor } from '../../src/processor/processor.ts'
import { LADDER, PROBE_RULES, SILENT, testRule } from '../support/kind.ts'
import { journals, openRules, sizes } from '../support/pipeline.ts'
import { testDevice } from '../support/world.ts'

/** States of devices that lag behind the books, and come out right at the next start. */

/** All that a start must bring back. */
function worldOf({ world, cursor }: Processor) {
  const { now, silenceFloor, lastNumber, openCases, commands } = world
  const devices = [...world.devices.values()]
    .map(({ device, state }) => ({ device, state }))
    .sort((a, b) => (a.device.id < b.device.id ? -1 : 1))
  return { cursor, now, silenceFloor, lastNumber, openCases, commands, devices }
}

/** What else happens between two commits. */
const acts = {
  nothing() {},
  time: (it: Processor) => it.elapse(it.world.now + MINUTE),
  rule: (it: Processor) => void putRule(it.desk, { ...LADDER, levels: LADDER.levels.slice(1) }),
  tune: (it: Processor) => void updateDevice(it.desk, 'dev-a', { enabled: !isEnabled(it) }),
  gone(it: Processor) {
    deleteDevice(it.desk, 'dev-b')
    createDevices(it.desk, [testDevice('probe', 'dev-b')])
  },
  async cancel(it: Processor) {
    for (const { id } of it.world.openCases.values()) {
      const by = { actor: 'li', note: '误报', attachments: [] }
      await actOnCase(it.desk, { caseId: id, action: 'cancel', ...by } as never)
    }
  },
}

function isEnabled(it: Processor): boolean {
  return it.world.devices.get('dev-a')?.device.enabled ?? false
}

const plan = fc.array(
  fc.record({
    act: fc.oneof(
      { weight: 6, arbitrary: fc.constant('nothing' as const) },
      { weight: 4, arbitrary: fc.constantFrom(...(Object.keys(acts) as (keyof typeof acts)[])) },
    ),
    /** As `Lag.choose`: nothing that may wait is stored, one device is, all are. */
    interval: fc.constantFrom(0, 0, 0, 0.001, Number.POSITIVE_INFINITY),
    restart: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
)

/** One with a window that random readings seldom raise: most devices have no alert. */
const CALM = testRule({
  id: 'probe-calm',
  value: { window: 'median', of: { field: 'level' }, over: '10m', minValid: '2m' },
  levels: [{ level: 'major', severity: 'major', raise: { atLeast: 85 }, for: '1m' }],
})
const rules = fc.constantFrom(PROBE_RULES, [CALM, SILENT])

test('a start after any commit finds every device as it was', async () => {
  let lagging = 0
  let alerts = 0
  await fc.assert(
    fc.asyncProperty(journals, sizes, rules, plan, async (records, cuts, inForce, steps) => {
      const it = await openRules(records, cuts, inForce)
      let processor = it.processor
      for (let i = 0; await processor.takeRecords(); i++) {
        const { act, interval, restart } = steps[i % steps.length] as (typeof steps)[number]
        await acts[act](processor)
        await processor.commit(interval)
        const again = await it.start()
        expect(worldOf(again)).toEqual(worldOf(processor))
        // Nothing happens a second time.
        expect(again.urgent).toBe(false)
        expect(again.statesUpTo).toBeGreaterThanOrEqual(processor.statesUpTo)
        if (processor.statesUpTo < processor.cursor) lagging++
        alerts += processor.world.openCases.size
        if (restart) processor = again
      }
    }),
    { numRuns: 100 },
  )
  expect(lagging).toBeGreaterThan(20)
  expect(alerts).toBeGreaterThan(20)
})

test('a change of rules, and a stop, leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(journals, sizes, async (records, cuts) => {
      const { processor } = await openRules(records, cuts)
      while (await processor.takeRecords()) await processor.commit(0)
      putRule(processor.desk, testRule({ id: 'probe-new' }))
      await processor.commit(0)
      expect(processor.statesUpTo).toBe(processor.cursor)
      expect(processor.gathered).toBe(false)
    }),
    { numRuns: 5 },
  )
})

test('a journal that lacks what the states need is told; one that ends too early is for the cell', async () => {
  await fc.assert(
    fc.asyncProperty(journals, sizes, async (records, cuts) => {
      const it = await openRules(records, cuts)
      while (await it.processor.takeRecords()) await it.processor.commit(0)
      const { statesUpTo, cursor } = it.processor
      const told = await it.start({ read: () => [] })
      expect(told.cursor).toBe(cursor)
      if (statesUpTo === cursor) return
      const late = (after: number) => it.journal.read(after, 1e6).slice(1)
      const lacking = `the journal lacks record ${statesUpTo + 1}`
      const only = it.journal.read(statesUpTo, 1e6).length === 1
      if (!only) await expect(it.start({ read: late })).rejects.toThrow(lacking)
    }),
    { numRuns: 20 },
  )
})
