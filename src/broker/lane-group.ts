import type { Receiver } from './port.ts'

/** A lane, as its group sees it. */
export interface Member {
  /** The answers of a commit are all there. */
  settle(): void
  /** There is room again for what had to wait. */
  advance(): void
}

/**
 * What the lanes of one broker share. The receiver answers all messages of a commit in one tick;
 * each lane that was answered is settled at the end of it, so that its acknowledgements leave in
 * one write. While the receiver is crowded the lanes wait, and go on in the order in which they
 * came.
 */
export class LaneGroup {
  readonly receiver: Receiver
  readonly packetBytes: number
  #answered: Member[] = []
  #waiting = new Set<Member>()

  constructor(receiver: Receiver, packetBytes: number) {
    this.receiver = receiver
    this.packetBytes = packetBytes
    receiver.onRoom(() => this.#goOn())
  }

  /** The lane got an answer: it is settled when the present tick's answers are all there. */
  answered(lane: Member): void {
    if (this.#answered.length === 0) process.nextTick(() => this.#settle())
    this.#answered.push(lane)
  }

  /** The lane has something for the receiver, which is crowded. */
  waitForRoom(lane: Member): void {
    this.#waiting.add(lane)
  }

  forget(lane: Member): void {
    this.#waiting.delete(lane)
  }

  #settle(): void {
    const lanes = this.#answered
    this.#answered = []
    for (const lane of lanes) lane.settle()
  }

  #goOn(): void {
    for (const lane of this.#waiting) {
      if (this.receiver.crowded) return
      this.#waiting.delete(lane)
      lane.advance()
    }
  }
}
