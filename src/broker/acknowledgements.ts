/**
 * The PUBACKs of one connection. Their order is that of the PUBLISHes ([MQTT-4.6.0-2]), whichever
 * was answered first.
 */
export class Acknowledgements {
  #begun = 0
  /** The number of the message that is acknowledged next. */
  #next = 0
  /** Packet ids of later messages that are answered already, by number. */
  #early: Map<number, number> | null = null
  #ids: number[] = []

  /** A message came; its number. */
  begin(): number {
    return this.#begun++
  }

  /** A message was answered; `id` 0: at QoS 0, there is nothing to acknowledge. */
  answered(number: number, id: number): void {
    if (number === this.#next) this.#append(id)
    else (this.#early ??= new Map()).set(number, id)
  }

  /** The packets that may be sent now, in one piece; null: none. */
  take(): Buffer | null {
    if (this.#ids.length === 0) return null
    const bytes = Buffer.allocUnsafe(4 * this.#ids.length)
    let at = 0
    for (const id of this.#ids) {
      bytes[at++] = PUBACK
      bytes[at++] = 2
      bytes[at++] = id >> 8
      bytes[at++] = id & 0xff
    }
    this.#ids = []
    return bytes
  }

  #append(first: number): void {
    for (let id: number | undefined = first; id !== undefined; ) {
      this.#next++
      if (id !== 0) this.#ids.push(id)
      if (this.#early === null) return
      id = this.#early.get(this.#next)
      this.#early.delete(this.#next)
    }
  }
}

const PUBACK = 0b0100_0000
