import type { FleetClock } from './clock.ts'
import type { FleetStats } from './stats.ts'

/**
 * How a fleet is doing, on stderr: on a terminal one line that rewrites itself, otherwise a JSON
 * line for a log.
 */
const TERMINAL_MS = 2_000
const LOG_MS = 10_000

/** What progress is written to: `process.stderr`. */
export interface Output {
  readonly isTTY?: boolean
  /** Width of the terminal in characters. */
  readonly columns?: number
  write(text: string): unknown
}

/** Reports until the function it returns is called, which reports once more. */
export function startProgress(
  stats: FleetStats,
  clock: FleetClock,
  startHour: number,
  output: Output,
): () => void {
  const terminal = output.isTTY === true
  const report = () => {
    const time = simulatedTime(clock.now, startHour)
    // A line that wraps could not be rewritten.
    const room = (output.columns ?? 80) - 1
    const text = terminal ? line(stats, time).slice(0, room) : logLine(stats, time)
    output.write(terminal ? `\r\x1b[2K${text}` : `${text}\n`)
  }
  const timer = setInterval(report, terminal ? TERMINAL_MS : LOG_MS)
  return () => {
    clearInterval(timer)
    report()
    if (terminal) output.write('\n')
  }
}

/** For people: what matters, problems only where there are some. */
export function line(stats: FleetStats, time: string): string {
  const { devices, connected, sent, acked, inFlight, ...rest } = stats
  const problems = [
    ['resent', rest.resent],
    ['lost links', rest.lost],
    ['dropped by faults', rest.dropped],
    ['reboots', rest.reboots],
    ['overflowed', rest.overflowed],
  ] as const
  const shown = problems.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`)
  const why = connected < devices && rest.lastLoss !== '' ? [`last: ${rest.lastLoss}`] : []
  return [
    `${time}  connected ${connected}/${devices}`,
    `sent ${sent}`,
    `acked ${acked}`,
    `in flight ${inFlight}`,
    ...shown,
    ...why,
  ].join('  ')
}

function logLine(stats: FleetStats, simulated: string): string {
  return JSON.stringify({ name: 'simulator', msg: 'fleet', simulated, ...stats })
}

/** `day 1 17:42:05`: the scenario's local time. */
export function simulatedTime(sinceStart: number, startHour: number): string {
  const seconds = Math.floor(startHour * 3_600 + sinceStart / 1_000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = [(seconds / 3_600) % 24, (seconds / 60) % 60, seconds % 60].map(two).join(':')
  return `day ${1 + Math.floor(seconds / 86_400)} ${clock}`
}
