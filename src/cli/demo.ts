import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Service, startService } from '../app.ts'
import type { Settings } from '../config/settings.ts'
import { DAY, HOUR, MINUTE } from '../model/time.ts'
import { realTime } from '../ops/clock.ts'
import { createLogger } from '../ops/logger.ts'
import { type Environment, settingsTried } from './environment.ts'

/**
 * `demo`: the service on its embedded defaults and a simulated city, in two processes that speak
 * MQTT and HTTP, on a clock that shows an hour in a minute. It begins before dinner, so that
 * kitchens cook.
 */
const SPEED = '60'
const BEGIN_LOCAL_HOUR = 17.3
const UTC_OFFSET = 8 * HOUR
const MAIN = fileURLToPath(new URL('../curbwatch.js', import.meta.url))

export async function demo(
  env: Environment,
  options: { devices: string; seed: string },
): Promise<number> {
  const { settings, city } = await settingsTried(demoEnvironment(env))
  const log = createLogger(env['CURBWATCH_LOG_LEVEL'] ?? 'warn')
  const stop = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const service = await startService(settings, city, log, (error) => {
    log.fatal({ err: error }, 'a thread ended')
    process.exit(1)
  })
  welcome(settings, service)
  const fleet = simulate(settings, service, options)
  const ended = once(fleet, 'exit').then(([code]) => Number(code ?? 1))
  const signalled = await Promise.race([stop.then(() => true), ended.then(() => false)])
  if (!signalled) process.stderr.write('the simulated city ended; stopping\n')
  else process.stdout.write('\nstopping ...\n')
  fleet.kill('SIGTERM')
  const code = await ended
  await service.close()
  return signalled ? 0 : code
}

function demoEnvironment(env: Environment): Environment {
  return {
    CURBWATCH_CLOCK_SPEED: SPEED,
    CURBWATCH_CLOCK_START: new Date(beforeDinner(realTime())).toISOString(),
    ...env,
    CURBWATCH_DATA_DIR: env['CURBWATCH_DATA_DIR'] || mkdtempSync(join(tmpdir(), 'curbwatch-demo-')),
  }
}

/** The last time that it was a little before dinner in the demo city. */
function beforeDinner(now: number): number {
  const midnight = Math.floor((now + UTC_OFFSET) / DAY) * DAY - UTC_OFFSET
  const today = midnight + BEGIN_LOCAL_HOUR * HOUR
  return Math.floor((today <= now ? today : today - DAY) / MINUTE) * MINUTE
}

function welcome(settings: Settings, { address, token }: Service): void {
  const { CURBWATCH_HTTP_HOST: host, CURBWATCH_MQTT_HOST: mqttHost } = settings
  process.stdout.write(
    [
      '',
      '  curbwatch demo: a simulated city, an hour in a minute (60×)',
      '',
      `  console   http://${host}:${address.http}/#token=${token}`,
      `  API       http://${host}:${address.http}/docs`,
      `  MQTT      mqtt://${mqttHost}:${address.mqtt}`,
      `  data      ${settings.CURBWATCH_DATA_DIR}`,
      '',
      '  Each of the six kinds opens its first case within a minute. Ctrl-C stops.',
      '',
      '',
    ].join('\n'),
  )
}

function simulate(
  settings: Settings,
  { address, token }: Service,
  options: { devices: string; seed: string },
) {
  const { CURBWATCH_HTTP_HOST: host, CURBWATCH_MQTT_HOST: mqttHost } = settings
  const args = [
    'simulate',
    ...['--url', `mqtt://${mqttHost}:${address.mqtt}`],
    ...['--api', `http://${host}:${address.http}`],
    ...['--scenario', 'demo', '--devices', options.devices, '--seed', options.seed, '--officers'],
    // It ends with us, also when we are killed: then its standard input ends.
    '--until-stdin-ends',
  ]
  return spawn(process.execPath, [MAIN, ...args], {
    // In a group of its own, so that Ctrl-C reaches it through us and in order.
    detached: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, CURBWATCH_ADMIN_TOKEN: token },
  })
}
