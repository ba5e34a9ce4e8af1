import type { Reading } from '../../src/model/reading.ts'
import type { Aggregate, TelemetryReader, TelemetryRow } from '../../src/store/telemetry-port.ts'
import { T0 } from './records.ts'

/** Readings of the probe for the contracts of telemetry, and the ways to ask for them. */

export function reading(
  after: number,
  fields: Reading['fields'],
  more: Partial<Reading> = {},
): Reading {
  return {
    deviceId: 'dev-1',
    kind: 'probe',
    observedAt: T0 + after,
    receivedAt: T0 + after,
    seq: null,
    fields,
    ...more,
  }
}

const ALL = {
  kind: 'probe',
  deviceId: 'dev-1',
  from: 0,
  to: 2 * T0,
  fields: [] as string[],
}

export async function range(
  reader: TelemetryReader,
  more: Partial<Parameters<TelemetryReader['range']>[0]> = {},
): Promise<readonly TelemetryRow[]> {
  return await reader.range({ ...ALL, limit: 1000, ...more })
}

export async function buckets(
  reader: TelemetryReader,
  every: number,
  aggregate: Aggregate,
  more: { readonly kind?: string; readonly deviceId?: string } = {},
) {
  return await reader.aggregate({ ...ALL, fields: ['level'], every, aggregate, ...more })
}
