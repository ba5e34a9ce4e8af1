import { run } from './cli/run.ts'

// Arguments and environment in, exit code out; no logic.
// Whoever reads our output may stop reading (`| head`): that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
process.exitCode = await run(process.argv.slice(2), process.env)
// A start that failed half-way (a port is taken) leaves threads that would keep the process alive.
if (process.exitCode !== 0) process.exit()
