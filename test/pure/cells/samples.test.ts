import { expect, test } from 'vitest'
import type { CellSample } from '../../../src/cells/protocol.ts'
import { mergeSamples } from '../../../src/cells/samples.ts'
import { HealthSampler } from '../../../src/exporter/health-sample.ts'
import { SECOND } from '../../../src/model/time.ts'
import { T0 } from '../../support/records.ts'

/** A cell that took `n` messages, of which a tenth was bad and half was slow. */
function cell(n: number, more: Partial<CellSample> = {}): CellSample {
  return {
    counters: {
      messagesReceived: n,
      messagesShed: 1,
      readingsAccepted: 0.9 * n,
      readingsDuplicate: 0,
      readingsQuarantined: 0.1 * n,
      readingsRefused: 2,
      casesOpened: 3,
      troubles: 1,
      connections: 10,
      ackBuckets: [
        { le: 0.001, count: n / 2 },
        { le: Number.POSITIVE_INFINITY, count: n },
      ],
    },
    places: {
      now: T0 + n,
      lastSeq: n,
      processed: n - 5,
      stored: n - 7,
      journalBytes: n,
      journalMaxBytes: 1_000,
      memoryBytes: 100,
    },
    lagProcessorS: n / 100,
    lagTelemetryS: n / 50,
    ...more,
  }
}

test('what is counted is added up, what waits longest and is fullest is shown as it is', () => {
  const sampler = new HealthSampler(0)
  const sample = mergeSamples(sampler, [cell(100), cell(300), cell(0)], 50, 10 * SECOND)
  expect(sample).toMatchObject({
    now: T0 + 300,
    messagesReceived: 400,
    messagesShed: 3,
    readingsAccepted: 360,
    readingsQuarantined: 40,
    readingsRefused: 6,
    casesOpened: 9,
    troubles: 3,
    connections: 30,
    rateReceived: 40,
    backlogProcessor: 15,
    backlogTelemetry: 21,
    lagProcessorS: 3,
    lagTelemetryS: 6,
    journalBytes: 400,
    journalFill: 0.3,
    memoryBytes: 350,
    uptimeS: 10,
  })
  // Of all messages of the city, not of one cell's.
  expect(sample.quarantineRatio).toBeCloseTo(0.1)
  expect(sample.ackP99S).toBe(0.001)
})
