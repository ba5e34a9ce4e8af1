import type { OpsPoint } from '../store/ops-port.ts'
import type { HealthSample } from './protocol.ts'

/** The heartbeat of the service: one point, without tags. */
export function servicePoint(sample: HealthSample): OpsPoint {
  return {
    measurement: 'service',
    tags: {},
    fields: {
      up: 1,
      uptime_s: sample.uptimeS,
      messages_received: sample.messagesReceived,
      messages_shed: sample.messagesShed,
      readings_accepted: sample.readingsAccepted,
      readings_duplicate: sample.readingsDuplicate,
      readings_quarantined: sample.readingsQuarantined,
      readings_refused: sample.readingsRefused,
      cases_opened: sample.casesOpened,
      troubles: sample.troubles,
      rate_received: sample.rateReceived,
      quarantine_ratio: sample.quarantineRatio,
      // No answer is no time of 0: the field is left out.
      ...(sample.ackP99S === null ? {} : { ack_p99_s: sample.ackP99S }),
      backlog_processor: sample.backlogProcessor,
      backlog_telemetry: sample.backlogTelemetry,
      lag_processor_s: sample.lagProcessorS,
      lag_telemetry_s: sample.lagTelemetryS,
      journal_bytes: sample.journalBytes,
      journal_fill: sample.journalFill,
      connections: sample.connections,
      memory_bytes: sample.memoryBytes,
    },
    at: sample.now,
  }
}
