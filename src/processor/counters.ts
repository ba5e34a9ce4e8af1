import type { Effects } from '../engine/effects.ts'
import type { PipelineCounters } from './protocol.ts'

/** What the pipeline has done since its start, for metrics. */
export function createCounters(): PipelineCounters {
  return {
    records: 0,
    accepted: 0,
    duplicate: 0,
    quarantined: {},
    late: 0,
    unknownFields: 0,
    casesOpened: 0,
    commits: 0,
  }
}

/** Adds what a commit came to. */
export function countEffects(counters: PipelineCounters, effects: Effects): void {
  counters.commits++
  counters.records += effects.counters.records
  counters.late += effects.counters.late
  counters.unknownFields += effects.counters.unknownFields
  counters.accepted += effects.accepted.length
  counters.casesOpened += effects.caseEvents.filter(({ event }) => event.type === 'open').length
  for (const line of effects.ledger.values()) counters.duplicate += line.duplicate
  for (const { code, rejections } of effects.quarantined) {
    counters.quarantined[code] = (counters.quarantined[code] ?? 0) + rejections.length
  }
}
