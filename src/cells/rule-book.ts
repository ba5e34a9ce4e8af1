import { AppError } from '../model/errors.ts'
import type { AskCell } from './protocol.ts'

/**
 * Keeps the rules of all cells the same. The first cell decides: a change is made there, which
 * gives the rule its version, and then all others are given the first one's rules as they are. A
 * cell that could not take them is given them again until it has; it never gets others in between.
 */

const AGAIN_MS = 1_000

export class RuleBook {
  readonly #ask: AskCell
  readonly #others: readonly number[]
  /** Cells whose rules may not be those of the first. */
  readonly #behind = new Set<number>()
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null

  constructor(ask: AskCell, cells: number) {
    this.#ask = ask
    this.#others = Array.from({ length: cells - 1 }, (_, i) => i + 1)
  }

  get troubles(): string[] {
    return [...this.#behind].map((cell) => `cell ${cell}: its rules are not up to date`)
  }

  /** Makes a change at the first cell and brings it to all. Rejects where one did not take it. */
  async change<T extends { readonly ok: boolean }>(make: () => Promise<T>): Promise<T> {
    return this.#next(async () => {
      const answer = await make()
      if (answer.ok) await this.#share()
      return answer
    })
  }

  /** Makes the rules of all cells those of the first: a process may have died during a change. */
  reconcile(): Promise<void> {
    return this.#next(() => this.#share())
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#behind.clear()
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  async #share(): Promise<void> {
    for (const cell of this.#others) this.#behind.add(cell)
    await this.#catchUp()
    if (this.#behind.size === 0) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.reconcile().catch(() => {})
    }, AGAIN_MS)
    throw new AppError('NOT_READY', this.troubles.join('; '))
  }

  async #catchUp(): Promise<void> {
    const asked = await Promise.allSettled([this.#ask(0, 'rules.all', null)])
    const rules = asked[0].status === 'fulfilled' ? asked[0].value : null
    if (rules === null) return
    await Promise.allSettled(
      [...this.#behind].map(async (cell) => {
        await this.#ask(cell, 'rules.adopt', { rules })
        this.#behind.delete(cell)
      }),
    )
  }
}
