import { Worker } from 'node:worker_threads'
import type { DeviceKind } from '../../model/device-kind.ts'
import { PackedReadings } from '../../model/packed-readings.ts'
import type { Instant } from '../../model/time.ts'
import type { Tally, TelemetryBatch, TelemetryStore } from '../telemetry-port.ts'
import { type TakeOverProgress, takeOverReadings } from './former-readings.ts'
import { packRows, type RowLayout } from './telemetry-rows.ts'
import {
  ensureFields,
  openTelemetryDatabase,
  RECENT_LIMITS,
  type RecentLimits,
  readLayouts,
  readSeries,
  type Series,
  type StoreAnswer,
  type StoreRequest,
  type WorkerSettings,
} from './telemetry-schema.ts'

/**
 * The telemetry store on one machine, as the pipeline sees it: readings become rows of numbers
 * here, and a thread of the store's own writes them, so that neither its sorting nor its disk
 * stands in the way of a rule.
 */
export function openSqliteTelemetryStore(
  file: string,
  kinds: readonly DeviceKind[],
  limits: RecentLimits = RECENT_LIMITS,
  onTakeOver: TakeOverProgress = () => {},
): TelemetryStore {
  // What is wrong with the file is known before the thread begins.
  const db = openTelemetryDatabase(file)
  for (const kind of kinds) ensureFields(db, kind)
  takeOverReadings(db, limits.stretchRows, onTakeOver)
  const layouts = readLayouts(db)
  const series = readSeries(db)
  db.close()
  const worker = new Worker(new URL('./telemetry-worker.ts', import.meta.url), {
    name: 'telemetry',
    workerData: { file, layouts, limits } satisfies WorkerSettings,
  })
  return new SqliteTelemetryStore(worker, layouts, series)
}

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

class SqliteTelemetryStore implements TelemetryStore {
  readonly #worker: Worker
  readonly #layouts: ReadonlyMap<string, RowLayout>
  /** Numbers of series, by kind and device. */
  readonly #numbers: ReadonlyMap<string, Map<string, number>>
  /** Those that are not yet in the file. */
  #unsaved: Series[] = []
  #lastNumber: number
  /** In the order of the requests, which is that of the answers. */
  readonly #waiting: Waiting[] = []
  #ended: Error | null = null
  #closed: Promise<void> | null = null

  constructor(worker: Worker, layouts: readonly RowLayout[], series: readonly Series[]) {
    this.#worker = worker
    this.#layouts = new Map(layouts.map((one) => [one.kind, one]))
    this.#numbers = new Map(layouts.map(({ kind }) => [kind, new Map()]))
    for (const { n, device, kind } of series) this.#numbers.get(kind)?.set(device, n)
    this.#lastNumber = series.reduce((most, { n }) => Math.max(most, n), 0)
    worker.on('message', (answer: StoreAnswer) => this.#answered(answer))
    // An error that nobody listens for ends the thread that owns the store, with its cause.
    worker.once('exit', () => this.#end(new Error('the telemetry thread ended')))
  }

  cursor(): Promise<number> {
    return this.#ask({ type: 'cursor' })
  }

  async append({ readings, upTo }: TelemetryBatch): Promise<number> {
    const packed = PackedReadings.of(readings)
    const packs = packRows(packed, this.#layouts, (id, kind) => this.#number(id, kind))
    const series = this.#unsaved
    this.#unsaved = []
    try {
      const buffers = packs.map(({ rows }) => rows.buffer)
      return await this.#ask({ type: 'append', upTo, packs, series }, buffers)
    } catch (error) {
      // What was rolled back is to be kept with the next batch.
      this.#unsaved = [...series, ...this.#unsaved]
      throw error
    }
  }

  tally(day: string): Promise<Tally> {
    return this.#ask({ type: 'tally', day })
  }

  prune(before: Instant): Promise<boolean> {
    return this.#ask({ type: 'prune', before })
  }

  close(): Promise<void> {
    this.#closed ??= this.#ask({ type: 'close' })
    return this.#closed
  }

  #number(device: string, kind: string): number {
    const ofKind = this.#numbers.get(kind) as Map<string, number>
    const known = ofKind.get(device)
    if (known !== undefined) return known
    const n = ++this.#lastNumber
    ofKind.set(device, n)
    this.#unsaved.push({ n, device, kind })
    return n
  }

  #ask<T>(request: StoreRequest, transfer: ArrayBuffer[] = []): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended)
        return
      }
      this.#waiting.push({ resolve, reject })
      this.#worker.postMessage(request, transfer)
    })
  }

  #answered(answer: StoreAnswer): void {
    const { resolve, reject } = this.#waiting.shift() as Waiting
    if (answer.ok) resolve(answer.value as never)
    else reject(new Error(answer.message))
  }

  #end(error: Error): void {
    this.#ended = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    if (this.#closed === null) throw error
  }
}
