import { LIMITS as FIGURES, UNSEEN_S } from '../lib/limits.ts'

/**
 * When a duty officer is told. What a board colours and a rule alerts is one number, from the
 * boards' limits; the others are unsourced defaults. A false alarm costs more than a late one, so
 * every rule looks at a lasting state.
 */
export const LIMITS = {
  /** Open minor cases of one kind in one district. */
  minorCases: 10,
  /** Seconds that a critical case may stay unseen. */
  unseenSeconds: UNSEEN_S,
  /** Seconds that a message may wait for the rules. */
  processorLagSeconds: FIGURES.lagS.warn,
  /** Seconds that a reading may wait for the telemetry store. */
  telemetryLagSeconds: 600,
  /** Share of readings in quarantine, and how many of them make a share worth a look. */
  quarantineRatio: FIGURES.quarantineRatio.bad,
  quarantinedAtLeast: 20,
  /** Share of the journal in use. */
  journalWarning: FIGURES.journalFill.warn,
  journalCritical: FIGURES.journalFill.bad,
  /** Messages that may go without an acknowledgement in ten minutes: one device gone wild. */
  shedAtMost: 100,
  /** Share of devices silent, of a kind in a district that has so many at least. */
  silentShare: 0.2,
  devicesAtLeast: 5,
} as const
