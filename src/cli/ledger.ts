import type { LedgerLine } from '../model/ledger.ts'
import { call } from './client.ts'
import type { Environment } from './environment.ts'

type Page = Omit<LedgerLine, 'kind'> & { day: string; balanced: boolean; kinds: LedgerLine[] }

const COLUMNS = ['received', 'stored', 'quarantined', 'duplicate', 'shed', 'pending'] as const

/** `ledger`: the day's balance as a table; exit 1 where it does not balance. */
export async function printLedger(env: Environment, options: { day?: string }): Promise<number> {
  const query = options.day === undefined ? '' : `?day=${options.day}`
  const page = (await call(env, 'GET', `/ledger${query}`)) as Page
  const row = (name: string, line: Omit<LedgerLine, 'kind'>) =>
    `${name.padEnd(18)}${COLUMNS.map((column) => String(line[column]).padStart(13)).join('')}\n`
  process.stdout.write(
    `${page.day.padEnd(18)}${COLUMNS.map((column) => column.padStart(13)).join('')}\n`,
  )
  for (const line of page.kinds) process.stdout.write(row(line.kind, line))
  process.stdout.write(row('all', page))
  process.stdout.write(page.balanced ? 'the ledger balances\n' : 'THE LEDGER DOES NOT BALANCE\n')
  return page.balanced ? 0 : 1
}
