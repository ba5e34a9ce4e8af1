import { once } from 'node:events'
import { startService } from '../app.ts'
import { createLogger } from '../ops/logger.ts'
import { type Environment, settingsTried } from './environment.ts'

/** `start`: the service alone, until a signal. */
export async function start(env: Environment): Promise<number> {
  const { settings, city } = await settingsTried(env)
  const log = createLogger(settings.CURBWATCH_LOG_LEVEL)
  const service = await startService(settings, city, log, (error) => {
    log.fatal(
      { err: error },
      'a part of the service ended; what was acknowledged is in the journal',
    )
    process.exit(1)
  })
  const signal = await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  log.info({ signal: signal[0] }, 'stopping')
  await service.close()
  log.info('stopped')
  return 0
}
