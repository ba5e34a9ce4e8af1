/**
 * Where the journal ends on disk (`positionOf`), for readers in other threads: what lies beyond may
 * be in the file already, but is no promise yet.
 */
export class SharedEnd {
  readonly memory: SharedArrayBuffer
  readonly #position: BigInt64Array

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory
    this.#position = new BigInt64Array(memory)
  }

  get(): number {
    return Number(Atomics.load(this.#position, 0))
  }

  set(position: number): void {
    Atomics.store(this.#position, 0, BigInt(position))
  }
}
