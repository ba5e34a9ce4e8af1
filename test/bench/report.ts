import type { ThreadUse } from '../support/proc.ts'
import type { Spin } from './spin.ts'

/** What was measured, as it comes: by section, row and peer a value for each round. */

export type Format = 'rate' | 'ms' | 'mb' | 'bytes' | 'kb' | 'us' | 'count' | 'seconds' | 'cores'

export interface Row {
  readonly title: string
  readonly format: Format
  /** More is better, and curbwatch is compared with the others round by round. */
  readonly compared: boolean
  /** By peer, by round. */
  readonly values: Map<string, Map<number, number>>
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly count: number
}

const PRODUCT = 'curbwatch'

export class Report {
  readonly sections = new Map<string, Map<string, Row>>()
  /** By section and peer: µs of CPU a message, by thread, a list for each round. */
  readonly threads = new Map<string, Map<string, Map<string, number[]>>>()
  readonly spins: { round: number; before: Spin; after: Spin }[] = []
  /** Sentences that belong to a section. */
  readonly notes = new Map<string, string[]>()
  readonly #say: (line: string) => void
  round = 0

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  add(
    section: string,
    peer: string,
    title: string,
    value: number,
    format: Format,
    compared = false,
  ): void {
    const rows = getOrMake(this.sections, section, () => new Map<string, Row>())
    const row = getOrMake(rows, title, () => ({ title, format, compared, values: new Map() }))
    getOrMake(row.values, peer, () => new Map<number, number>()).set(this.round, value)
    this.#say(`    ${peer.padEnd(10)} ${title.padEnd(52)} ${show(value, format)}`)
  }

  addThreads(
    section: string,
    peer: string,
    used: readonly (ThreadUse & { process: string })[],
    messages: number,
  ): void {
    const peers = getOrMake(this.threads, section, () => new Map<string, Map<string, number[]>>())
    const threads = getOrMake(peers, peer, () => new Map<string, number[]>())
    for (const { process, name, cpuMs } of used) {
      const of = process === peer ? name : `${process}: ${name}`
      getOrMake(threads, of, () => []).push((cpuMs * 1000) / messages)
    }
  }

  note(section: string, sentence: string): void {
    getOrMake(this.notes, section, () => []).push(sentence)
    this.#say(`    ${sentence}`)
  }

  /** What curbwatch has to the peer, in the same round each; null where there is none. */
  ratio(row: Row, peer: string): Spread | null {
    const ours = row.values.get(PRODUCT)
    const theirs = row.values.get(peer)
    if (!row.compared || ours === undefined || theirs === undefined || peer === PRODUCT) return null
    const ratios = [...ours].flatMap(([round, value]) => {
      const other = theirs.get(round)
      return other === undefined ? [] : [value / other]
    })
    return ratios.length === 0 ? null : spread(ratios)
  }

  /** The last value of a row; null where it was not measured. */
  last(section: string, title: string, peer: string): number | null {
    const values = this.sections.get(section)?.get(title)?.values.get(peer)
    return values === undefined ? null : ([...values.values()].at(-1) ?? null)
  }
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return {
    median: sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2,
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
    count: sorted.length,
  }
}

export function show(value: number, format: Format): string {
  if (Number.isNaN(value)) return '–'
  const whole = () => Math.round(value).toLocaleString('en')
  switch (format) {
    case 'rate':
    case 'count':
      return whole()
    case 'ms':
      return `${value < 10 ? value.toFixed(1) : whole()} ms`
    case 'mb':
      return `${whole()} MB`
    case 'kb':
      return `${value.toFixed(1)} KB`
    case 'bytes':
      return `${whole()} B`
    case 'us':
      return `${value.toFixed(1)} µs`
    case 'cores':
      return value.toFixed(2)
    case 'seconds':
      return `${value.toFixed(1)} s`
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
