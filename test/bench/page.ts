import { cpus, release, totalmem } from 'node:os'
import { PEERS } from './peers/all.ts'
import { MOSQUITTO_VERSION } from './peers/mosquitto.ts'
import { PEER_NAMES } from './peers/peer.ts'
import { type Format, type Report, type Row, type Spread, show, spread } from './report.ts'

/** The report as docs/benchmark.md. */
export function page(report: Report, how: string): string {
  return [
    '# Benchmark',
    '',
    'Written by `npm run bench -- --write`. Do not edit.',
    '',
    `${machine()}. ${how}`,
    '',
    'The load generator shares the cores with what it measures, and the machine may be shared with',
    'others: compare figures of one table only. Each figure is the median of the rounds, with the',
    'least and the greatest; a ratio is taken within each round, where all peers ran in turn.',
    '',
    '![curbwatch compared with its peers](images/benchmark.svg)',
    '',
    ...peers(),
    ...[...report.sections].flatMap(([title, rows]) => section(report, title, rows)),
    ...spins(report),
  ].join('\n')
}

function machine(): string {
  const gb = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `${day}; ${cpus().length} × ${cpus()[0]?.model.trim()}, ${gb} GB, ${process.platform} ${release()}; Node ${process.version}, SQLite ${process.versions.sqlite}, Mosquitto ${MOSQUITTO_VERSION ?? 'not installed'}`
}

const MEANING: Readonly<Record<string, string>> = {
  trivial: 'a Node server that counts packets and writes PUBACKs: where the load generator ends',
  mosquitto: 'Mosquitto alone, without persistence, login or subscribers',
  stack:
    'Mosquitto, an mqtt.js consumer, the same readings as typed rows in SQLite in batches of 5000 or 50 ms',
  curbwatch: 'login, journal, decode, rules, ledger, SQLite',
}

function peers(): string[] {
  return [
    '| peer | what it is | an acknowledged message is |',
    '|---|---|---|',
    ...PEER_NAMES.map((name) => {
      const { missing, promise } = PEERS[name]
      return `| ${name} | ${MEANING[name]}${missing === null ? '' : ` (${missing})`} | ${promise} |`
    }),
    '',
  ]
}

function section(report: Report, title: string, rows: ReadonlyMap<string, Row>): string[] {
  const names = PEER_NAMES.filter((name) => [...rows.values()].some((row) => row.values.has(name)))
  return [
    `## ${title}`,
    '',
    `| | ${names.join(' | ')} |`,
    `|---|${names.map(() => '--:|').join('')}`,
    ...[...rows.values()].flatMap((row) => [values(row, names), ...ratios(report, row, names)]),
    '',
    ...threads(report, title),
    ...(report.notes.get(title) ?? []).flatMap((note) => [note, '']),
  ]
}

function values(row: Row, names: readonly string[]): string {
  const cells = names.map((name) => {
    const rounds = row.values.get(name)
    return rounds === undefined ? '' : cell(spread([...rounds.values()]), row.format)
  })
  return `| ${row.title} | ${cells.join(' | ')} |`
}

function ratios(report: Report, row: Row, names: readonly string[]): string[] {
  const found = names.map((name) => report.ratio(row, name))
  if (found.every((one) => one === null)) return []
  const cells = found.map((one) => (one === null ? '' : ratioCell(one)))
  return [`| *curbwatch to it, round by round* | ${cells.join(' | ')} |`]
}

function cell({ median, min, max, count }: Spread, format: Format): string {
  const figure = show(median, format)
  return count === 1 ? figure : `${figure} (${show(min, format)} to ${show(max, format)})`
}

export function ratioCell({ median, min, max, count }: Spread): string {
  const figure = median.toFixed(2)
  return count === 1 ? figure : `${figure} (${min.toFixed(2)} to ${max.toFixed(2)})`
}

/** A thread that uses less than this a message is left out, in µs. */
const WORTH_TELLING = 0.05

function threads(report: Report, title: string): string[] {
  const peers = report.threads.get(title)
  if (peers === undefined) return []
  const lines = [...peers].map(([peer, byThread]) => {
    const parts = [...byThread]
      .map(([name, rounds]) => [name, spread(rounds).median] as const)
      .filter(([, us]) => us >= WORTH_TELLING)
      .sort((a, b) => b[1] - a[1])
      .map(([name, us]) => `${name} ${us.toFixed(1)}`)
    return `| ${peer} | ${parts.join(', ')} |`
  })
  return ['| | CPU a message by thread, µs |', '|---|---|', ...lines, '']
}

function spins(report: Report): string[] {
  if (report.spins.length === 0) return []
  const best = Math.min(...report.spins.flatMap(({ before, after }) => [before.ms, after.ms]))
  const share = (ms: number) => `${Math.round(ms)} ms (${(best / ms).toFixed(2)})`
  const stolen = (value: number) => (Number.isNaN(value) ? '–' : `${(value * 100).toFixed(1)} %`)
  return [
    '## The machine meanwhile',
    '',
    'A fixed piece of work on two threads at once, before and after each round; in parentheses the',
    'speed in relation to the fastest. A round that had less of the cores says less.',
    '',
    '| round | before | after | stolen by the host, as far as it says |',
    '|--:|--:|--:|--:|',
    ...report.spins.map(
      ({ round, before, after }) =>
        `| ${round} | ${share(before.ms)} | ${share(after.ms)} | ${stolen(Math.max(before.stolen, after.stolen))} |`,
    ),
    '',
  ]
}
