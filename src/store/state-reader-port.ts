import type { Case, CaseEvent } from '../cases/case.ts'
import type { CaseStatus, Severity } from '../model/case-terms.ts'
import type { DeviceCommand } from '../model/command.ts'
import type { AlertDelivery } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import type { StoredRule } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import type { AlertRow, DeviceLive } from './state-port.ts'

/** The reading side of the state: what the API answers from. Committed states only. */
export interface StateReader {
  devices(filter: DeviceFilter, page: Page): Promise<Paged<DeviceView>>
  device(id: string): Promise<DeviceView | null>
  /** Ids, kinds, secret hashes of all devices: the broker's door list. */
  credentials(): Promise<Credential[]>
  alerts(filter: AlertFilter, page: Page): Promise<Paged<AlertRow>>
  rules(): Promise<StoredRule[]>
  rule(id: string): Promise<StoredRule | null>
  cases(filter: CaseFilter, page: Page): Promise<Paged<Case>>
  case(id: string): Promise<{ case: Case; history: CaseEvent[] } | null>
  quarantine(filter: QuarantineFilter, page: Page): Promise<Paged<QuarantinedMessage>>
  quarantined(id: string): Promise<QuarantinedMessage | null>
  /** Notifications that Grafana delivered, newest first. */
  deliveries(filter: DeliveryFilter, page: Page): Promise<Paged<AlertDelivery>>
  command(id: string): Promise<DeviceCommand | null>
  /** Commands of a device that wait for an answer, oldest first. */
  pendingCommands(deviceId: string): Promise<DeviceCommand[]>
  /** All devices, counted by district and kind. */
  deviceCounts(): Promise<DeviceCount[]>
  /** All open cases, and those that ended after a moment, as of one moment. */
  casesSince(endedAfter: Instant): Promise<Case[]>
  /** Openings and ends of cases after the mark, in the order of marks. */
  caseMoments(after: CaseMomentMark, limit: number): Promise<CaseMoment[]>
  close(): Promise<void>
}

/** `after`: opaque, from the page before. */
export interface Page {
  readonly limit: number
  readonly after: string | null
}

export interface Paged<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export type DeviceView = Device & Pick<DeviceLive, 'online' | 'lastSeenAt' | 'latest'>

export interface Credential {
  readonly id: string
  readonly kind: string
  readonly secretHash: string
  readonly enabled: boolean
}

export interface DeviceCount {
  readonly districtId: string | null
  readonly kind: string
  readonly total: number
  readonly online: number
  /** The alert of the rule `<kind>-silent` is firing. */
  readonly silent: number
}

/** A case was opened, or it ended. */
export interface CaseMoment {
  readonly at: Instant
  readonly ended: boolean
  /** The case as it is now. */
  readonly case: Case
  /** The first line of its history. */
  readonly opening: CaseEvent | null
}

/** A place in the list of moments: by time, then by case, the opening before the end. */
export interface CaseMomentMark {
  readonly at: Instant
  readonly caseId: string
  readonly ended: boolean
}

export interface DeviceFilter {
  readonly kind?: string | undefined
  readonly gridCode?: string | undefined
  readonly online?: boolean | undefined
  /** Part of the id or the name. */
  readonly q?: string | undefined
}

export interface AlertFilter {
  readonly kind?: string | undefined
  readonly deviceId?: string | undefined
  readonly ruleId?: string | undefined
  readonly state?: 'pending' | 'firing' | undefined
}

export interface CaseFilter {
  readonly status?: readonly CaseStatus[] | undefined
  readonly severity?: Severity | undefined
  readonly kind?: string | undefined
  readonly deviceId?: string | undefined
  readonly gridCode?: string | undefined
  readonly unitId?: string | undefined
  readonly overdue?: boolean | undefined
  readonly from?: Instant | undefined
  readonly to?: Instant | undefined
  /** The moment at which overdue is asked. */
  readonly now: Instant
}

export interface QuarantineFilter {
  readonly deviceId?: string | undefined
  readonly kind?: string | undefined
  readonly code?: string | undefined
}

export interface DeliveryFilter {
  readonly caseId?: string | undefined
}
