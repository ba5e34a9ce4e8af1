import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CASE_ACTIONS,
  type Case,
  type CaseAction,
  type CaseEvent,
  isEnded,
  isOverdue,
} from '../../../src/cases/case.ts'
import {
  allowedActions,
  applyEvent,
  type CaseCommand,
  decide,
  isRepeated,
} from '../../../src/cases/decide.ts'
import { CASE_STATUSES, type CaseStatus } from '../../../src/model/case-terms.ts'
import { HOUR } from '../../../src/model/time.ts'
import { aCase } from '../../support/case.ts'
import { T0 } from '../../support/records.ts'

const command = (action: CaseAction, more: Partial<CaseCommand> = {}): CaseCommand => ({
  action,
  at: T0 + HOUR,
  actor: 'li',
  note: null,
  unitId: null,
  attachments: [],
  ...more,
})

/** Rows: status; columns: action. Where it leads, or `-` where it is refused. */
const TABLE: Record<CaseStatus, Record<CaseAction, CaseStatus | '-'>> = {
  open: row('dispatched', '-', '-', '-', '-', 'open', '-', 'cancelled', 'open', 'open'),
  dispatched: row(
    'dispatched',
    'accepted',
    '-',
    '-',
    '-',
    'dispatched',
    '-',
    'cancelled',
    'dispatched',
    'dispatched',
  ),
  accepted: row(
    '-',
    '-',
    'handled',
    '-',
    '-',
    'accepted',
    '-',
    'cancelled',
    'accepted',
    'accepted',
  ),
  handled: row(
    '-',
    '-',
    '-',
    'closed',
    'dispatched',
    'handled',
    '-',
    'cancelled',
    'handled',
    'handled',
  ),
  closed: row('-', '-', '-', '-', '-', '-', '-', '-', 'closed', '-'),
  cancelled: row('-', '-', '-', '-', '-', '-', '-', '-', 'cancelled', '-'),
}

function row(...to: (CaseStatus | '-')[]): Record<CaseAction, CaseStatus | '-'> {
  return Object.fromEntries(CASE_ACTIONS.map((action, i) => [action, to[i] ?? '-'])) as Record<
    CaseAction,
    CaseStatus | '-'
  >
}

describe.each(CASE_STATUSES)('a case that is %s', (status) => {
  const current = aCase({ status, closedAt: isEnded(status) ? T0 : null })

  test.each(CASE_ACTIONS)('%s', (action) => {
    const decision = decide(current, command(action, { note: 'why' }))
    const to = TABLE[status][action]
    if (to === '-') {
      expect(decision).toEqual({ ok: false, error: 'CASE_TRANSITION' })
      return
    }
    expect(decision).toMatchObject({
      ok: true,
      value: { type: action, at: T0 + HOUR, actor: 'li', from: status, to, note: 'why' },
    })
  })

  test('offers the actions that it takes', () => {
    const expected = CASE_ACTIONS.filter((action) => TABLE[status][action] !== '-')
    expect(allowedActions(current).sort()).toEqual(expected.toSorted())
  })

  if (isEnded(status)) return

  test('suspended, takes only resume, cancel, comment and acknowledge', () => {
    const suspended = { ...current, suspendedAt: T0 }
    expect(allowedActions(suspended).sort()).toEqual(['acknowledge', 'cancel', 'comment', 'resume'])
    const code = (action: CaseAction) => {
      const decision = decide(suspended, command(action))
      return decision.ok ? null : decision.error
    }
    expect(code('suspend')).toBe('CASE_SUSPENDED')
  })
})

describe('units', () => {
  test('a case without a unit cannot be dispatched until one is named', () => {
    const orphan = aCase({ unitId: null })
    expect(decide(orphan, command('dispatch'))).toEqual({ ok: false, error: 'CASE_UNASSIGNED' })
    expect(act(orphan, command('dispatch', { unitId: 'unit-2' }))?.unitId).toBe('unit-2')
  })

  test('dispatching again sends it to another unit', () => {
    const dispatched = aCase({ status: 'dispatched' })
    expect(act(dispatched, command('dispatch', { unitId: 'unit-2' }))).toMatchObject({
      status: 'dispatched',
      unitId: 'unit-2',
    })
    expect(act(dispatched, command('dispatch'))?.unitId).toBe('unit-1')
  })

  test('a unit named with another action changes nothing', () => {
    expect(act(aCase(), command('comment', { unitId: 'unit-2' }))?.unitId).toBe('unit-1')
  })
})

describe('seen', () => {
  const severity = (current: Case, to: Case['severity']): Case =>
    applyEvent(current, {
      type: 'severity',
      at: T0 + 2 * HOUR,
      actor: 'sensor:dev-1',
      from: current.status,
      to: current.status,
      note: null,
      data: { severity: to, signal: { ...current.signal, level: to } },
    })
  const seen = aCase({ seenAt: T0 + 1 })

  test('acknowledging changes nothing else', () => {
    expect(act(aCase(), command('acknowledge'))).toEqual(aCase({ seenAt: T0 + HOUR }))
  })

  test.each(['comment', 'dispatch', 'suspend', 'cancel'] as const)(
    'who does %s has seen it',
    (action) => {
      expect(act(aCase(), command(action))?.seenAt).toBe(T0 + HOUR)
      expect(act(seen, command(action))?.seenAt).toBe(T0 + 1)
    },
  )

  test('a second look is offered no more, and is a repetition', () => {
    expect(allowedActions(aCase())).toContain('acknowledge')
    expect(allowedActions(seen)).not.toContain('acknowledge')
    expect(isRepeated(seen, 'acknowledge')).toBe(true)
    expect(isRepeated(aCase(), 'acknowledge')).toBe(false)
    expect(isRepeated(seen, 'comment')).toBe(false)
  })

  test('a higher severity needs a new look; a lower one and the signal do not', () => {
    expect(severity(seen, 'critical').seenAt).toBeNull()
    expect(severity(seen, 'minor').seenAt).toBe(T0 + 1)
    const cleared = { ...seen.signal, state: 'clear' } as const
    const event = { at: T0, actor: 'sensor:dev-1', from: 'open', to: 'open', note: null } as const
    const after = applyEvent(seen, { ...event, type: 'signal', data: { signal: cleared } })
    expect(after).toEqual({ ...seen, signal: cleared })
  })
})

function act(current: Case, given: CaseCommand): Case | null {
  const decision = decide(current, given)
  return decision.ok ? applyEvent(current, decision.value) : null
}

test.each<[string, Partial<Case>, number, boolean]>([
  ['before it is due', {}, 2 * HOUR, false],
  ['after', {}, 2 * HOUR + 1, true],
  ['suspended in time', { suspendedAt: T0 + HOUR }, 9 * HOUR, false],
  ['suspended too late', { suspendedAt: T0 + 3 * HOUR }, 9 * HOUR, true],
  ['closed in time', { status: 'closed', closedAt: T0 + HOUR }, 9 * HOUR, false],
  ['closed late', { status: 'closed', closedAt: T0 + 3 * HOUR }, 3 * HOUR, true],
  ['cancelled', { status: 'cancelled', closedAt: T0 + 3 * HOUR }, 9 * HOUR, false],
])('overdue: %s', (_name, more, after, overdue) => {
  expect(isOverdue(aCase(more), T0 + after)).toBe(overdue)
})

describe('any sequence of actions', () => {
  const commands = fc.array(
    fc.record({
      // Twice: the way through, so that long lives are as common as early ends.
      action: fc.constantFrom<CaseAction>(
        ...CASE_ACTIONS,
        'dispatch',
        'accept',
        'handle',
        'reject',
        'resume',
      ),
      wait: fc.integer({ min: 0, max: HOUR }),
      unitId: fc.constantFrom(null, 'unit-1', 'unit-2'),
    }),
    { maxLength: 40 },
  )
  const start = fc.constantFrom(null, 'unit-1').map((unitId) => aCase({ unitId }))

  interface Life {
    readonly events: CaseEvent[]
    readonly states: Case[]
    readonly now: number
  }

  function live(first: Case, given: readonly { action: CaseAction; wait: number }[]): Life {
    const life = { events: [] as CaseEvent[], states: [first] }
    let now = T0
    for (const { wait, ...one } of given) {
      now += wait
      const current = life.states.at(-1) as Case
      const before = structuredClone(current)
      const decision = decide(current, command(one.action, { ...one, at: now }))
      expect(current).toEqual(before)
      if (!decision.ok) continue
      life.events.push(decision.value)
      life.states.push(applyEvent(current, decision.value))
    }
    return { ...life, now }
  }

  const property = (check: (life: Life) => void) => {
    fc.assert(
      fc.property(start, commands, (first, given) => check(live(first, given))),
      { numRuns: 200 },
    )
  }

  test('moves only along the table, one event a move', () => {
    property(({ events, states }) => {
      events.forEach((event, i) => {
        expect(event.from).toBe(states[i]?.status)
        expect(event.to).toBe(states[i + 1]?.status)
        if (event.type === 'resume') expect(states[i]?.suspendedAt).not.toBeNull()
        else expect(TABLE[event.from as CaseStatus][event.type as CaseAction]).toBe(event.to)
      })
    })
  })

  test('closedAt is set exactly while it is ended, and stays', () => {
    property(({ events, states }) => {
      const ending = events.find((event) => isEnded(event.to))
      for (const state of states) {
        expect(state.closedAt).toBe(isEnded(state.status) ? (ending?.at ?? null) : null)
      }
    })
  })

  test('reworkCount is the number of rejections', () => {
    property(({ events, states }) => {
      const rejections = events.filter((event) => event.type === 'reject').length
      expect(states.at(-1)?.reworkCount).toBe(rejections)
    })
  })

  test('the due time moves by exactly the time it stood suspended', () => {
    property(({ events, states }) => {
      let stood = 0
      let since: number | null = null
      for (const { type, at } of events) {
        if (type === 'suspend') since = at
        if (type === 'resume' && since !== null) {
          stood += at - since
          since = null
        }
      }
      expect(states.at(-1)?.dueAt).toBe(T0 + 2 * HOUR + stood)
    })
  })

  test('it has a unit from its first dispatch on', () => {
    property(({ states }) => {
      for (const { status, unitId } of states) {
        if (['dispatched', 'accepted', 'handled'].includes(status)) expect(unitId).not.toBeNull()
      }
    })
  })

  test('an ended case is never suspended and takes comments only', () => {
    property(({ states }) => {
      const last = states.at(-1) as Case
      if (!isEnded(last.status)) return
      expect(last.suspendedAt).toBeNull()
      expect(allowedActions(last)).toEqual(['comment'])
    })
  })
})
