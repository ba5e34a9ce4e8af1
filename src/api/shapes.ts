import { z } from 'zod'
import { CASE_ACTIONS, type Case, type CaseEvent, isOverdue } from '../cases/case.ts'
import { allowedActions } from '../cases/decide.ts'
import { CASE_STATUSES, SEVERITIES } from '../model/case-terms.ts'
import type { DeviceCommand } from '../model/command.ts'
import { type AlertDelivery, DELIVERY_STATUSES } from '../model/delivery.ts'
import type { Device } from '../model/device.ts'
import { errorInfo } from '../model/errors.ts'
import type { QuarantinedMessage } from '../model/quarantine.ts'
import { ALERT_LEVELS, ruleOverridesSchema } from '../model/rule.ts'
import { type Instant, isoUtc } from '../model/time.ts'
import type { AlertEvent } from '../processor/protocol.ts'
import type { AlertRow } from '../store/state-port.ts'
import type { DeviceView } from '../store/state-reader-port.ts'

/** The shapes of the contract: schemas for the documentation, functions that make them. */

const time = z.string().describe('ISO 8601, UTC')
export const textShape = z.object({ 'zh-CN': z.string(), en: z.string() })

export const attributesSchema = z.record(
  z.string().min(1).max(64),
  z.union([z.string().max(500), z.number(), z.boolean()]),
)

export const deviceShape = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  lat: z.number().nullable(),
  lon: z.number().nullable(),
  gridCode: z.string().nullable(),
  districtId: z.string().nullable(),
  unitId: z.string().nullable(),
  attributes: attributesSchema,
  ruleOverrides: ruleOverridesSchema,
  enabled: z.boolean(),
  online: z.boolean(),
  lastSeenAt: time.nullable(),
  latest: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).nullable(),
  createdAt: time,
})

export function shapeDevice(it: DeviceView): z.output<typeof deviceShape> {
  const { secretHash: _kept, latest, ...rest } = it
  return {
    ...rest,
    attributes: { ...it.attributes },
    createdAt: isoUtc(it.createdAt),
    lastSeenAt: isoOrNull(it.lastSeenAt),
    latest: latest === null ? null : { ...latest.fields, ts: isoUtc(latest.ts) },
  }
}

/** A device that was registered a moment ago: nothing was heard of it yet. */
export function newDevice(it: Device): DeviceView {
  return { ...it, online: false, lastSeenAt: null, latest: null }
}

export const alertShape = z.object({
  ruleId: z.string(),
  ruleVersion: z.number(),
  deviceId: z.string(),
  kind: z.string(),
  state: z.enum(['pending', 'firing']),
  level: z.enum(ALERT_LEVELS),
  since: time,
  value: z.number().nullable(),
  caseId: z.string().nullable(),
})

export function shapeAlert(it: AlertRow): z.output<typeof alertShape> {
  return { ...it, since: isoUtc(it.since) }
}

export function shapeAlertEvent(it: AlertEvent): Record<string, unknown> {
  return { ...it, since: isoUtc(it.since) }
}

export const caseShape = z.object({
  id: z.string(),
  number: z.string(),
  status: z.enum(CASE_STATUSES),
  severity: z.enum(SEVERITIES),
  kind: z.string(),
  deviceId: z.string(),
  ruleId: z.string(),
  code: z.object({ standard: z.string(), class: z.string(), name: z.string() }),
  title: textShape,
  gridCode: z.string().nullable(),
  districtId: z.string().nullable(),
  unitId: z.string().nullable(),
  lat: z.number().nullable(),
  lon: z.number().nullable(),
  openedAt: time,
  dueAt: time,
  seenAt: time
    .nullable()
    .describe('When a person first looked at it or acted; null again after it became more severe'),
  overdue: z.boolean(),
  suspended: z.boolean(),
  reworkCount: z.number(),
  signal: z.object({
    state: z.enum(['firing', 'clear']),
    value: z.number().nullable(),
    level: z.enum(ALERT_LEVELS),
    since: time,
  }),
  closedAt: time.nullable(),
  actions: z.array(z.enum(CASE_ACTIONS)).describe('What the state of the case allows now'),
})

export function shapeCase(it: Case, now: Instant): z.output<typeof caseShape> {
  const { suspendedAt, ...rest } = it
  return {
    ...rest,
    openedAt: isoUtc(it.openedAt),
    dueAt: isoUtc(it.dueAt),
    seenAt: isoOrNull(it.seenAt),
    overdue: isOverdue(it, now),
    suspended: suspendedAt !== null,
    signal: { ...it.signal, since: isoUtc(it.signal.since) },
    closedAt: isoOrNull(it.closedAt),
    actions: allowedActions(it),
  }
}

export const caseEventShape = z.object({
  action: z.string(),
  at: time,
  actor: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  note: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})

export function shapeCaseEvent(it: CaseEvent): z.output<typeof caseEventShape> {
  const { type, at, data, ...rest } = it
  return { action: type, at: isoUtc(at), ...rest, data: shapeTimes(data) }
}

/** Times inside an event's data, by the names they have. */
function shapeTimes(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      if (typeof value === 'number' && (key.endsWith('At') || key === 'since'))
        return [key, isoUtc(value)]
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return [key, shapeTimes(value as Record<string, unknown>)]
      return [key, value]
    }),
  )
}

export const quarantinedShape = z.object({
  id: z.string(),
  receivedAt: time,
  topic: z.string(),
  deviceId: z.string(),
  payload: z.string(),
  encoding: z.literal('base64').optional(),
  code: z.string(),
  reason: textShape,
  field: z.string().optional(),
  readings: z
    .array(
      z.object({
        index: z.number().nullable(),
        code: z.string(),
        field: z.string().nullable(),
        found: z.string().nullable(),
      }),
    )
    .describe('Each bad reading of the message'),
})

const utf8 = new TextDecoder('utf-8', { fatal: true })

export function shapeQuarantined(it: QuarantinedMessage): z.output<typeof quarantinedShape> {
  const info = errorInfo(it.code)
  const first = it.rejections[0]
  const detail = [first?.field, first?.found].filter((part) => part != null).join(': ')
  const reason = (language: 'zh-CN' | 'en') => {
    const [open, close] = language === 'en' ? [' (', ')'] : ['（', '）']
    const found = detail === '' ? '' : `${open}${detail}${close}`
    return `${info.title[language]}${found}${language === 'en' ? '. ' : '。'}${info.hint[language]}`
  }
  return {
    id: it.id,
    receivedAt: isoUtc(it.receivedAt),
    topic: it.topic,
    deviceId: it.deviceId,
    ...shapePayload(it.payload),
    code: it.code,
    reason: { 'zh-CN': reason('zh-CN'), en: reason('en') },
    ...(it.field === null ? {} : { field: it.field }),
    readings: it.rejections.map(({ index, code, field, found }) => ({ index, code, field, found })),
  }
}

function shapePayload(payload: Uint8Array): { payload: string; encoding?: 'base64' } {
  try {
    return { payload: utf8.decode(payload) }
  } catch {
    return { payload: Buffer.from(payload).toString('base64'), encoding: 'base64' }
  }
}

export const commandShape = z.object({
  id: z.string(),
  deviceId: z.string(),
  name: z.string(),
  params: z.record(z.string(), z.unknown()),
  state: z.enum(['sent', 'acknowledged', 'failed', 'expired']),
  createdAt: time,
  expiresAt: time,
  endedAt: time.nullable(),
  detail: z.string().nullable(),
})

export function shapeCommand(it: DeviceCommand): z.output<typeof commandShape> {
  const { kind: _kind, ...rest } = it
  return {
    ...rest,
    params: { ...it.params },
    createdAt: isoUtc(it.createdAt),
    expiresAt: isoUtc(it.expiresAt),
    endedAt: isoOrNull(it.endedAt),
  }
}

export const deliveryShape = z.object({
  id: z.string(),
  receivedAt: time,
  receiver: z.string().describe("Grafana's contact point"),
  status: z.enum(DELIVERY_STATUSES),
  fingerprint: z.string(),
  startsAt: time,
  endsAt: time.nullable(),
  caseId: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
})

export function shapeDelivery(it: AlertDelivery): z.output<typeof deliveryShape> {
  return {
    ...it,
    receivedAt: isoUtc(it.receivedAt),
    startsAt: isoUtc(it.startsAt),
    endsAt: isoOrNull(it.endsAt),
    labels: { ...it.labels },
    annotations: { ...it.annotations },
  }
}

export function isoOrNull(at: Instant | null): string | null {
  return at === null ? null : isoUtc(at)
}

/** A page of a list. */
export function pageShape<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
