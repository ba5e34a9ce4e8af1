import { SimulationError } from './failure.ts'
import { readOptions } from './options.ts'
import { runSimulation } from './run.ts'

/**
 * `curbwatch simulate`: the edge to the process. Ctrl-C and SIGTERM end the fleet cleanly.
 * Returns the exit code: 0 done or stopped, 1 a wrong argument or no service.
 */
export async function simulate(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    const options = readOptions(argv, env)
    if (options?.untilStdinEnds) process.stdin.resume().once('close', onSignal)
    if (options !== null) await runSimulation(options, stop.signal)
    return 0
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error
    process.stderr.write(`simulate: ${error.message}\n  ${error.hint}\n`)
    return 1
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    process.stdin.off('close', onSignal).pause()
  }
}
