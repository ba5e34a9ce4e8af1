import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { atTheEnd } from './leftovers.ts'
import type {
  LoadDevice,
  LoadPlan,
  LoadReply,
  LoadRequest,
  LoadResult,
  Run,
  Second,
} from './load/protocol.ts'

/** The load generator as the benchmark holds it: begun, connected, let go, ended. */
const LOAD = fileURLToPath(new URL('./load/load.ts', import.meta.url))
/** Messages in flight on a connection, where a measure says nothing else. */
export const WINDOW = 20

export class LoadProcess {
  readonly #child: ChildProcess
  readonly #forget: () => void
  readonly connections: number
  readonly refused: number
  /** From the first connection to the last answer. */
  readonly connectMs: number

  private constructor(child: ChildProcess, connected: Extract<LoadReply, { type: 'connected' }>) {
    this.#child = child
    this.#forget = atTheEnd(() => child.kill('SIGKILL'))
    this.connections = connected.connections
    this.refused = connected.refused
    this.connectMs = connected.ms
  }

  /** Starts the process and connects all devices. */
  static async connect(
    port: number,
    devices: readonly LoadDevice[],
    window = WINDOW,
  ): Promise<LoadProcess> {
    const child = fork(LOAD, { execArgv: [], serialization: 'advanced' })
    const plan: LoadPlan = { port, devices, window, firstSeq: nextSeq() }
    tell(child, { type: 'connect', plan })
    return new LoadProcess(child, await next(child, 'connected'))
  }

  /** Lets it send; resolves with the figures when the time is over and the answers are there. */
  async run(run: Run, onSecond: (second: Second) => void = () => {}): Promise<LoadResult> {
    if (this.refused > 0) throw new Error(`${this.refused} connections were refused`)
    const listen = (reply: LoadReply) => {
      if (reply.type === 'second') onSecond(reply)
    }
    this.#child.on('message', listen)
    const result = next(this.#child, 'result')
    tell(this.#child, { type: 'go', run })
    const { type: _, ...figures } = await result
    this.#child.off('message', listen)
    return figures
  }

  /** Ends the run that is under way; its figures come as always. */
  stop(): void {
    tell(this.#child, { type: 'stop' })
  }

  end(): void {
    this.#child.kill('SIGKILL')
    this.#forget()
  }
}

/** No two loads have a number in common: a repeated one would be a redelivery. */
let loads = 0
function nextSeq(): number {
  return 1_000_000_000 + loads++ * 10_000_000
}

function tell(child: ChildProcess, request: LoadRequest): void {
  child.send(request)
}

function next<T extends LoadReply['type']>(child: ChildProcess, type: T) {
  return new Promise<Extract<LoadReply, { type: T }>>((resolve, reject) => {
    const listen = (reply: LoadReply) => {
      if (reply.type !== type) return
      child.off('message', listen)
      child.off('exit', ended)
      resolve(reply as Extract<LoadReply, { type: T }>)
    }
    const ended = (code: number | null) => reject(new Error(`the load generator ended: ${code}`))
    child.on('message', listen)
    child.once('exit', ended)
  })
}
