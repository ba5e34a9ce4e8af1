/**
 * The shapes that the page reads from the API (contract: Shapes). Types only: nothing here is
 * served to a browser.
 */
import type { CaseStatus, Severity } from '../model/case-terms.ts'
import type { City as WholeCity } from '../model/city.ts'
import type { FieldSpec as KindField } from '../model/device-kind.ts'
import type { AlertLevel, Expr } from '../model/rule.ts'
import type { Text } from '../model/text.ts'

export type { CaseStatus, Severity } from '../model/case-terms.ts'
export type { AlertLevel, Expr } from '../model/rule.ts'
export type { Language, Text } from '../model/text.ts'

export type FieldSpec = KindField & { readonly symbol?: string }
export type City = Omit<WholeCity, 'ruleOverrides' | 'division' | 'codeEdition'>
export type FieldValue = number | boolean | string | null

export interface Kind {
  name: string
  title: Text
  primaryField: string
  fields: Record<string, FieldSpec>
}

export interface Rule {
  id: string
  kind: string
  title: Text
  value: Expr | null
}

export interface Latest {
  ts: string
  [field: string]: FieldValue
}

export interface Device {
  id: string
  kind: string
  name: string
  lat: number | null
  lon: number | null
  gridCode: string | null
  districtId: string | null
  unitId: string | null
  enabled: boolean
  online: boolean
  lastSeenAt: string | null
  latest: Latest | null
}

export interface Alert {
  ruleId: string
  deviceId: string
  kind: string
  state: 'pending' | 'firing' | 'resolved'
  level: AlertLevel
  since: string
  value: number | null
  caseId: string | null
}

export interface Signal {
  state: 'firing' | 'clear'
  value: number | null
  level: AlertLevel | null
  since: string
}

export interface Case {
  id: string
  number: string
  status: CaseStatus
  severity: Severity
  kind: string
  deviceId: string
  ruleId: string
  code: { standard: string; class: string; name: string }
  title: Text
  gridCode: string | null
  districtId: string | null
  unitId: string | null
  lat: number | null
  lon: number | null
  openedAt: string
  dueAt: string | null
  /** When a person first looked at it or acted; null again after it became more severe. */
  seenAt: string | null
  overdue: boolean
  suspended: boolean
  reworkCount: number
  signal: Signal
  closedAt: string | null
  /** What its state allows now. */
  actions: CaseAction[]
}

export interface HistoryEntry {
  at: string
  actor: string
  action: string
  from: CaseStatus | null
  to: CaseStatus | null
  note?: string | null
  /** What changed besides the status. */
  data?: {
    unitId?: string
    severity?: Severity
    signal?: Signal
    dueAt?: string | number
  } | null
}

export type CaseWithHistory = Case & { history: HistoryEntry[] }

export type CaseAction =
  | 'dispatch'
  | 'accept'
  | 'handle'
  | 'verify'
  | 'reject'
  | 'suspend'
  | 'resume'
  | 'cancel'
  | 'comment'
  | 'acknowledge'

/** A notification that Grafana delivered. */
export interface Delivery {
  id: string
  receivedAt: string
  receiver: string
  status: 'firing' | 'resolved'
  caseId: string | null
}

export interface Reading {
  deviceId: string
  kind: string
  ts: string
  fields: Record<string, FieldValue>
}

export interface StoredReading {
  ts: string
  [field: string]: FieldValue
}

/** One day's balance, in readings: received = stored + quarantined + duplicate + shed + pending. */
export interface Ledger {
  day: string
  /** True where the equation holds for every kind too. */
  balanced: boolean
  received: number
  stored: number
  quarantined: number
  duplicate: number
  shed: number
  pending: number
}

export interface Health {
  status: string
  time: string
  clockSpeed?: number
}

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** What the map and the lists colour a device by; worst first. */
export type DeviceState = 'critical' | 'major' | 'minor' | 'fine' | 'offline'

export type Connection = 'connecting' | 'live' | 'waiting'

/** What may have changed since the views were last drawn. */
export type Topic =
  | 'alerts'
  | 'cases'
  | 'city'
  | 'connection'
  | 'devices'
  | 'filters'
  | 'health'
  | 'ledger'
  | 'selection'
  | 'theme'
  | 'tick'

export interface View {
  element: HTMLElement
  update(changed: ReadonlySet<Topic>): void
  /** Lets go of what outlives the element, such as observers and requests. */
  destroy?(): void
}
