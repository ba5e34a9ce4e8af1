import type { CaseEvent } from '../../src/cases/case.ts'
import type { DeviceCommand } from '../../src/model/command.ts'
import { type AlertDelivery, deliveryId } from '../../src/model/delivery.ts'
import type { QuarantinedMessage } from '../../src/model/quarantine.ts'
import { HOUR } from '../../src/model/time.ts'
import type { DeviceLive, StateChange } from '../../src/store/state-port.ts'
import { aCase } from './case.ts'
import { LADDER, testRule } from './kind.ts'
import { T0 } from './records.ts'
import { testDevice } from './world.ts'

/** Commits for the contracts of the state: one of nothing, one with one of everything. */

export const PAGE = { limit: 100, after: null }
/** Bytes of the processor's own, which may be anything. */
export const STATE = Uint8Array.of(1, 0, 255)
export const DEVICE = testDevice('probe', 'dev-1', {
  secretHash: 'hash',
  attributes: { owner: '水' },
})
export const OTHER = testDevice('probe', 'dev-2')
export const COMMAND: DeviceCommand = {
  id: 'c-1',
  deviceId: 'dev-1',
  kind: 'probe',
  name: 'open',
  params: { angle: 3 },
  state: 'sent',
  createdAt: T0,
  expiresAt: T0 + HOUR,
  endedAt: null,
  detail: null,
}
export const VERDICTS = {
  firstSeq: 1,
  lastSeq: 7,
  accepted: [{ day: '2026-11-22', kind: 'probe', readings: 2 }],
  exceptions: { refused: [[1, 0]] as [number, number][], moved: [] },
}

export function event(type: CaseEvent['type']): CaseEvent {
  return { type, at: T0, actor: 'li', from: null, to: 'open', note: '备注', data: {} }
}

export function quarantined(id: string): QuarantinedMessage {
  return {
    id,
    receivedAt: T0,
    topic: 'v1/probe/dev-1/telemetry',
    kind: 'probe',
    deviceId: 'dev-1',
    payload: Uint8Array.of(1, 2, 255),
    code: 'NOT_JSON',
    field: null,
    rejections: [{ code: 'NOT_JSON', field: null, found: 'x', index: null }],
  }
}

export function delivery(fingerprint: string, more: Partial<AlertDelivery> = {}): AlertDelivery {
  const about = { fingerprint, status: 'firing', startsAt: T0 } as const
  return {
    id: deliveryId(about),
    receivedAt: T0,
    receiver: 'case-api',
    ...about,
    endsAt: null,
    caseId: 'case-1',
    labels: { alertname: '积水', case_id: 'case-1' },
    annotations: {},
    ...more,
  }
}

export function live(more: Partial<DeviceLive> = {}): DeviceLive {
  return {
    deviceId: 'dev-1',
    online: true,
    lastSeenAt: T0,
    latest: { ts: T0, fields: { level: 60, open: true } },
    state: STATE,
    alerts: [
      {
        ruleId: 'probe-level',
        ruleVersion: 1,
        deviceId: 'dev-1',
        kind: 'probe',
        state: 'firing',
        level: 'major',
        since: T0,
        // The value of now: a reader shows it with the case, too.
        value: 66,
        caseId: 'case-1',
      },
    ],
    ...more,
  }
}

/** A commit of nothing but the cursor. */
export function change(cursor: number): StateChange {
  return {
    cursor,
    statesUpTo: cursor,
    progress: { now: T0, silenceFloor: T0 - 1, lastNumber: { day: '20261122', seq: 4 } },
    live: [],
    devices: [],
    deletedDevices: [],
    rules: [],
    deletedRules: [],
    cases: [],
    caseEvents: [],
    quarantined: [],
    released: [],
    chunks: [],
    commands: [],
    deliveries: [],
    ledger: [],
    verdicts: null,
  }
}

/** A commit with one of everything. */
export const FULL: StateChange = {
  ...change(7),
  statesUpTo: 5,
  devices: [DEVICE, OTHER],
  live: [live()],
  rules: [LADDER, testRule()],
  cases: [aCase()],
  caseEvents: [
    { caseId: 'case-1', event: event('open') },
    { caseId: 'case-1', event: event('comment') },
  ],
  quarantined: [quarantined('q-1')],
  chunks: [{ deviceId: 'dev-1', chunk: { from: T0, to: T0 + 10, rows: [T0, 1, -1, 0] } }],
  commands: [COMMAND],
  deliveries: [delivery('a')],
  ledger: [
    {
      day: '2026-11-22',
      kind: 'probe',
      expanded: 1,
      accepted: 2,
      quarantined: 3,
      duplicate: 4,
      shed: 5,
    },
  ],
  verdicts: VERDICTS,
}
