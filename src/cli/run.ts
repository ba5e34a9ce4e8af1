import { Command, CommanderError } from 'commander'
import { simulate } from '../../simulators/cli.ts'
import { AppError, type ErrorCode, errorInfo } from '../model/errors.ts'
import { backup } from './backup.ts'
import { checkConfig, printConfig } from './config.ts'
import { demo } from './demo.ts'
import { importDevices, listDevices, rotateSecret } from './devices.ts'
import { type Environment, SettingsRefused } from './environment.ts'
import { printLedger } from './ledger.ts'
import { checkRules, testRules } from './rules.ts'
import { type CheckOptions, checkStack } from './stack/check.ts'
import { type EnvOptions, writeEnv } from './stack/env.ts'
import { type SetupOptions, setUpStack } from './stack/setup.ts'
import { start } from './start.ts'

/**
 * The command line. Exit codes (contract): 0 fine, 78 settings are wrong, 1 anything else.
 */
const WRONG_SETTINGS = 78
const SETTINGS_CODES: ReadonlySet<ErrorCode> = new Set(['SETTINGS_INVALID', 'CELLS_CHANGED'])

export async function run(argv: readonly string[], env: Environment): Promise<number> {
  // The simulator has a command line of its own.
  if (argv[0] === 'simulate') return simulate(argv.slice(1), env)
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
    .action(act(() => start(env)))
  program
    .command('demo')
    .description('run the service with a simulated city')
    .option('--devices <n>', 'how many virtual devices', '240')
    .option('--seed <n>', 'seed of the simulated city', '7')
    .action(act((options: { devices: string; seed: string }) => demo(env, options)))
  program.command('simulate').description('run virtual devices against a service').helpOption(false)

  const devices = program.command('devices').description('registered devices, through the API')
  devices
    .command('import <file>')
    .description('register many: .csv or JSON lines')
    .action(act((file: string) => importDevices(env, file)))
  devices
    .command('list')
    .description('list them')
    .option('--kind <kind>')
    .action(act((options: { kind?: string }) => listDevices(env, options)))
  devices
    .command('rotate-secret <id>')
    .description('give a device a new secret')
    .action(act((id: string) => rotateSecret(env, id)))

  const rules = program.command('rules').description('rules as data')
  rules
    .command('check <file>')
    .description('check a rule file')
    .action(act((file: string) => checkRules(file)))
  rules
    .command('test [kind]')
    .description('play the scenarios of the catalogue')
    .action(act((kind?: string) => testRules(kind)))

  const config = program.command('config').description('settings')
  config
    .command('check')
    .description('check the settings in the environment')
    .action(act(() => checkConfig(env)))
  config
    .command('print')
    .description('print the settings in force')
    .action(act(() => printConfig(env)))

  program
    .command('ledger')
    .description("a day's balance")
    .option('--day <yyyy-mm-dd>')
    .action(act((options: { day?: string }) => printLedger(env, options)))
  program
    .command('backup <folder>')
    .description('copy the data of a running or stopped service')
    .action(act((folder: string) => backup(env, folder)))
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
    .action(act((options: EnvOptions) => writeEnv(env, options)))
  stack
    .command('setup')
    .description('make InfluxDB ready: buckets, tasks, logins; again as often as you like')
    .option('--url <url>', 'address of InfluxDB; default: INFLUX_URL')
    .option('--org <name>', 'organization; default: INFLUX_ORG')
    .option('--wait <seconds>', 'how long to wait for InfluxDB', '120')
    .option(...lang)
    .action(act((options: SetupOptions) => setUpStack(env, options)))
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
    .action(act((options: CheckOptions) => checkStack(env, options)))
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
