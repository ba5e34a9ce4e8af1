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
  /** Ids that may be sent now, the first by itself: mostly there is no other. */
  #first = 0
  #more: number[] | null = null

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
    if (this.#first === 0) return null
    const more = this.#more ?? NONE
    const bytes = Buffer.allocUnsafe(PUBACK_BYTES * (1 + more.length))
    let at = write(bytes, 0, this.#first)
    for (const id of more) at = write(bytes, at, id)
    this.#first = 0
    this.#more = null
    return bytes
  }

  #append(answered: number): void {
    for (let id: number | undefined = answered; id !== undefined; ) {
      this.#next++
      if (this.#first === 0) this.#first = id
      else if (id !== 0) (this.#more ??= []).push(id)
      if (this.#early === null) return
      id = this.#early.get(this.#next)
      this.#early.delete(this.#next)
    }
  }
}

/** Type, remaining length, packet id (MQTT 3.1.1, 3.4). */
const PUBACK_BYTES = 4
const NONE: readonly number[] = []

/** Returns where the next one goes. */
function write(bytes: Buffer, at: number, id: number): number {
  bytes[at] = 0b0100_0000
  bytes[at + 1] = 2
  bytes[at + 2] = id >> 8
  bytes[at + 3] = id & 0xff
  return at + PUBACK_BYTES
}
