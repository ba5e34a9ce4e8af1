import type { Receiver } from './port.ts'

/** A lane, as its group sees it. */
export interface Member {
  destroy(): void
  /** The answers of a commit are all there. */
  settle(): void
  /** There is room again for what had to wait. */
  advance(): void
}

/** Who is told of what happens to lanes. */
export interface LaneOwner<Lane> {
  /** A packet was announced that is larger than it may be; the connection ends. */
  tooLarge(lane: Lane): void
  /** The lane and its connection are no more. */
  closed(lane: Lane): void
}

/**
 * What the lanes of one broker share. The receiver answers all messages of a commit in one tick;
 * each lane that was answered is settled at the end of it, so that its acknowledgements leave in
 * one write. While the receiver is crowded the lanes wait, and go on in the order in which they
 * came.
 */
export class LaneGroup<Lane extends Member = Member> {
  readonly receiver: Receiver
  readonly packetBytes: number
  readonly #owner: LaneOwner<Lane>
  readonly #members = new Set<Lane>()
  #answered: Lane[] = []
  #waiting = new Set<Lane>()

  constructor(receiver: Receiver, packetBytes: number, owner: LaneOwner<Lane>) {
    this.receiver = receiver
    this.packetBytes = packetBytes
    this.#owner = owner
    receiver.onRoom(() => this.#goOn())
  }

  join(lane: Lane): void {
    this.#members.add(lane)
  }

  leave(lane: Lane): void {
    this.#members.delete(lane)
    this.#owner.closed(lane)
  }

  tooLarge(lane: Lane): void {
    this.#owner.tooLarge(lane)
  }

  destroyAll(): void {
    for (const lane of this.#members) lane.destroy()
  }

  /** The lane got an answer: it is settled when the present tick's answers are all there. */
  answered(lane: Lane): void {
    if (this.#answered.length === 0) process.nextTick(() => this.#settle())
    this.#answered.push(lane)
  }

  /** The lane has something for the receiver, which is crowded. */
  waitForRoom(lane: Lane): void {
    this.#waiting.add(lane)
  }

  forget(lane: Lane): void {
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
