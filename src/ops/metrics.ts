import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { MessageCounter, SecondsHistogram } from './message-metrics.ts'

/**
 * Counters for Prometheus. Every refused or dropped thing is counted with its code; names are
 * documented in docs/metrics.md by their help texts.
 */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'curbwatch_' })
  const registers = [registry]
  return {
    registry,
    received: new MessageCounter({
      name: 'curbwatch_messages_received_total',
      help: 'Messages taken from devices, by channel and QoS',
      labelNames: ['channel', 'qos'] as const,
      registers,
    }),
    shed: new Counter({
      name: 'curbwatch_messages_shed_total',
      help: 'Messages refused without an acknowledgement, or QoS 0 and dropped, by code',
      labelNames: ['code'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'curbwatch_refusals_total',
      help: 'Connections, subscriptions, packets refused at the broker, by code',
      labelNames: ['code'] as const,
      registers,
    }),
    ackSeconds: new SecondsHistogram({
      name: 'curbwatch_journal_seconds',
      help: 'Time from receipt until a message is on disk',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    connections: new Gauge({
      name: 'curbwatch_connections',
      help: 'Devices connected now',
      registers,
    }),
    journalBytes: new Gauge({
      name: 'curbwatch_journal_bytes',
      help: 'Bytes of the journal in use',
      registers,
    }),
    backlog: new Gauge({
      name: 'curbwatch_backlog_records',
      help: 'Journal records that the processor or the telemetry writer has not reached',
      labelNames: ['consumer'] as const,
      registers,
    }),
    readings: new Gauge({
      name: 'curbwatch_readings',
      help: 'Readings since the start, by outcome',
      labelNames: ['outcome'] as const,
      registers,
    }),
    quarantined: new Gauge({
      name: 'curbwatch_quarantined_readings',
      help: 'Readings quarantined since the start, by code',
      labelNames: ['code'] as const,
      registers,
    }),
    casesOpened: new Gauge({
      name: 'curbwatch_cases_opened',
      help: 'Cases opened since the start',
      registers,
    }),
    deliveries: new Counter({
      name: 'curbwatch_alert_deliveries_total',
      help: 'Alert notifications of Grafana that were recorded, by status; repetitions are not counted',
      labelNames: ['status'] as const,
      registers,
    }),
    troubles: new Counter({
      name: 'curbwatch_troubles_total',
      help: 'Operational failures that were met and are being retried, by place',
      labelNames: ['where'] as const,
      registers,
    }),
  }
}
export type Metrics = ReturnType<typeof createMetrics>
