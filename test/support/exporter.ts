import type { Case, CaseEvent } from '../../src/cases/case.ts'
import type { HealthSample } from '../../src/exporter/protocol.ts'
import type { Instant } from '../../src/model/time.ts'
import type { StateChange } from '../../src/store/state-port.ts'

/** What tests of the exporter send and commit. */

/** A sample of a service that does nothing. */
export function healthSample(now: Instant, more: Partial<HealthSample> = {}): HealthSample {
  return {
    now,
    uptimeS: 30,
    messagesReceived: 0,
    messagesShed: 0,
    readingsAccepted: 0,
    readingsDuplicate: 0,
    readingsQuarantined: 0,
    readingsRefused: 0,
    casesOpened: 0,
    troubles: 0,
    rateReceived: 0,
    quarantineRatio: 0,
    ackP99S: null,
    backlogProcessor: 0,
    backlogTelemetry: 0,
    lagProcessorS: 0,
    lagTelemetryS: 0,
    journalBytes: 0,
    journalFill: 0,
    connections: 0,
    memoryBytes: 0,
    ...more,
  }
}

/** A commit of nothing but some cases and their events. */
export function casesChange(
  cursor: number,
  cases: readonly Case[],
  caseEvents: StateChange['caseEvents'] = [],
): StateChange {
  return {
    cursor,
    statesUpTo: cursor,
    progress: { now: 0, silenceFloor: 0, lastNumber: { day: '', seq: 0 } },
    live: [],
    devices: [],
    deletedDevices: [],
    rules: [],
    deletedRules: [],
    cases,
    caseEvents,
    quarantined: [],
    released: [],
    chunks: [],
    commands: [],
    ledger: [],
    verdicts: null,
    deliveries: [],
  }
}

/** The line of a history that says how severe a case is from then on. */
export function severityEvent(it: Case, type: 'open' | 'severity', at = it.openedAt): CaseEvent {
  const data = { severity: it.severity, unitId: it.unitId }
  return { type, at, actor: 'sensor:x', from: null, to: it.status, note: null, data }
}
