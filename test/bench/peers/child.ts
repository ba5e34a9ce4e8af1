import { type ChildProcess, type ForkOptions, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atTheEnd } from '../leftovers.ts'

/** A process of a peer, which ends with the benchmark at the latest. */
export class Child {
  readonly process: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #forget: () => void

  private constructor(process: ChildProcess) {
    this.process = process
    this.#exited = once(process, 'exit').catch(() => {})
    this.#forget = atTheEnd(() => process.kill('SIGKILL'))
  }

  static spawn(command: string, args: readonly string[]): Child {
    return new Child(spawn(command, args, { stdio: 'ignore' }))
  }

  /** Runs a module of ours; the path is relative to this file. */
  static fork(module: string, args: readonly string[]): Child {
    const options: ForkOptions = { execArgv: [], serialization: 'advanced' }
    return new Child(fork(fileURLToPath(new URL(module, import.meta.url)), args, options))
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.ended) this.process.kill(signal)
    const watchdog = setTimeout(() => this.process.kill('SIGKILL'), 20_000)
    await this.#exited
    clearTimeout(watchdog)
    this.#forget()
  }
}

/** A folder under the system's temp dir, and how to remove it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'curbwatch-bench-'))
  const forget = atTheEnd(() => rmSync(folder, { recursive: true, force: true }))
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
    forget()
  }
  return { folder, remove }
}
