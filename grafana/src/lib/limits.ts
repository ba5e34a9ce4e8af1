/**
 * From when on a figure of the service or of the whole city is coloured, and alerted. Limits of
 * devices are not here: those are the rules' own (thresholds.ts).
 */
export interface Limits {
  /** Worth a look. */
  readonly warn: number
  /** Something is broken. */
  readonly bad: number
}

export const LIMITS = {
  /** Percent of devices that are not online. Unsourced default. */
  offlinePct: { warn: 5, bad: 20 },
  /** Seconds that the oldest unprocessed message has waited. Unsourced default. */
  lagS: { warn: 60, bad: 300 },
  /** Share of readings that went to quarantine. Unsourced default. */
  quarantineRatio: { warn: 0.01, bad: 0.05 },
  /** Seconds from receipt to disk, 99th percentile. Unsourced default. */
  ackP99S: { warn: 0.1, bad: 1 },
  /** Share of the journal's room in use. Unsourced default. */
  journalFill: { warn: 0.5, bad: 0.8 },
  /** Percent of ended cases that were late or went back. Unsourced default. */
  latePct: { warn: 10, bad: 25 },
} as const satisfies Readonly<Record<string, Limits>>

/** Seconds that a critical case may go unseen: the duty desk's five minutes. Unsourced default. */
export const UNSEEN_S = 300

/** Case counts and snapshots come every 30 s; six of them may be missed before "now" is unknown. */
export const NOW = '3m'
/** Coarser than the 30 s of the snapshots, so that no interval of a graph is empty. */
export const SNAPSHOT_INTERVAL = '1m'
