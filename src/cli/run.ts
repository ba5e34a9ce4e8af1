import { Command, CommanderError } from 'commander'
import { AppError, type ErrorCode, errorInfo } from '../model/errors.ts'
import { type Environment, SettingsRefused } from './environment.ts'
import type { CheckOptions } from './stack/check.ts'
import type { EnvOptions } from './stack/env.ts'
import type { SetupOptions } from './stack/setup.ts'

/**
 * The command line. Exit codes (contract): 0 fine, 78 settings are wrong, 1 anything else.
 *
 * Each command loads what it needs when it is given: a service that runs for months holds neither
 * the simulator nor the set-up of InfluxDB.
 */
const WRONG_SETTINGS = 78
const SETTINGS_CODES: ReadonlySet<ErrorCode> = new Set(['SETTINGS_INVALID', 'CELLS_CHANGED'])

export async function run(argv: readonly string[], env: Environment): Promise<number> {
  // The simulator has a command line of its own.
  if (argv[0] === 'simulate') {
    return (await import('../../simulators/cli.ts')).simulate(argv.slice(1), env)
  }
  let code = 0
  const program = createProgram(env, (given) => {
    code = given
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    return report(error, env)
  }
}

function createProgram(env: Environment, exit: (code: number) => void): Command {
  const program = new Command('curbwatch')
    .description('Street sensors in, closed urban-management cases out.')
    .exitOverride()
    .showHelpAfterError()
  const act =
    <A extends unknown[]>(work: (...args: A) => Promise<number> | number) =>
    async (...args: A) =>
      exit(await work(...args))

  program
    .command('start')
    .description('run the service')
    .action(act(async () => (await import('./start.ts')).start(env)))
  program
    .command('demo')
    .description('run the service with a simulated city')
    .option('--devices <n>', 'how many virtual devices', '240')
    .option('--seed <n>', 'seed of the simulated city', '7')
    .action(
      act(async (options: { devices: string; seed: string }) =>
        (await import('./demo.ts')).demo(env, options),
      ),
    )
  program.command('simulate').description('run virtual devices against a service').helpOption(false)

  const devices = program.command('devices').description('registered devices, through the API')
  devices
    .command('import <file>')
    .description('register many: .csv or JSON lines')
    .action(act(async (file: string) => (await import('./devices.ts')).importDevices(env, file)))
  devices
    .command('list')
    .description('list them')
    .option('--kind <kind>')
    .action(
      act(async (options: { kind?: string }) =>
        (await import('./devices.ts')).listDevices(env, options),
      ),
    )
  devices
    .command('rotate-secret <id>')
    .description('give a device a new secret')
    .action(act(async (id: string) => (await import('./devices.ts')).rotateSecret(env, id)))

  const rules = program.command('rules').description('rules as data')
  rules
    .command('check <file>')
    .description('check a rule file')
    .action(act(async (file: string) => (await import('./rules.ts')).checkRules(file)))
  rules
    .command('test [kind]')
    .description('play the scenarios of the catalogue')
    .action(act(async (kind?: string) => (await import('./rules.ts')).testRules(kind)))

  const config = program.command('config').description('settings')
  config
    .command('check')
    .description('check the settings in the environment')
    .action(act(async () => (await import('./config.ts')).checkConfig(env)))
  config
    .command('print')
    .description('print the settings in force')
    .action(act(async () => (await import('./config.ts')).printConfig(env)))

  program
    .command('ledger')
    .description("a day's balance")
    .option('--day <yyyy-mm-dd>')
    .action(
      act(async (options: { day?: string }) =>
        (await import('./ledger.ts')).printLedger(env, options),
      ),
    )
  program
    .command('backup <folder>')
    .description('copy the data of a running or stopped service')
    .action(act(async (folder: string) => (await import('./backup.ts')).backup(env, folder)))
  addStack(program, env, act)
  return program
}

type Act = <A extends unknown[]>(
  work: (...args: A) => Promise<number> | number,
) => (...args: A) => Promise<void>

/** curbwatch together with InfluxDB and Grafana (docker-compose.yml). */
function addStack(program: Command, env: Environment, act: Act): void {
  const stack = program.command('stack').description('curbwatch with InfluxDB and Grafana')
  const lang = ['--lang <language>', 'zh-CN or en; default: as LANG says'] as const
  const file = ['--file <file>', 'the file of settings', '.env'] as const
  stack
    .command('env')
    .description('write the .env that docker compose needs; what it has is kept')
    .option(...file)
    .option('--force', 'new secrets, also where there are some')
    .option(...lang)
    .action(
      act(async (options: EnvOptions) => (await import('./stack/env.ts')).writeEnv(env, options)),
    )
  stack
    .command('setup')
    .description('make InfluxDB ready: buckets, tasks, logins; again as often as you like')
    .option('--url <url>', 'address of InfluxDB; default: INFLUX_URL')
    .option('--org <name>', 'organization; default: INFLUX_ORG')
    .option('--wait <seconds>', 'how long to wait for InfluxDB', '120')
    .option(...lang)
    .action(
      act(async (options: SetupOptions) =>
        (await import('./stack/setup.ts')).setUpStack(env, options),
      ),
    )
  stack
    .command('check')
    .description('look at the running stack and say what is wrong')
    .option(...file)
    .option('--console <url>', 'address of curbwatch; default: CONSOLE_URL')
    .option('--mqtt <host:port>', 'default: the host of CONSOLE_URL, 1883')
    .option('--influx <url>', 'address of InfluxDB; default: INFLUX_URL')
    .option('--grafana <url>', 'address of Grafana; default: GRAFANA_URL')
    .option('--json', 'for machines')
    .option(...lang)
    .action(
      act(async (options: CheckOptions) =>
        (await import('./stack/check.ts')).checkStack(env, options),
      ),
    )
}

function report(error: unknown, env: Environment): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof SettingsRefused) {
    process.stderr.write(`${error.message}\n`)
    return WRONG_SETTINGS
  }
  if (error instanceof AppError) {
    const { hint } = errorInfo(error.code)
    const faults = error.faults.map((fault) => `  ${fault.path}: ${fault.message}\n`).join('')
    process.stderr.write(
      `${error.code}: ${error.message}\n${faults}  ${hint.en}\n  ${hint['zh-CN']}\n`,
    )
    return SETTINGS_CODES.has(error.code) ? WRONG_SETTINGS : 1
  }
  // A missing file, a service that is not there: words for a person; the stack for who wants it.
  const wantsStack = env['CURBWATCH_LOG_LEVEL'] === 'debug' || error instanceof TypeError
  const text = error instanceof Error ? (wantsStack ? error.stack : error.message) : String(error)
  process.stderr.write(`curbwatch: ${text}\n`)
  return 1
}
