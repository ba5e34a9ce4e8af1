import { hash64 } from './hash.ts'
import type { Instant } from './time.ts'

/**
 * Grafana's word that it notified somebody of an alert. It proves that the notification arrived
 * here, not that anyone looked: a case is seen when a person opened it.
 */
export interface AlertDelivery {
  readonly id: string
  /** When it came, by the service's clock. */
  readonly receivedAt: Instant
  /** The contact point that Grafana sent it through. */
  readonly receiver: string
  readonly status: DeliveryStatus
  /** Grafana's name of the alert: a hash of its labels. */
  readonly fingerprint: string
  readonly startsAt: Instant
  /** Null while the alert fires. */
  readonly endsAt: Instant | null
  /** The case that the alert is about, where its labels name one. */
  readonly caseId: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export const DELIVERY_STATUSES = ['firing', 'resolved'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** A delivery before it is in the books. */
export type NewDelivery = Omit<AlertDelivery, 'id' | 'receivedAt'>

/**
 * The same for every repetition: Grafana sends a firing alert again and again, and through several
 * contact points.
 */
export function deliveryId(
  about: Pick<AlertDelivery, 'fingerprint' | 'status' | 'startsAt'>,
): string {
  return `delivery-${hash64(`${about.fingerprint}\n${about.status}\n${about.startsAt}`)}`
}
