import type { Case } from '../../cases/case.ts'
import type { ErrorCode } from '../../model/errors.ts'
import type { QuarantinedMessage } from '../../model/quarantine.ts'
import type { Rejection } from '../../model/reading.ts'

/** Rows that more than one file reads. */
export interface QuarantineRow {
  readonly id: string
  readonly received_at: number
  readonly topic: string
  readonly kind: string
  readonly device_id: string
  readonly code: string
  readonly field: string | null
  readonly rejections: string
  readonly payload: Uint8Array
}

export function quarantinedFromRow(row: QuarantineRow): QuarantinedMessage {
  return {
    id: row.id,
    receivedAt: row.received_at,
    topic: row.topic,
    kind: row.kind,
    deviceId: row.device_id,
    code: row.code as ErrorCode,
    field: row.field,
    rejections: JSON.parse(row.rejections) as Rejection[],
    payload: row.payload,
  }
}

/** A case from its body. One that was stored before cases could be seen is not seen yet. */
export function caseFromBody(body: string): Case {
  const it = JSON.parse(body) as Omit<Case, 'seenAt'> & Partial<Pick<Case, 'seenAt'>>
  return { ...it, seenAt: it.seenAt ?? null }
}
