import type { HealthCounters, HealthPlaces, HealthSampler } from '../exporter/health-sample.ts'
import type { HealthSample } from '../exporter/protocol.ts'
import type { CellSample } from './protocol.ts'

/**
 * How the whole service is, from its cells: what is counted is added up, so that rates, ratios and
 * quantiles are those of all messages; what waits longest and what is fullest is shown as it is.
 * `memoryBytes`: of the front's own process.
 */
export function mergeSamples(
  sampler: HealthSampler,
  cells: readonly CellSample[],
  memoryBytes: number,
  at: number,
): HealthSample {
  const max = (of: (cell: CellSample) => number) => Math.max(...cells.map(of))
  const places = sumPlaces(cells.map((cell) => cell.places))
  const counters = sumCounters(cells.map((cell) => cell.counters))
  return {
    ...sampler.sample(counters, { ...places, memoryBytes: places.memoryBytes + memoryBytes }, at),
    lagProcessorS: max((cell) => cell.lagProcessorS),
    lagTelemetryS: max((cell) => cell.lagTelemetryS),
    journalFill: max(
      ({ places: { journalBytes, journalMaxBytes } }) => journalBytes / journalMaxBytes,
    ),
  }
}

function sumPlaces(all: readonly HealthPlaces[]): HealthPlaces {
  const sum = (name: keyof HealthPlaces) => all.reduce((total, one) => total + one[name], 0)
  return {
    now: Math.max(...all.map(({ now }) => now)),
    lastSeq: sum('lastSeq'),
    processed: sum('processed'),
    stored: sum('stored'),
    journalBytes: sum('journalBytes'),
    journalMaxBytes: sum('journalMaxBytes'),
    memoryBytes: sum('memoryBytes'),
  }
}

function sumCounters(all: readonly HealthCounters[]): HealthCounters {
  const sum = (name: Exclude<keyof HealthCounters, 'ackBuckets'>) =>
    all.reduce((total, one) => total + one[name], 0)
  return {
    messagesReceived: sum('messagesReceived'),
    messagesShed: sum('messagesShed'),
    readingsAccepted: sum('readingsAccepted'),
    readingsDuplicate: sum('readingsDuplicate'),
    readingsQuarantined: sum('readingsQuarantined'),
    readingsRefused: sum('readingsRefused'),
    casesOpened: sum('casesOpened'),
    troubles: sum('troubles'),
    connections: sum('connections'),
    ackBuckets: (all[0]?.ackBuckets ?? []).map(({ le }, i) => ({
      le,
      count: all.reduce((total, one) => total + (one.ackBuckets[i]?.count ?? 0), 0),
    })),
  }
}
