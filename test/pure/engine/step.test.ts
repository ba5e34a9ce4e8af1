import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEffects, type Effects } from '../../../src/engine/effects.ts'
import { expireCommands } from '../../../src/engine/lifecycle.ts'
import { advance, schedule } from '../../../src/engine/time.ts'
import {
  type DeviceState,
  openCaseKey,
  placeDevice,
  type World,
} from '../../../src/engine/world.ts'
import type { DeviceCommand } from '../../../src/model/command.ts'
import type { JournalRecord } from '../../../src/model/record.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../../src/model/time.ts'
import { WHOLE } from '../../../src/model/verdicts.ts'
import { decodeDeviceState, encodeDeviceState } from '../../../src/processor/device-state.ts'
import { PROBE, probed, SILENT, SLOW_PROBE, testRule } from '../../support/kind.ts'
import { type Chunks, probeWorld, record, run, T0, telemetryRecord } from '../../support/records.ts'
import { DEVICES, journal } from '../../support/streams.ts'
import { testDevice } from '../../support/world.ts'

/** All that came of some records, as plain data. */
function outcome(effects: Effects) {
  return {
    changes: effects.alertChanges,
    cases: [...effects.cases.values()],
    events: effects.caseEvents,
    accepted: [...effects.accepted],
    quarantined: effects.quarantined,
    exceptions: effects.exceptions,
    ledger: [...effects.ledger.values()],
    counters: effects.counters,
  }
}

/** The world as the state store would give it back. */
function restart(world: World): World {
  const fresh = probeWorld([], [...world.kinds.values()][0]?.kind)
  fresh.now = world.now
  fresh.silenceFloor = world.silenceFloor
  fresh.lastNumber = { ...world.lastNumber }
  for (const { device, state } of world.devices.values()) {
    const table = fresh.kinds.get(device.kind)?.table ?? null
    placeDevice(fresh, device, decodeDeviceState(encodeDeviceState(state), device.kind, table))
  }
  for (const [key, one] of world.openCases) fresh.openCases.set(key, one)
  for (const entry of fresh.devices.values()) schedule(fresh, entry)
  return fresh
}

describe.each([
  ['reporting every minute', PROBE],
  ['reporting on change', SLOW_PROBE],
])('the outcome depends on the journal alone: devices %s', (_name, kind) => {
  const streams = journal({ maxLength: 40 })
  const once = (records: readonly JournalRecord[]) =>
    outcome(run(probeWorld(DEVICES, kind), records))

  test('a replay gives the same cases with the same ids, numbers and histories', () => {
    let opened = 0
    fc.assert(
      fc.property(streams, (records) => {
        const first = once(records)
        opened += first.cases.length
        expect(once(records)).toEqual(first)
      }),
    )
    expect(opened).toBeGreaterThan(50)
  })

  test('ticks between the records change nothing', () => {
    const ticks = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: 40,
      maxLength: 40,
    })
    fc.assert(
      fc.property(streams, ticks, (records, shares) => {
        const world = probeWorld(DEVICES, kind)
        const effects = createEffects()
        records.forEach((one, i) => {
          const from = world.now === 0 ? T0 : world.now
          const room = one.receivedAt - 1 - from
          if (room > 0) advance(world, Math.floor(from + room * (shares[i] ?? 0)), effects)
          run(world, [one], effects)
        })
        expect(outcome(effects)).toEqual(once(records))
      }),
      { numRuns: 200 },
    )
  })

  test('a restart at any record changes nothing', () => {
    fc.assert(
      fc.property(streams, fc.nat(), (records, place) => {
        const at = place % records.length
        const effects = createEffects()
        let world = probeWorld(DEVICES, kind)
        run(world, records.slice(0, at), effects)
        world = restart(world)
        run(world, records.slice(at), effects)
        expect(outcome(effects)).toEqual(once(records))
      }),
      { numRuns: 200 },
    )
  })

  test('records that come again after a restart have no second effect', () => {
    // Without a time and a number of its own, a reading cannot be told from the next.
    const timed = journal({ maxLength: 60 }, ['dev-a'], true)
    fc.assert(
      fc.property(timed, fc.nat(), (records, place) => {
        const world = probeWorld(DEVICES, kind)
        const first = run(world, records)
        advance(world, records.at(-1)?.receivedAt ?? 0, first)
        const again = restart(world)
        const stored: Chunks = first.chunks.slice()
        const from = place % records.length
        const second = run(again, records.slice(from), createEffects(), stored)
        expect(second.caseEvents).toEqual([])
        expect(second.accepted).toHaveLength(0)
      }),
      { numRuns: 200 },
    )
  })
})

test('every reading of a message is exactly one of accepted, duplicate, quarantined', () => {
  const seen = { accepted: 0, duplicate: 0, quarantined: 0 }
  fc.assert(
    fc.property(journal({ maxLength: 30 }, [...DEVICES.slice(0, 2), 'stranger']), (records) => {
      const world = probeWorld(DEVICES.slice(0, 2))
      const chunks: Chunks = []
      for (const one of records) {
        const effects = run(world, [one], createEffects(), chunks)
        chunks.push(...effects.chunks)
        const [line, ...others] = [...effects.ledger.values()]
        expect(others).toEqual([])
        if (line === undefined) throw new Error('no line in the ledger')
        const { expanded, accepted, duplicate, quarantined } = line
        expect(1 + expanded).toBe(accepted + duplicate + quarantined)
        expect(accepted).toBe(effects.accepted.length)
        const rejections = effects.quarantined.flatMap((message) => message.rejections)
        expect(quarantined).toBe(rejections.length)
        expect(effects.exceptions.refused).toHaveLength(duplicate + quarantined)
        seen.accepted += accepted
        seen.duplicate += duplicate
        seen.quarantined += quarantined
        if (one.topic.includes('stranger'))
          expect(line).toMatchObject({ accepted: 0, quarantined: 1 })
        else {
          const content: unknown = JSON.parse(new TextDecoder().decode(one.payload))
          expect(1 + expanded).toBe(Array.isArray(content) ? content.length : 1)
        }
      }
    }),
    { numRuns: 200 },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})

describe('one device', () => {
  const world = (...rules: Parameters<typeof testRule>[0][]) =>
    probeWorld(['dev-1'], PROBE, rules.map(testRule))
  const dev = (seq: number, after: number, content: unknown) =>
    telemetryRecord(seq, T0 + after, 'dev-1', content)
  const stateOf = (it: World) => it.devices.get('dev-1')?.state as DeviceState

  test('one event of people: from dry to the top opens one critical case', () => {
    const levels = [
      { level: 'major', severity: 'major', raise: { atLeast: 50 } },
      { level: 'critical', severity: 'critical', raise: { atLeast: 80 } },
    ] as const
    const effects = run(world({ levels: [...levels] }), [dev(1, 0, { level: 99 })])
    expect(effects.caseEvents.map(({ event }) => event.type)).toEqual(['open'])
    expect([...effects.cases.values()]).toMatchObject([
      { severity: 'critical', number: '9990012026112200001' },
    ])
  })

  test('a level without a severity is an alert and no case', () => {
    const levels = [{ level: 'warning', severity: null, raise: { atLeast: 50 } }] as const
    const effects = run(world({ levels: [...levels] }), [dev(1, 0, { level: 99 })])
    expect(effects.alertChanges).toHaveLength(1)
    expect(effects.cases.size).toBe(0)
  })

  test('while a case is open a second firing joins it', () => {
    const effects = run(world({}), [
      dev(1, 0, { level: 60 }),
      dev(2, MINUTE, { level: 0 }),
      dev(3, 2 * MINUTE, { level: 70 }),
    ])
    expect(effects.cases.size).toBe(1)
    expect(effects.caseEvents.map(({ event }) => event.type)).toEqual(['open', 'signal', 'signal'])
  })

  test('case numbers count within the local day', () => {
    const it = probeWorld(['dev-1', 'dev-2', 'dev-3'], PROBE, [testRule()])
    const midnight = Date.parse('2026-11-22T16:00:00Z') - T0
    const effects = run(it, [
      dev(1, 0, { level: 60 }),
      telemetryRecord(2, T0 + midnight - 1, 'dev-2', { level: 60 }),
      telemetryRecord(3, T0 + midnight, 'dev-3', { level: 60 }),
    ])
    expect([...effects.cases.values()].map((one) => one.number.slice(6))).toEqual([
      '2026112200001',
      '2026112200002',
      '2026112300001',
    ])
  })

  test('late: stored, never latest', () => {
    const it = world({})
    const effects = run(it, [
      dev(1, MINUTE, { level: 1 }),
      dev(2, MINUTE + 1, { ts: T0, level: 60 }),
    ])
    expect(effects.accepted).toHaveLength(2)
    expect(effects.counters.late).toBe(1)
    expect(effects.alertChanges).toEqual([])
    expect(stateOf(it).latest).toEqual({ ts: T0 + MINUTE, values: probed({ level: 1 }) })
  })

  test('two readings of one moment are one latest', () => {
    const it = world({})
    run(it, [dev(1, 0, { ts: T0, level: 1 }), dev(2, 1, { ts: T0, flow: 2 })])
    expect(stateOf(it).latest).toEqual({ ts: T0, values: probed({ level: 1, flow: 2 }) })
  })

  test('a reading from a clock ahead does not make the rules deaf, nor the device silent', () => {
    const it = probeWorld(['dev-1'], PROBE, [testRule(), SILENT])
    const effects = run(it, [
      dev(1, 0, { ts: T0 + 5 * MINUTE, level: 1 }),
      ...[1, 2, 3, 4].map((i) => dev(1 + i, i * MINUTE, { ts: T0 + i * MINUTE, level: 1 })),
      dev(6, 4.5 * MINUTE, { ts: T0 + 4.5 * MINUTE, level: 60 }),
    ])
    expect(effects.alertChanges.map(({ ruleId, becomes }) => [ruleId, becomes])).toEqual([
      ['probe-level', 'firing'],
    ])
    expect(stateOf(it).latest?.ts).toBe(T0 + 5 * MINUTE)
  })

  test('without a time, readings of one millisecond stand a millisecond apart', () => {
    const effects = run(world({}), [
      dev(1, 0, [{ level: 1 }, { level: 2 }]),
      dev(2, 0, { level: 3 }),
    ])
    expect([...effects.accepted].map(({ observedAt }) => observedAt - T0)).toEqual([0, 1, 2])
    expect(effects.exceptions.moved).toEqual([
      [1, 1, T0 + 1],
      [2, 0, T0 + 2],
    ])
  })

  test('a disabled device is stored, and judged by no rule', () => {
    const it = probeWorld([], PROBE, [testRule()])
    placeDevice(it, testDevice('probe', 'dev-1', { enabled: false }))
    const effects = run(it, [dev(1, 0, { level: 99 })])
    expect(effects.accepted).toHaveLength(1)
    expect(effects.alertChanges).toEqual([])
  })

  test('parameters and switches of a device hold before those of the rule', () => {
    const rule = testRule({
      parameters: { limit: 50 },
      levels: [{ level: 'major', severity: 'major', raise: { atLeast: { parameter: 'limit' } } }],
    })
    const it = probeWorld([], PROBE, [rule])
    const tuned = { 'probe-level': { parameters: { limit: 90 } } }
    const off = { 'probe-level': { enabled: false } }
    placeDevice(it, testDevice('probe', 'tuned', { ruleOverrides: tuned }))
    placeDevice(it, testDevice('probe', 'off', { ruleOverrides: off }))
    placeDevice(it, testDevice('probe', 'plain'))
    const effects = run(
      it,
      ['tuned', 'off', 'plain'].map((id, i) => telemetryRecord(i + 1, T0, id, { level: 60 })),
    )
    expect(effects.alertChanges.map(({ deviceId }) => deviceId)).toEqual(['plain'])
  })
})

describe('a quarantined message that is replayed', () => {
  const replay = (seq: number, of: JournalRecord, indices: number[] | null) =>
    record(
      seq,
      'replay',
      T0 + HOUR,
      '',
      JSON.stringify({
        quarantineId: `q-${of.seq}`,
        receivedAt: of.receivedAt,
        topic: of.topic,
        indices,
        payloadBase64: Buffer.from(of.payload).toString('base64'),
      }),
    )
  const balance = (effects: Effects, messages: number) => {
    const [line] = [...effects.ledger.values()]
    expect(messages + (line?.expanded ?? 0)).toBe(
      (line?.accepted ?? 0) + (line?.duplicate ?? 0) + (line?.quarantined ?? 0),
    )
    return line
  }

  test('of a device that is known now: its readings are taken, once', () => {
    const it = probeWorld([], PROBE, [testRule()])
    const lost = telemetryRecord(1, T0, 'dev-1', [
      { ts: T0, level: 1 },
      { ts: T0 + 1, level: 2 },
    ])
    const effects = run(it, [lost])
    expect(effects.quarantined).toMatchObject([{ id: 'q-1', code: 'DEVICE_UNKNOWN' }])
    placeDevice(it, testDevice('probe', 'dev-1'))
    run(it, [replay(2, lost, null), replay(3, lost, null)], effects)
    expect(effects.accepted).toHaveLength(2)
    expect(effects.exceptions.refused).toContainEqual([3, WHOLE])
    expect(effects.requarantined).toEqual(new Map([['q-1', null]]))
    expect(balance(effects, 1)).toMatchObject({ accepted: 2, quarantined: 0, duplicate: 0 })
  })

  test('that is still bad stays, and the good readings of its message are not taken twice', () => {
    const it = probeWorld(['dev-1'], PROBE, [testRule()])
    const mixed = telemetryRecord(1, T0, 'dev-1', [{ ts: T0, level: 1 }, { level: 101 }])
    const effects = run(it, [mixed])
    run(it, [replay(2, mixed, [1])], effects)
    expect(effects.accepted).toHaveLength(1)
    expect(effects.requarantined.get('q-1')?.rejections).toMatchObject([{ index: 1 }])
    expect(balance(effects, 1)).toMatchObject({ accepted: 1, quarantined: 1, duplicate: 0 })
  })

  test('by an order that is older than another one takes no reading twice', () => {
    const it = probeWorld(['dev-1'], PROBE, [testRule()])
    // Without a time a reading is not known again: only the quarantine tells that it was taken.
    const mixed = telemetryRecord(1, T0, 'dev-1', [{ level: 1 }, { level: 101 }])
    const effects = run(it, [mixed])
    run(it, [replay(2, mixed, [0, 1])], effects)
    expect(effects.accepted).toHaveLength(1)
    expect(effects.exceptions.refused).toContainEqual([2, 0])
    expect(balance(effects, 1)).toMatchObject({ accepted: 1, quarantined: 1, duplicate: 0 })
  })
})

describe('records that are not telemetry', () => {
  const topic = (channel: string) => `v1/probe/dev-1/${channel}`
  const setUp = () => probeWorld(['dev-1'], PROBE, [SILENT])
  const online = (it: World) => it.devices.get('dev-1')?.state.online

  test('presence and status say who is there', () => {
    const it = setUp()
    const say = (seq: number, type: 'presence' | 'status', word: string) => {
      const effects = run(it, [record(seq, type, T0 + seq, topic('status'), word)])
      return [online(it), effects.quarantined[0]?.code]
    }
    expect(say(1, 'presence', 'connected')).toEqual([true, undefined])
    expect(say(2, 'status', 'offline')).toEqual([false, undefined])
    expect(say(3, 'status', 'online')).toEqual([true, undefined])
    expect(say(4, 'presence', 'disconnected')).toEqual([false, undefined])
    expect(say(5, 'status', 'asleep')).toEqual([false, 'STATUS_UNKNOWN'])
    expect(it.devices.get('dev-1')?.state.lastSeenAt).toBe(T0 + 3)
  })

  test('a start: nobody is connected, and silence is counted anew', () => {
    const it = setUp()
    const effects = run(it, [
      telemetryRecord(1, T0, 'dev-1', { level: 1 }),
      record(2, 'presence', T0, topic('status'), 'connected'),
      record(3, 'mark', T0 + DAY, '', 'started'),
    ])
    expect(online(it)).toBe(false)
    expect(effects.alertChanges).toEqual([])
    advance(it, T0 + DAY + 3 * MINUTE - 1, effects)
    expect(effects.alertChanges).toEqual([])
    advance(it, T0 + DAY + 3 * MINUTE, effects)
    expect(effects.alertChanges).toMatchObject([{ becomes: 'firing', at: T0 + DAY + 3 * MINUTE }])
  })

  test('a reading at the very moment of silence knows better', () => {
    const it = setUp()
    const effects = run(it, [
      telemetryRecord(1, T0, 'dev-1', { level: 1 }),
      telemetryRecord(2, T0 + 3 * MINUTE, 'dev-1', { level: 2 }),
    ])
    expect(effects.alertChanges).toEqual([])
  })

  const command: DeviceCommand = {
    id: 'c-1',
    deviceId: 'dev-1',
    kind: 'probe',
    name: 'open',
    params: {},
    state: 'sent',
    createdAt: T0,
    expiresAt: T0 + MINUTE,
    endedAt: null,
    detail: null,
  }
  const answer = (payload: string, by = 'dev-1') => {
    const it = probeWorld(['dev-1', 'dev-2'])
    it.commands.set(command.id, command)
    const effects = run(it, [record(1, 'reply', T0 + SECOND, `v1/probe/${by}/reply`, payload)])
    return { effects, command: effects.commands.get('c-1'), waiting: it.commands.size }
  }

  test.each([
    ['{"id":"c-1","ok":true}', 'acknowledged', null],
    ['{"id":"c-1","ok":false,"detail":"jammed"}', 'failed', 'jammed'],
  ])('reply %s', (payload, state, detail) => {
    const ended = { ...command, state, detail, endedAt: T0 + SECOND }
    expect(answer(payload)).toMatchObject({ command: ended, waiting: 0 })
  })

  test('a reply to nothing, by another device, or that is none, leaves the command waiting', () => {
    expect(answer('{"id":"c-9","ok":true}')).toMatchObject({ command: undefined, waiting: 1 })
    expect(answer('{"id":"c-1","ok":true}', 'dev-2')).toMatchObject({ waiting: 1 })
    const broken = answer('jammed')
    expect(broken.waiting).toBe(1)
    expect(broken.effects.quarantined).toMatchObject([{ code: 'REPLY_INVALID' }])
  })

  test('a command without an answer is expired at its time', () => {
    const it = probeWorld(['dev-1'])
    it.commands.set(command.id, command)
    const effects = createEffects()
    it.now = T0 + MINUTE - 1
    expireCommands(it, effects)
    expect(effects.commands.size).toBe(0)
    it.now = T0 + MINUTE
    expireCommands(it, effects)
    expect(effects.commands.get('c-1')).toMatchObject({ state: 'expired', endedAt: T0 + MINUTE })
    expect(it.commands.size).toBe(0)
  })
})

test('an open case is found by rule and device, whatever their names', () => {
  const names = fc.stringMatching(/^[a-z-]{1,4}$/)
  fc.assert(
    fc.property(names, names, names, names, (a, b, c, d) => {
      expect(openCaseKey(a, b) === openCaseKey(c, d)).toBe(a === c && b === d)
    }),
  )
})
