import { Worker } from 'node:worker_threads'
import type {
  Exported,
  ExporterMessage,
  ExporterRequest,
  ExporterSettings,
  HealthSample,
} from './protocol.ts'

/**
 * The main thread's end of the exporter. At every beat it sends a sample; if the exporter's thread
 * has died it is started again with the next one, and the service goes on meanwhile.
 */
export interface ExporterOptions extends ExporterSettings {
  /** How the service is now. */
  readonly sample: () => HealthSample | Promise<HealthSample>
  /** Something was not written; it was counted by nobody yet. */
  readonly onTrouble: (message: string) => void
  readonly onExported?: (exported: Exported) => void
  /** The thread, where it is another one (tests). */
  readonly thread?: URL
}

export interface ExporterHandle {
  close(): Promise<void>
}

/** Real time between two samples (docs/influxdb.md). */
export const BEAT_MS = 30_000
/** A turn that waits for a server is not waited for: what it writes is written again. */
const CLOSING_MS = 2_000

/** Starts the thread and sends the first sample at once. */
export function startExporter(options: ExporterOptions): ExporterHandle {
  return new ExporterClient(options)
}

class ExporterClient implements ExporterHandle {
  readonly #options: ExporterOptions
  readonly #timer: NodeJS.Timeout
  #worker: Worker | null = null
  #closing = false

  constructor(options: ExporterOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS)
    void this.#beat()
  }

  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#timer)
    const worker = this.#worker
    if (worker === null) return
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ type: 'close' } satisfies ExporterRequest)
    const timer = setTimeout(() => void worker.terminate(), CLOSING_MS)
    await exited
    clearTimeout(timer)
  }

  async #beat(): Promise<void> {
    try {
      const sample = await this.#options.sample()
      if (this.#closing) return
      this.#worker ??= this.#start()
      this.#worker.postMessage({ type: 'sample', sample } satisfies ExporterRequest)
    } catch (error) {
      this.#options.onTrouble(error instanceof Error ? error.message : String(error))
    }
  }

  #start(): Worker {
    const { dataDir, cells, city, location, onTrouble, onExported } = this.#options
    const settings: ExporterSettings = { dataDir, cells, city, location }
    const file = this.#options.thread ?? new URL('../exporter-thread.ts', import.meta.url)
    const worker = new Worker(file, { name: 'exporter', workerData: settings })
    worker.on('message', (message: ExporterMessage) => {
      if (message.type === 'trouble') onTrouble(message.message)
      else onExported?.(message)
    })
    worker.on('error', (error) => onTrouble(`the exporter failed: ${String(error)}`))
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#worker = null
      if (!this.#closing) onTrouble(`the exporter ended with ${code}; it is started again`)
    })
    return worker
  }
}
