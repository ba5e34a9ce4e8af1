import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on stdout for machines, readable lines on a terminal for people. */
export function createLogger(level: string, pretty = process.stdout.isTTY === true): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // A secret that slips into a log object is not written.
    redact: { paths: ['password', 'secret', 'token', '*.password', '*.secret', '*.token'] },
    ...(pretty ? { transport: { target: 'pino-pretty', options: { colorize: true } } } : {}),
  })
}
