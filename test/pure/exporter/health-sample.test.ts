import { describe, expect, test } from 'vitest'
import {
  type HealthCounters,
  type HealthPlaces,
  HealthSampler,
  quantileOf,
} from '../../../src/exporter/health-sample.ts'
import { servicePoint } from '../../../src/exporter/service-points.ts'
import { MINUTE, SECOND } from '../../../src/model/time.ts'
import { metricValues } from '../../../src/ops/metric-values.ts'
import { createMetrics } from '../../../src/ops/metrics.ts'
import { T0 } from '../../support/records.ts'

function counters(more: Partial<HealthCounters> = {}): HealthCounters {
  return {
    messagesReceived: 0,
    messagesShed: 0,
    readingsAccepted: 0,
    readingsDuplicate: 0,
    readingsQuarantined: 0,
    readingsRefused: 0,
    casesOpened: 0,
    troubles: 0,
    connections: 0,
    ackBuckets: [],
    ...more,
  }
}

function places(more: Partial<HealthPlaces> = {}): HealthPlaces {
  return {
    now: T0,
    lastSeq: 0,
    processed: 0,
    stored: 0,
    journalBytes: 25,
    journalMaxBytes: 100,
    memoryBytes: 7,
    ...more,
  }
}

describe('a sample of the health', () => {
  test('rates are since the sample before', () => {
    const sampler = new HealthSampler(1_000)
    const of = (messagesReceived: number, at: number) =>
      sampler.sample(counters({ messagesReceived }), places(), at)
    expect(of(300, 31_000)).toMatchObject({ rateReceived: 10, uptimeS: 30, messagesReceived: 300 })
    expect(of(360, 61_000)).toMatchObject({ rateReceived: 2, uptimeS: 60 })
    expect(of(360, 91_000)).toMatchObject({ rateReceived: 0 })
  })

  test('the share in quarantine is over five minutes, and is forgotten after them', () => {
    const sampler = new HealthSampler(0)
    const ratio = (accepted: number, duplicate: number, quarantined: number, at: number) =>
      sampler.sample(
        counters({
          readingsAccepted: accepted,
          readingsDuplicate: duplicate,
          readingsQuarantined: quarantined,
        }),
        places(),
        at,
      ).quarantineRatio
    expect(ratio(0, 0, 0, 0)).toBe(0)
    expect(ratio(60, 20, 20, MINUTE)).toBe(0.2)
    expect(ratio(160, 20, 20, 2 * MINUTE)).toBe(0.1)
    expect(ratio(160, 20, 20, 5 * MINUTE)).toBe(0.1)
    expect(ratio(160, 20, 20, 6 * MINUTE)).toBe(0)
    expect(ratio(160, 20, 20, 20 * MINUTE)).toBe(0)
  })

  test('what waits, and for how long', () => {
    const sampler = new HealthSampler(0)
    for (let i = 1; i <= 10; i++) sampler.pulse(i * 100, i * SECOND)
    const at = 20 * SECOND
    expect(sampler.sample(counters(), places({ lastSeq: 1000 }), at)).toMatchObject({
      backlogProcessor: 1000,
      lagProcessorS: 19,
      lagTelemetryS: 19,
    })
    const some = places({ lastSeq: 1000, processed: 1000, stored: 250 })
    expect(sampler.sample(counters(), some, at)).toMatchObject({
      backlogProcessor: 0,
      lagProcessorS: 0,
      backlogTelemetry: 750,
      lagTelemetryS: 17,
    })
    const done = places({ lastSeq: 1000, processed: 1000, stored: 1000 })
    expect(sampler.sample(counters(), done, at)).toMatchObject({ lagTelemetryS: 0 })
    // Nothing new came: an old number is no record that waits.
    sampler.pulse(1000, at + SECOND)
    expect(sampler.sample(counters(), done, at + MINUTE)).toMatchObject({ lagTelemetryS: 0 })
  })

  test('an outage of a day is told to the minute, in bounded memory', () => {
    const sampler = new HealthSampler(0)
    const pulses = (24 * 60 * MINUTE) / 200
    for (let i = 1; i <= pulses; i++) sampler.pulse(i, i * 200)
    const at = pulses * 200
    const lag = (stored: number) =>
      sampler.sample(counters(), places({ lastSeq: pulses, processed: stored, stored }), at)
        .lagTelemetryS
    for (const waited of [86_399, 43_200, 3_600, 600]) {
      const told = lag(pulses - waited * 5)
      expect(told, String(waited)).toBeLessThanOrEqual(waited)
      expect(told, String(waited)).toBeGreaterThan(waited - 60)
    }
  })

  test('journal, memory, clock as they are', () => {
    const sample = new HealthSampler(0).sample(counters({ connections: 3 }), places(), SECOND)
    expect(sample).toMatchObject({
      now: T0,
      journalBytes: 25,
      journalFill: 0.25,
      memoryBytes: 7,
      connections: 3,
      ackP99S: null,
    })
  })
})

describe('the 99th percentile', () => {
  const of = (...counts: number[]) =>
    quantileOf(
      0.99,
      counts.map((count, i) => ({
        le: [0.001, 0.01, 0.1, Number.POSITIVE_INFINITY][i] ?? 0,
        count,
      })),
    )
  test('lies in the bucket that holds it', () => {
    expect(of(100, 100, 100, 100)).toBeCloseTo(0.000_99, 6)
    expect(of(0, 100, 100, 100)).toBeCloseTo(0.001 + 0.009 * 0.99, 6)
    expect(of(98, 98, 100, 100)).toBeCloseTo(0.01 + 0.09 * 0.5, 6)
    expect(of(0, 0, 0, 100)).toBe(0.1)
    expect(of(0, 0, 0, 0)).toBeNull()
    expect(quantileOf(0.99, [])).toBeNull()
  })

  test('counts only what came since the sample before', async () => {
    const metrics = createMetrics()
    const sampler = new HealthSampler(0)
    const p99 = async (at: number) =>
      sampler.sample(await metricValues(metrics), places(), at).ackP99S
    for (let i = 0; i < 1000; i++) metrics.ackSeconds.observe(0.9)
    expect(await p99(1)).toBeGreaterThan(0.25)
    for (let i = 0; i < 10; i++) metrics.ackSeconds.observe(0.0001)
    expect(await p99(2)).toBeLessThan(0.0005)
    expect(await p99(3)).toBeNull()
  })
})

test('the counters for Prometheus are read as they stand', async () => {
  const metrics = createMetrics()
  expect(await metricValues(metrics)).toMatchObject({ messagesReceived: 0, readingsAccepted: 0 })
  metrics.received.inc({ channel: 'telemetry', qos: '1' }, 5)
  metrics.received.inc({ channel: 'status', qos: '0' }, 2)
  metrics.shed.inc({ code: 'OVERLOADED' }, 3)
  metrics.readings.set({ outcome: 'accepted' }, 11)
  metrics.readings.set({ outcome: 'duplicate' }, 12)
  metrics.readings.set({ outcome: 'refused' }, 13)
  metrics.quarantined.set({ code: 'NOT_JSON' }, 1)
  metrics.quarantined.set({ code: 'FIELD_TYPE' }, 2)
  metrics.casesOpened.set(4)
  metrics.troubles.inc({ where: 'telemetry' }, 6)
  metrics.connections.set(9)
  expect(await metricValues(metrics)).toMatchObject({
    messagesReceived: 7,
    messagesShed: 3,
    readingsAccepted: 11,
    readingsDuplicate: 12,
    readingsQuarantined: 3,
    readingsRefused: 13,
    casesOpened: 4,
    troubles: 6,
    connections: 9,
  })
})

test('the point has the names that boards and alerts use', () => {
  const sampler = new HealthSampler(0)
  const quiet = servicePoint(sampler.sample(counters(), places(), SECOND))
  expect(quiet).toMatchObject({ measurement: 'service', tags: {}, at: T0 })
  expect(quiet.fields).not.toHaveProperty('ack_p99_s')
  const ackBuckets = [{ le: 0.001, count: 5 }]
  const busy = servicePoint(sampler.sample(counters({ ackBuckets }), places(), 2 * SECOND))
  expect(Object.keys(busy.fields).sort()).toEqual([
    'ack_p99_s',
    'backlog_processor',
    'backlog_telemetry',
    'cases_opened',
    'connections',
    'journal_bytes',
    'journal_fill',
    'lag_processor_s',
    'lag_telemetry_s',
    'memory_bytes',
    'messages_received',
    'messages_shed',
    'quarantine_ratio',
    'rate_received',
    'readings_accepted',
    'readings_duplicate',
    'readings_quarantined',
    'readings_refused',
    'troubles',
    'up',
    'uptime_s',
  ])
})
