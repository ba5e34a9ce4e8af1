import { allFields, type DeviceKind } from './device-kind.ts'
import type { Fields, FieldValue } from './reading.ts'

/**
 * The fields of a kind by their places.
 *
 * What a reading measured is a list of numbers in this order on its way from the message through
 * the rules to the store: to look a value up by its name, for every rule and reading, took a sixth
 * of the rules' time (docs/adr/0025).
 */
export class FieldTable {
  readonly kind: string
  readonly names: readonly string[]
  readonly #isSwitch: readonly boolean[]
  /** No field given: what the numbers of a reading begin as. */
  readonly #none: readonly number[]

  constructor(kind: string, fields: readonly (readonly [name: string, isSwitch: boolean])[]) {
    this.kind = kind
    this.names = fields.map(([name]) => name)
    this.#isSwitch = fields.map(([, isSwitch]) => isSwitch)
    this.#none = fields.map(() => Number.NaN)
  }

  /** All fields of the kind, in the order of its profile, the common ones last. */
  static ofKind(kind: DeviceKind): FieldTable {
    const specs = Object.entries(allFields(kind))
    return new FieldTable(
      kind.name,
      specs.map(([name, { type }]) => [name, type === 'switch']),
    )
  }

  /** The fields that occur in what was read of a kind, in the order in which they do. */
  static seenIn(kind: string, all: Iterable<Fields>): FieldTable {
    const isSwitch = new Map<string, boolean>()
    for (const fields of all) {
      for (const [name, value] of Object.entries(fields)) {
        isSwitch.set(name, typeof value === 'boolean')
      }
    }
    return new FieldTable(kind, [...isSwitch])
  }

  /** The place of a field, or -1. */
  place(name: string): number {
    return this.names.indexOf(name)
  }

  /**
   * NaN for each field, to be filled. A copy has the layout of its original, doubles without holes:
   * where all numbers of readings are of one layout, to look at them is one instruction.
   */
  none(): number[] {
    return this.#none.slice()
  }

  /** The value that a number stands for at a place; undefined: none. */
  valueOf(place: number, number: number): FieldValue | undefined {
    if (Number.isNaN(number)) return undefined
    return this.#isSwitch[place] ? number === 1 : number
  }
}

/** What one reading measured. */
export class Values {
  readonly table: FieldTable
  /** By the places of the table. NaN: not given, no field can be it. A switch is 0 or 1. */
  readonly numbers: readonly number[]

  constructor(table: FieldTable, numbers: readonly number[]) {
    this.table = table
    this.numbers = numbers
  }

  /** Of fields by name; what the kind has no longer is left out. */
  static of(table: FieldTable, fields: Fields): Values {
    const numbers = table.none()
    for (const [place, name] of table.names.entries()) {
      const value = fields[name]
      if (value !== undefined) numbers[place] = Number(value)
    }
    return new Values(table, numbers)
  }

  /** By name, for people and for JSON: made anew each time. */
  get fields(): Fields {
    const fields: Record<string, FieldValue> = {}
    for (const [place, name] of this.table.names.entries()) {
      const value = this.table.valueOf(place, this.numbers[place] as number)
      if (value !== undefined) fields[name] = value
    }
    return fields
  }

  /** These values with those given in the other one instead of ours. */
  with({ numbers }: Values): Values {
    const merged = this.table.none()
    for (const [place, ours] of this.numbers.entries()) {
      const theirs = numbers[place] as number
      merged[place] = Number.isNaN(theirs) ? ours : theirs
    }
    return new Values(this.table, merged)
  }
}
