import { Command, CommanderError, InvalidArgumentError, type OutputConfiguration } from 'commander'
import { type Duration, parseDuration } from '../src/model/time.ts'
import { SimulationError } from './failure.ts'
import { type FaultSettings, parseFaults } from './faults.ts'
import { SCENARIOS } from './scenarios.ts'

/** The arguments of `curbwatch simulate`, checked. */
export interface SimulationOptions {
  readonly url: string
  readonly api: string
  readonly token: string
  readonly scenario: string
  readonly devices: number
  /** Only this kind; null: the scenario's mix. */
  readonly kind: string | null
  /** Simulated seconds per real second; null: as fast as the service's clock. */
  readonly speed: number | null
  readonly seed: number
  readonly faults: FaultSettings
  /** A recording's file, played instead of a scenario's fleet. */
  readonly replay: string | null
  /** Real time; null: until stopped. */
  readonly duration: Duration | null
  /** null: what the scenario says. */
  readonly backlog: Duration | null
  /** Simulated people take the cases through their steps. */
  readonly officers: boolean
  /** Stop when standard input ends: whoever started the fleet is gone. */
  readonly untilStdinEnds: boolean
}

/** What a device can keep (`outbox.ts`) ends at half a day of minutes. */
const LONGEST_BACKLOG = 12 * 3_600_000
const MOST_DEVICES = 100_000
const TOKEN = 'CURBWATCH_ADMIN_TOKEN'

/** Defaults that the help text tells in words. */
const UNLESS_GIVEN = {
  kind: null,
  speed: null,
  faults: {},
  replay: null,
  duration: null,
  backlog: null,
  officers: false,
  untilStdinEnds: false,
} satisfies Partial<SimulationOptions>

/** What the command line always has a value for; the others come where they are given. */
type GivenOptions = Omit<SimulationOptions, 'token' | keyof typeof UNLESS_GIVEN>

/**
 * Reads the arguments (without node and script). Null where help was asked for and shown; throws
 * SimulationError where one is wrong.
 */
export function readOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  output: OutputConfiguration = {},
): SimulationOptions | null {
  const command = buildCommand().configureOutput({ ...output, outputError: () => {} })
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return null
    const message = error.message.replace(/^error: /, '')
    throw new SimulationError(message, '`curbwatch simulate --help` lists the arguments', error)
  }
  const token = env[TOKEN] ?? ''
  if (token === '') {
    const hint = 'it lies in DATA_DIR/admin-token of the service'
    throw new SimulationError(`${TOKEN} is not set: devices are registered with it`, hint)
  }
  return { ...UNLESS_GIVEN, ...command.opts<GivenOptions>(), token }
}

function buildCommand(): Command {
  return new Command('curbwatch simulate')
    .description('A fleet of virtual devices against a running service; Ctrl-C stops it.')
    .option('--url <url>', 'MQTT broker: mqtt, mqtts, ws or wss', url, 'mqtt://127.0.0.1:1883')
    .option('--api <url>', 'HTTP API', url, 'http://127.0.0.1:8080')
    .option('--scenario <name>', 'what happens', scenario, 'calm')
    .option('--devices <n>', 'how many, spread over the kinds', wholeNumber(1, MOST_DEVICES), 100)
    .option('--kind <kind>', 'only devices of this kind (default: as the scenario has it)')
    .option('--speed <n>', "simulated seconds per real second (default: the service's)", speed)
    .option('--seed <n>', 'same seed, same city', wholeNumber(0, 2 ** 32), 1)
    .option('--faults <list>', 'such as drop=0.01,delay=0.05:30s (default: none)', faults)
    .option('--replay <file>', 'play a recording instead: FloodNet or UK bus GPS, CSV')
    .option('--duration <time>', 'real time, such as 10m (default: until Ctrl-C)', duration)
    .option('--backlog <time>', "kept readings sent first (default: the scenario's)", backlog)
    .option('--officers', 'simulated people dispatch, handle and verify the cases')
    .option('--until-stdin-ends', 'stop when standard input ends, with whoever started this')
    .addHelpText('after', () => `\nScenarios:\n${scenarioList()}`)
    .helpOption('-h, --help', 'show this')
    .allowExcessArguments(false)
    .exitOverride()
}

function scenarioList(): string {
  return Object.entries(SCENARIOS)
    .map(([name, { title }]) => `  ${name.padEnd(14)} ${title.en} · ${title['zh-CN']}`)
    .join('\n')
}

function scenario(text: string): string {
  if (Object.hasOwn(SCENARIOS, text)) return text
  throw new InvalidArgumentError(`There are:\n${scenarioList()}`)
}

function url(text: string): string {
  if (URL.canParse(text) && new URL(text).hostname !== '') return text
  throw new InvalidArgumentError('Give scheme, host and port.')
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

function speed(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 10_000) return value
  throw new InvalidArgumentError('Give a number above 0, at most 10000.')
}

function faults(text: string): FaultSettings {
  const settings = parseFaults(text)
  if (settings.ok) return settings.value
  throw new InvalidArgumentError(`${settings.error}.`)
}

function duration(text: string): Duration {
  const value = parseDuration(text)
  if (value !== null && value > 0) return value
  throw new InvalidArgumentError('Give a duration such as 30s, 10m or 2h.')
}

function backlog(text: string): Duration {
  const value = parseDuration(text)
  if (value !== null && value <= LONGEST_BACKLOG) return value
  throw new InvalidArgumentError('Give a duration up to 12h, such as 60m; 0s for none.')
}
