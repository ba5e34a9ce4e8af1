import { CODE_STANDARDS, compareSeverity, type Severity } from '../model/case-terms.ts'
import type { City } from '../model/city.ts'
import type { Device } from '../model/device.ts'
import type { CaseClass } from '../model/device-kind.ts'
import { caseId } from '../model/ids.ts'
import type { AlertLevel, StoredRule } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import type { Case, CaseEvent, Signal } from './case.ts'
import { HANDLING_TIME } from './deadline.ts'

/**
 * What an alert means for cases: open one, raise or lower it, note that the sensor recovered.
 * One open case per device and rule; a sensor never closes a case.
 */

/** The rule's alert as cases see it: its strongest firing level that has a severity, if any. */
export interface AlertView {
  readonly firing: { readonly level: AlertLevel; readonly severity: Severity } | null
  readonly at: Instant
  readonly value: number | null
}

/** What the new case is about. */
export interface CaseOrigin {
  readonly rule: StoredRule
  readonly device: Device
  readonly caseClass: CaseClass
  readonly city: City
  /** Gives the next case number of a day. */
  readonly nextNumber: (at: Instant) => string
}

/** Opens the case of a firing. */
export function openCase(
  origin: CaseOrigin,
  view: AlertView & { firing: object },
): {
  readonly opened: Case
  readonly event: CaseEvent
} {
  const { rule, device, caseClass, city } = origin
  const { level, severity } = view.firing as NonNullable<AlertView['firing']>
  const opened: Case = {
    id: caseId(rule.id, device.id, view.at),
    number: origin.nextNumber(view.at),
    status: 'open',
    severity,
    kind: device.kind,
    deviceId: device.id,
    ruleId: rule.id,
    code: caseCode(caseClass, device, city),
    title: rule.title,
    gridCode: device.gridCode,
    districtId: device.districtId,
    unitId: device.unitId,
    lat: device.lat,
    lon: device.lon,
    openedAt: view.at,
    dueAt: view.at + caseClass.limit.amount * HANDLING_TIME[caseClass.limit.unit],
    seenAt: null,
    suspendedAt: null,
    reworkCount: 0,
    signal: { state: 'firing', value: view.value, level, since: view.at },
    closedAt: null,
  }
  const event: CaseEvent = {
    type: 'open',
    at: view.at,
    actor: sensor(device.id),
    from: null,
    to: 'open',
    note: null,
    data: { severity, unitId: opened.unitId, signal: opened.signal, ruleVersion: rule.version },
  }
  return { opened, event }
}

/** What the sensor's word changes in an open case: at most a severity and a signal event. */
export function followSignal(current: Case, view: AlertView): CaseEvent[] {
  const events: CaseEvent[] = []
  const base = {
    at: view.at,
    actor: sensor(current.deviceId),
    from: current.status,
    to: current.status,
    note: null,
  }
  const signal = nextSignal(current.signal, view)
  if (view.firing !== null && compareSeverity(view.firing.severity, current.severity) !== 0) {
    const { severity } = view.firing
    events.push({ ...base, type: 'severity', data: { severity, signal } })
  } else if (signal.state !== current.signal.state || signal.level !== current.signal.level) {
    events.push({ ...base, type: 'signal', data: { signal } })
  }
  return events
}

function nextSignal(current: Signal, view: AlertView): Signal {
  const state = view.firing === null ? 'clear' : 'firing'
  return {
    state,
    value: view.value,
    level: view.firing?.level ?? current.level,
    since: state === current.state ? current.since : view.at,
  }
}

function caseCode(caseClass: CaseClass, device: Device, city: City): Case['code'] {
  const variant = caseClass.variants
  const attribute = String(variant === undefined ? undefined : device.attributes[variant.attribute])
  const known = variant !== undefined && Object.hasOwn(variant.codes, attribute)
  const codes = (known ? variant.codes[attribute] : undefined) ?? caseClass.codes
  const code = codes[city.codeEdition]
  return { standard: CODE_STANDARDS[city.codeEdition], class: code.class, name: code.name }
}

function sensor(deviceId: string): string {
  return `sensor:${deviceId}`
}
