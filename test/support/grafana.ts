import { createHmac } from 'node:crypto'
import type { Answer, Service } from './service.ts'

/** Grafana as curbwatch sees it: a signed POST of alert groups. */

export const WEBHOOK_SECRET = 'Spec0123456789webhookSecret'

export interface GrafanaAlert {
  readonly status: 'firing' | 'resolved'
  readonly fingerprint: string
  readonly startsAt: string
  readonly endsAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** An alert as Grafana writes it, with more than curbwatch asks for. */
export function grafanaAlert(more: Partial<GrafanaAlert> = {}): GrafanaAlert {
  return {
    status: 'firing',
    fingerprint: 'c6eadffa33fcdf37',
    startsAt: '2026-11-23T10:00:00.123456789+08:00',
    endsAt: '0001-01-01T00:00:00Z',
    labels: { alertname: '未结重大工单 | Open severe case', case_id: 'case-1', severity: 'major' },
    annotations: { summary: '工单' },
    ...more,
  }
}

export function notificationOf(alerts: readonly object[], receiver = 'case-api'): string {
  return JSON.stringify({
    receiver,
    status: 'firing',
    orgId: 1,
    alerts: alerts.map((alert) => ({
      ...alert,
      generatorURL: 'http://grafana/alerting/x/view',
      values: { B: 1, C: 1 },
      valueString: '[ var=B ]',
    })),
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://grafana/',
    version: '1',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
  })
}

/** The headers of Grafana's signature over a body; `at` in real epoch milliseconds. */
export function signature(
  body: string,
  { secret = WEBHOOK_SECRET, at = Date.now() } = {},
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000))
  const digest = createHmac('sha256', secret).update(`${timestamp}:${body}`).digest('hex')
  return {
    'X-Grafana-Alerting-Signature': digest,
    'X-Grafana-Alerting-Timestamp': timestamp,
  }
}

/** Posts what Grafana would; `headers` stand in for its signature where they are given. */
export function deliver(
  service: Service,
  body: string,
  headers: Record<string, string> = signature(body),
): Promise<Answer> {
  return service.request('POST', '/api/v1/grafana/alerts', {
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}
