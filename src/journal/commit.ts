import { parseTopic } from '../model/topics.ts'
import { FrameEncoder } from './frame.ts'
import { MessageCounts } from './message-counts.ts'
import type { Entry } from './port.ts'

export type Done = (error: Error | null) => void

/** Records that go to disk together, and who waits for them. */
export class Commit {
  readonly frame = new FrameEncoder()
  readonly counts = new MessageCounts()
  #waiting: Done[] = []

  add(record: Entry, done: Done): void {
    this.frame.add(record)
    this.#waiting.push(done)
    if (record.type !== 'telemetry') return
    const kind = record.kind ?? parseTopic(record.topic)?.kind ?? 'unknown'
    this.counts.add(record.receivedAt, kind)
  }

  /** All in one tick: the acknowledgements of one connection leave in one write. */
  answer(error: Error | null): void {
    for (const done of this.#waiting) done(error)
    this.#waiting = []
    this.frame.reset()
  }
}
