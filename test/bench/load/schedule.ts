/**
 * The timetable of an open loop: so many messages in each millisecond, over the connections in
 * turn, whether or not there are answers. A message that cannot be sent when it is due waits, and
 * its wait counts: nothing is left out because the server was slow.
 */
export class Schedule {
  readonly #start: number
  readonly #rate: number
  readonly #connections: number
  /** Messages due so far. */
  due = 0

  constructor(start: number, rate: number, connections: number) {
    this.#start = start
    this.#rate = rate
    this.#connections = connections
  }

  /** Lets the time come to `now`; the first that is due since, and how many places have one. */
  advance(now: number): { from: number; places: number } {
    const from = this.due
    this.due = Math.max(from, Math.floor(((now - this.#start) * this.#rate) / 1000))
    return { from, places: Math.min(this.due - from, this.#connections) }
  }

  /** Messages due so far on the connection of the place. */
  dueOf(place: number): number {
    return Math.max(0, Math.ceil((this.due - place) / this.#connections))
  }

  /** The millisecond in which the n-th message of the place is due. */
  at(place: number, n: number): number {
    const i = n * this.#connections + place
    return this.#start + Math.ceil(((i + 1) * 1000) / this.#rate)
  }
}
