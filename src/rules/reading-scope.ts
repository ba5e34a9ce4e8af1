import type { Instant } from '../model/time.ts'
import type { Values } from '../model/values.ts'
import type { RuleProgram } from './compile.ts'
import type { Scope } from './expression.ts'
import type { RuleMemory } from './state.ts'

/** A remembered field speaks for this many report intervals. */
const KNOWN_INTERVALS = 3

/** A rule in force for a device, with the device's own parameters. */
export interface ActiveRule {
  readonly program: RuleProgram
  /** In the order of the program's names. */
  readonly parameters: readonly number[]
}

/** Puts a rule in force; of several values for a parameter the last one holds. */
export function activeRule(
  program: RuleProgram,
  ...overrides: readonly (Readonly<Record<string, number>> | undefined)[]
): ActiveRule {
  const given: Readonly<Record<string, number>> = Object.assign(
    {},
    program.rule.parameters,
    ...overrides,
  )
  return { program, parameters: program.parameters.map((name) => given[name] as number) }
}

/** One reading as the expressions of its rules see it, one rule after the other. */
export class ReadingScope implements Scope {
  readonly at: Instant
  readonly #memory: RuleMemory
  readonly #reading: Values
  #rule: ActiveRule

  constructor(memory: RuleMemory, reading: Values, first: ActiveRule, at: Instant) {
    this.at = at
    this.#memory = memory
    this.#reading = reading
    this.#rule = first
  }

  of(rule: ActiveRule): this {
    this.#rule = rule
    return this
  }

  get parameters(): readonly number[] {
    return this.#rule.parameters
  }

  get series(): RuleMemory['series'] {
    return this.#memory.series
  }

  known(place: number): number | null {
    const number = this.#reading.numbers[place] as number
    return Number.isNaN(number) ? this.#remembered(place) : number
  }

  #remembered(place: number): number | null {
    const before = this.#memory.known[this.#reading.table.names[place] as string]
    const oldest = this.at - KNOWN_INTERVALS * this.#rule.program.reportInterval
    return before === undefined || before[1] < oldest ? null : Number(before[0])
  }
}
