import type { JournalReader } from '../journal/port.ts'
import type { LedgerLine, LedgerPage, ReadingCount } from '../model/ledger.ts'
import type { StateStore } from '../store/state-port.ts'
import type { Tally } from '../store/telemetry-port.ts'

/**
 * A day's page of the ledger, put together from the three places that count:
 *
 *   received    = messages the journal took + readings beyond one a message + shed
 *   stored      = readings the telemetry store counted
 *   quarantined = readings the processor refused + readings the telemetry store refused
 *   pending     = messages the processor has not reached + accepted readings not yet stored
 *
 * It is read between two commits of the processor's thread and as of one moment of the store, so
 * it balances at any moment, also under load.
 */
export async function ledgerPage(
  day: string,
  from: {
    journal: JournalReader
    state: Pick<StateStore, 'ledger'>
    processed: number
    tally: Tally
    /** Accepted readings beyond the tally's cursor. */
    unstored: readonly ReadingCount[]
  },
): Promise<LedgerPage> {
  const messages = from.journal.counts(from.processed)
  const { written, refused } = from.tally
  const { unstored } = from
  const outcomes = await from.state.ledger(day)
  const sum = <T extends { day: string; kind: string }>(
    rows: readonly T[],
    kind: string,
    of: (row: T) => number,
  ) =>
    rows
      .filter((row) => row.day === day && row.kind === kind)
      .reduce((total, row) => total + of(row), 0)

  const kinds = new Set(
    [...messages.received, ...messages.backlog, ...outcomes, ...written, ...refused, ...unstored]
      .filter((row) => row.day === day)
      .map((row) => row.kind),
  )
  const lines = [...kinds].sort().map((kind): LedgerLine => {
    const outcome = (of: 'expanded' | 'quarantined' | 'duplicate' | 'shed') =>
      sum(outcomes, kind, (row) => row[of])
    return {
      kind,
      received:
        sum(messages.received, kind, (row) => row.messages) + outcome('expanded') + outcome('shed'),
      stored: sum(written, kind, (row) => row.readings),
      quarantined: outcome('quarantined') + sum(refused, kind, (row) => row.readings),
      duplicate: outcome('duplicate'),
      shed: outcome('shed'),
      pending:
        sum(messages.backlog, kind, (row) => row.messages) +
        sum(unstored, kind, (row) => row.readings),
    }
  })
  const total = addUp('all', lines)
  return { day, total, kinds: lines, balanced: [total, ...lines].every(balances) }
}

/**
 * The page of a whole city from those of its cells. Each balances by itself, whenever it was read,
 * and so does their sum; a fault in one is not made good by another.
 */
export function sumPages(day: string, pages: readonly LedgerPage[]): LedgerPage {
  const byKind = Map.groupBy(
    pages.flatMap(({ kinds }) => kinds),
    ({ kind }) => kind,
  )
  return {
    day,
    total: addUp(
      'all',
      pages.map(({ total }) => total),
    ),
    kinds: [...byKind.keys()].sort().map((kind) => addUp(kind, byKind.get(kind) ?? [])),
    balanced: pages.every(({ balanced }) => balanced),
  }
}

/** received = stored + quarantined + duplicate + shed + pending */
export function balances(line: LedgerLine): boolean {
  const { received, stored, quarantined, duplicate, shed, pending } = line
  return received === stored + quarantined + duplicate + shed + pending
}

function addUp(kind: string, lines: readonly LedgerLine[]): LedgerLine {
  const total = {
    kind,
    received: 0,
    stored: 0,
    quarantined: 0,
    duplicate: 0,
    shed: 0,
    pending: 0,
  }
  for (const line of lines) {
    total.received += line.received
    total.stored += line.stored
    total.quarantined += line.quarantined
    total.duplicate += line.duplicate
    total.shed += line.shed
    total.pending += line.pending
  }
  return total
}
