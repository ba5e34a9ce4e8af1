import { parentPort, workerData } from 'node:worker_threads'
import { DAY, utcDay } from '../../model/time.ts'
import type { Tally } from '../telemetry-port.ts'
import { GiveWay } from './give-way.ts'
import { clusteredOrder, type RowPack, rowWidth } from './telemetry-rows.ts'
import {
  openTelemetryDatabase,
  prepareInsert,
  readCursor,
  readWritten,
  type StoreAnswer,
  type StoreRequest,
  tableOf,
  type WorkerSettings,
} from './telemetry-schema.ts'
import { transaction } from './transaction.ts'

/** The telemetry store's writing thread: one request, one answer, in order. */
const port = parentPort
if (port === null) throw new Error('the telemetry worker runs in a thread of its own')

/** More rows than that at once are a backlog, and speed counts. Unsourced default. */
const BACKLOG_ROWS = 20_000
/** Devices whose old readings are let go of in one step. */
const PRUNED_DEVICES = 500

const { file, layouts } = workerData as WorkerSettings
const db = openTelemetryDatabase(file)
const tables = new Map(
  layouts.map((layout) => [
    layout.kind,
    { insert: prepareInsert(db, layout), width: rowWidth(layout) },
  ]),
)
const addNumber = db.prepare('INSERT INTO device_numbers (n, id) VALUES (?, ?)')
const setCursor = db.prepare(
  "INSERT INTO meta VALUES ('cursor', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
)
const addWritten = db.prepare(
  `INSERT INTO written VALUES (?, ?, ?)
   ON CONFLICT (day, kind) DO UPDATE SET readings = readings + excluded.readings`,
)
const giveWay = new GiveWay(() => performance.now())
let prunedUpTo = 0

port.on('message', (request: StoreRequest) => {
  const answer = answerTo(request)
  port.postMessage(answer)
  if (request.type === 'close') port.close()
})

function answerTo(request: StoreRequest): StoreAnswer {
  try {
    return { ok: true, value: work(request) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

function work(request: StoreRequest): unknown {
  switch (request.type) {
    case 'append':
      return append(request)
    case 'cursor':
      return readCursor(db)
    case 'tally':
      return tally(request.day)
    case 'prune':
      return prune(request.before)
    case 'close':
      return db.close()
  }
}

function append({ packs, numbers, upTo }: Extract<StoreRequest, { type: 'append' }>): number {
  // A batch that was stored before, whose answer was lost: nothing is counted twice.
  if (readCursor(db) >= upTo) return 0
  transaction(db, () => {
    for (const { n, id } of numbers) addNumber.run(n, id)
    giveWay.hurried = rowsIn(packs) > BACKLOG_ROWS
    for (const pack of packs) write(pack)
    setCursor.run(upTo)
  })
  return 0
}

function rowsIn(packs: readonly RowPack[]): number {
  return packs.reduce(
    (sum, { kind, rows }) => sum + rows.length / (tables.get(kind)?.width ?? 1),
    0,
  )
}

function write({ kind, rows }: RowPack): void {
  const table = tables.get(kind)
  if (table === undefined) throw new Error(`no table for kind ${kind}`)
  const { insert, width } = table
  /** Rows per day of receipt, by the day's number. */
  const days = new Map<number, number>()
  for (const at of clusteredOrder(rows, width)) {
    const values: (number | null)[] = []
    for (let i = at; i < at + width; i++) {
      const value = rows[i] as number
      values.push(Number.isNaN(value) ? null : value)
    }
    insert.run(...values)
    giveWay.pause()
    const day = Math.floor((rows[at + 2] as number) / DAY)
    days.set(day, (days.get(day) ?? 0) + 1)
  }
  for (const [day, readings] of days) addWritten.run(utcDay(day * DAY), kind, readings)
}

function tally(day: string): Tally {
  // The tables take whatever was decoded: there is nothing to refuse.
  return { cursor: readCursor(db), written: readWritten(db, day), refused: [] }
}

function prune(before: number): boolean {
  const numbers = db
    .prepare('SELECT n FROM device_numbers WHERE n > ? ORDER BY n LIMIT ?')
    .all(prunedUpTo, PRUNED_DEVICES) as { n: number }[]
  // By device, because that is how the tables are clustered: by time alone would be a full scan.
  transaction(db, () => {
    for (const kind of tables.keys()) {
      const remove = db.prepare(`DELETE FROM ${tableOf(kind)} WHERE device = ? AND ts < ?`)
      for (const { n } of numbers) remove.run(n, before)
    }
  })
  const done = numbers.length < PRUNED_DEVICES
  prunedUpTo = done ? 0 : (numbers.at(-1) as { n: number }).n
  return done
}
