import type { Fields } from '../src/model/reading.ts'
import type { Duration, Instant } from '../src/model/time.ts'
import type { Source } from './source.ts'

/** A recording of one sensor, and the source that plays it. `replay.ts` reads them from files. */
export interface Recording {
  readonly kind: string
  /** The sensor's name in the file; `-2` and so on for its later recordings. */
  readonly sensor: string
  readonly points: readonly RecordedPoint[]
}

export interface RecordedPoint {
  /** Milliseconds since the recording's start. */
  readonly at: Duration
  readonly fields: Fields
}

/** A line of a file, with the sensor's words as numbers. NaN where a word is none. */
export interface RecordedRow {
  readonly sensor: string
  readonly at: Instant
  readonly values: readonly number[]
}

/** Plays a recording. */
export class RecordedSource implements Source {
  #next = 0
  readonly #points: readonly RecordedPoint[]

  constructor(recording: Recording) {
    this.#points = recording.points
  }

  get dueAt(): Duration {
    return this.#points[this.#next]?.at ?? Infinity
  }

  advance(): Fields | null {
    return this.#points[this.#next++]?.fields ?? null
  }

  /** What was recorded has happened: nothing can be mended. */
  mend(): void {}
}
