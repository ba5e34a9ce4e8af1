import type { FieldValue } from '../model/reading.ts'
import type { Instant } from '../model/time.ts'
import type { RuleProgram } from './compile.ts'
import type { Scope } from './expression.ts'
import type { RuleMemory } from './state.ts'

/** A remembered field speaks for this many report intervals. */
const KNOWN_INTERVALS = 3

/** A rule in force for a device, with the device's own parameters. */
export interface ActiveRule {
  readonly program: RuleProgram
  readonly parameters: Readonly<Record<string, number>>
}

/** One reading as the expressions of its rules see it, one rule after the other. */
export class ReadingScope implements Scope {
  readonly at: Instant
  readonly #memory: RuleMemory
  #rule: ActiveRule

  constructor(memory: RuleMemory, first: ActiveRule, at: Instant) {
    this.at = at
    this.#memory = memory
    this.#rule = first
  }

  of(rule: ActiveRule): this {
    this.#rule = rule
    return this
  }

  get parameters(): Readonly<Record<string, number>> {
    return this.#rule.parameters
  }

  get series(): RuleMemory['series'] {
    return this.#memory.series
  }

  known(field: string): FieldValue | null {
    const { reading, known } = this.#memory
    const value = reading?.[field]
    if (value !== undefined) return value
    const before = known[field]
    const oldest = this.at - KNOWN_INTERVALS * this.#rule.program.reportInterval
    return before === undefined || before[1] < oldest ? null : before[0]
  }
}
