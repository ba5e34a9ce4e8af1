import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command line as an operator meets it: its own process, its own environment. */

const MAIN = fileURLToPath(new URL('../../src/curbwatch.js', import.meta.url))

export type Environment = Readonly<Record<string, string>>

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `curbwatch <args>` with nothing of ours in its environment but what is given. */
export function spawnCurbwatch(args: readonly string[], env: Environment): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('CURBWATCH_') && !name.startsWith('VITEST'),
  )
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(inherited), NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs `curbwatch <args>` to its end. A run that does not end is killed and has the code null. */
export function runCurbwatch(args: readonly string[], env: Environment = {}): Promise<Ended> {
  return untilEnd(spawnCurbwatch(args, env))
}

/** Runs another program to its end. */
export function runProgram(command: string, args: readonly string[]): Promise<Ended> {
  return untilEnd(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
}

function untilEnd(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const watchdog = setTimeout(() => child.kill('SIGKILL'), 30_000)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(watchdog)
      resolve({ code, stdout, stderr })
    })
  })
}
