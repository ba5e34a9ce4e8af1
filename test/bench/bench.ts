import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { cases } from './measures/cases.ts'
import { idle } from './measures/idle.ts'
import { kill } from './measures/kill.ts'
import type { Measure, Scale } from './measures/measure.ts'
import { overload } from './measures/overload.ts'
import { recovery } from './measures/recovery.ts'
import { soak } from './measures/soak.ts'
import { throughput50, throughput1000 } from './measures/throughput.ts'
import { page } from './page.ts'
import { PEERS } from './peers/all.ts'
import { PEER_NAMES } from './peers/peer.ts'
import { picture } from './picture.ts'
import { Report } from './report.ts'
import { spin } from './spin.ts'

/**
 * `npm run bench`: the service on this machine, in turn with Mosquitto and with what a city
 * assembles around it, on the loopback only. It reports; it fails where an acknowledged message
 * is missing or the ledger does not balance.
 *
 *   --quick              one round of short loads, about two minutes
 *   --full               five rounds, five minutes of overload
 *   --only a,b           some of the measures: throughput-50, throughput-1000, cases, idle, kill,
 *                        recovery, overload, soak; without it, all but soak, which takes six minutes
 *   --peers a,b          some of the peers: trivial, mosquitto, stack, curbwatch
 *   --rounds 3           rounds, in each of which every peer has its turn
 *   --seconds 10         of one load
 *   --write              put the tables into docs/benchmark.md, and the picture beside it
 */
const MEASURES: readonly Measure[] = [
  throughput50,
  throughput1000,
  cases,
  idle,
  kill,
  recovery,
  overload,
  soak,
]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: {
      type: 'string',
      default: MEASURES.filter((one) => one !== soak)
        .map(({ name }) => name)
        .join(','),
    },
    peers: { type: 'string', default: PEER_NAMES.join(',') },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const { quick, full } = values
const rounds = limited(values.rounds ?? (quick ? '1' : full ? '5' : '3'), 'rounds', 20)
const scale: Scale = {
  seconds: limited(values.seconds ?? (quick ? '3' : '10'), 'seconds', 300),
  warmupSeconds: quick ? 1 : 3,
  burstSeconds: quick ? 1 : 4,
  overloadSeconds: quick ? 5 : full ? 300 : 60,
  cases: quick ? 40 : 100,
  idleConnections: Math.min(10_000, openFiles() - 500),
}
const measures = chosen(values.only, MEASURES, 'only')
const peers = chosen(
  values.peers,
  PEER_NAMES.map((name) => ({ name })),
  'peers',
).map(({ name }) => name)
const began = performance.now()
const report = new Report((line) => process.stdout.write(`${line}\n`))

for (const name of peers) {
  const { missing } = PEERS[name]
  if (missing !== null) say(`${name} is left out: ${missing}`)
}
for (let round = 1; round <= rounds; round++) {
  report.round = round
  const before = await spin()
  for (const measure of measures) if (!measure.once) await turn(measure, round)
  const after = await spin()
  report.spins.push({ round, before, after })
  say(`round ${round}: spin ${Math.round(before.ms)} ms before, ${Math.round(after.ms)} ms after`)
}
for (const measure of measures) if (measure.once) await turn(measure, rounds)
const minutes = ((performance.now() - began) / 60_000).toFixed(1)
const how = `${rounds} ${rounds === 1 ? 'round' : 'rounds'}, loads of ${scale.seconds} s, ${minutes} minutes in all.`
const text = page(report, how)
if (values.write) write(text)
else process.stdout.write(`\n${text}\n`)

/** Every peer, one after the other; another one begins in each round. */
async function turn(measure: Measure, round: number): Promise<void> {
  const taking = peers.filter(
    (name) => measure.peers.includes(name) && PEERS[name].missing === null,
  )
  const first = (round - 1) % Math.max(1, taking.length)
  for (const name of [...taking.slice(first), ...taking.slice(0, first)]) {
    say(`round ${round} of ${rounds}  ${measure.name}  ${name}`)
    await measure.run(name, report, scale)
  }
}

function write(text: string): void {
  const docs = new URL('../../docs/', import.meta.url)
  writeFileSync(new URL('benchmark.md', docs), text)
  const caption = `${new Date().toISOString().slice(0, 10)}, median of ${rounds} rounds; the whisker: least and greatest`
  const svg = picture(report, caption)
  if (svg !== null) writeFileSync(new URL('images/benchmark.svg', docs), svg)
}

function say(line: string): void {
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stdout.write(`[${String(seconds).padStart(4)} s] ${line}\n`)
}

function limited(text: string, name: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`--${name}: a whole number from 1 to ${most}, not ${text}`)
}

function chosen<T extends { readonly name: string }>(
  text: string,
  all: readonly T[],
  option: string,
): T[] {
  const wanted = text.split(',')
  const unknown = wanted.filter((name) => !all.some((one) => one.name === name))
  if (unknown.length === 0) return all.filter(({ name }) => wanted.includes(name))
  throw new Error(
    `--${option}: ${unknown.join(', ')} is none of ${all.map((one) => one.name).join(', ')}`,
  )
}

/** Files that a process may have open, of which a connection is one. */
function openFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? 1024)
  } catch {
    return 1024
  }
}
