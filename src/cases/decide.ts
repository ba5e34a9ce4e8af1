import { type CaseStatus, compareSeverity } from '../model/case-terms.ts'
import type { ErrorCode } from '../model/errors.ts'
import { fail, ok, type Result } from '../model/result.ts'
import type { Instant } from '../model/time.ts'
import { type Case, type CaseAction, type CaseEvent, isAction, isEnded } from './case.ts'

/** An operator's action on a case. */
export interface CaseCommand {
  readonly action: CaseAction
  readonly at: Instant
  readonly actor: string
  readonly note: string | null
  readonly unitId: string | null
  /** Evidence, by reference: addresses of photos or documents (before and after). */
  readonly attachments: readonly string[]
}

/** Where each action is allowed, and where it leads. A missing pair is refused. */
const TRANSITIONS: Readonly<Record<CaseAction, Partial<Record<CaseStatus, CaseStatus>>>> = {
  // Dispatching a dispatched case sends it to another unit (改派).
  dispatch: { open: 'dispatched', dispatched: 'dispatched' },
  accept: { dispatched: 'accepted' },
  handle: { accepted: 'handled' },
  verify: { handled: 'closed' },
  // Back to the unit that handled it: rework (返工).
  reject: { handled: 'dispatched' },
  suspend: same('open', 'dispatched', 'accepted', 'handled'),
  resume: same('open', 'dispatched', 'accepted', 'handled'),
  cancel: {
    open: 'cancelled',
    dispatched: 'cancelled',
    accepted: 'cancelled',
    handled: 'cancelled',
  },
  comment: same('open', 'dispatched', 'accepted', 'handled', 'closed', 'cancelled'),
  // Somebody looked at it (已阅): nothing else changes.
  acknowledge: same('open', 'dispatched', 'accepted', 'handled'),
}

function same(...statuses: CaseStatus[]): Partial<Record<CaseStatus, CaseStatus>> {
  return Object.fromEntries(statuses.map((status) => [status, status]))
}

/** Actions that a suspended case still takes. */
const WHILE_SUSPENDED: readonly CaseAction[] = ['resume', 'cancel', 'comment', 'acknowledge']

/** Says what an action makes of a case, or why it may not. Decides only; `applyEvent` changes. */
export function decide(current: Case, command: CaseCommand): Result<CaseEvent, ErrorCode> {
  const to = TRANSITIONS[command.action][current.status]
  if (to === undefined) return fail('CASE_TRANSITION')
  const suspended = current.suspendedAt !== null
  if (suspended && !WHILE_SUSPENDED.includes(command.action)) return fail('CASE_SUSPENDED')
  if (!suspended && command.action === 'resume') return fail('CASE_TRANSITION')

  const unitId = command.unitId ?? current.unitId
  if (command.action === 'dispatch' && unitId === null) return fail('CASE_UNASSIGNED')
  return ok({
    type: command.action,
    at: command.at,
    actor: command.actor,
    from: current.status,
    to,
    note: command.note,
    data: {
      ...eventData(current, command, unitId),
      ...(command.attachments.length === 0 ? {} : { attachments: command.attachments }),
    },
  })
}

function eventData(current: Case, command: CaseCommand, unitId: string | null): CaseEvent['data'] {
  if (command.action === 'dispatch') return { unitId }
  if (command.action === 'resume' && current.suspendedAt !== null) {
    // The time of suspension does not count against the unit.
    return { dueAt: current.dueAt + (command.at - current.suspendedAt) }
  }
  return {}
}

/** True where an action that is allowed would change nothing: seen is seen. */
export function isRepeated(current: Case, action: CaseAction): boolean {
  return action === 'acknowledge' && current.seenAt !== null
}

/** The actions that a case takes now, for people to choose from. */
export function allowedActions(current: Case): CaseAction[] {
  const all = Object.keys(TRANSITIONS) as CaseAction[]
  const probe = { at: 0, actor: '', note: null, unitId: 'any', attachments: [] }
  return all.filter(
    (action) => decide(current, { ...probe, action }).ok && !isRepeated(current, action),
  )
}

/** The case after an event. */
export function applyEvent(current: Case, event: CaseEvent): Case {
  return {
    ...current,
    ...pick(event.data),
    status: event.to,
    seenAt: seenAfter(current, event),
    suspendedAt: suspendedAfter(current, event),
    reworkCount: current.reworkCount + (event.type === 'reject' ? 1 : 0),
    closedAt: isEnded(event.to) ? (current.closedAt ?? event.at) : null,
  }
}

/** Who acts has seen it; what became more severe needs a new look. */
function seenAfter(current: Case, event: CaseEvent): Instant | null {
  if (isAction(event.type)) return current.seenAt ?? event.at
  const { severity } = event.data as Partial<Case>
  const worse = severity !== undefined && compareSeverity(severity, current.severity) > 0
  return worse ? null : current.seenAt
}

function suspendedAfter(current: Case, event: CaseEvent): Instant | null {
  if (event.type === 'suspend') return event.at
  if (event.type === 'resume' || isEnded(event.to)) return null
  return current.suspendedAt
}

function pick(data: CaseEvent['data']): Partial<Case> {
  const { unitId, severity, signal, dueAt } = data as Partial<Case>
  return {
    ...(unitId === undefined ? {} : { unitId }),
    ...(severity === undefined ? {} : { severity }),
    ...(signal === undefined ? {} : { signal }),
    ...(dueAt === undefined ? {} : { dueAt }),
  }
}
