import { parentPort, workerData } from 'node:worker_threads'
import { DAY, utcDay } from '../../model/time.ts'
import type { Tally } from '../telemetry-port.ts'
import { GiveWay } from './give-way.ts'
import { RecentReadings } from './telemetry-recent.ts'
import { type RowPack, rowsByDay, rowsIn } from './telemetry-rows.ts'
import {
  openTelemetryDatabase,
  readCursor,
  readWritten,
  type StoreAnswer,
  type StoreRequest,
  type WorkerSettings,
} from './telemetry-schema.ts'
import { transaction } from './transaction.ts'

/** The telemetry store's writing thread: one request, one answer, in order. */
const port = parentPort
if (port === null) throw new Error('the telemetry worker runs in a thread of its own')

/** More rows than that at once are a backlog, and speed counts. Unsourced default. */
const BACKLOG_ROWS = 8_000
/** Series whose old readings are let go of in one step. */
const PRUNED_SERIES = 500

const { file, layouts, limits } = workerData as WorkerSettings
const db = openTelemetryDatabase(file)
const addSeries = db.prepare('INSERT INTO series (n, device, kind) VALUES (?, ?, ?)')
const setCursor = db.prepare(
  "INSERT INTO meta VALUES ('cursor', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
)
const addWritten = db.prepare(
  `INSERT INTO written VALUES (?, ?, ?)
   ON CONFLICT (day, kind) DO UPDATE SET readings = readings + excluded.readings`,
)
const now = () => performance.now()
const giveWay = new GiveWay(now)
const openRecent = () => new RecentReadings(db, { layouts, limits, giveWay, now })
/** Null: what it remembered was rolled back. */
let recent: RecentReadings | null = openRecent()
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

function append({ packs, series, upTo }: Extract<StoreRequest, { type: 'append' }>): number {
  // A batch that was stored before, whose answer was lost: nothing is counted twice.
  if (readCursor(db) >= upTo) return 0
  giveWay.hurried = rowsIn(packs) > BACKLOG_ROWS
  change((recent) => {
    for (const { n, device, kind } of series) addSeries.run(n, device, kind)
    recent.learn(series)
    recent.write(packs)
    for (const pack of packs) count(pack)
    setCursor.run(upTo)
  })
  return 0
}

/** Changes the file in one transaction: all of it, or none. */
function change(work: (recent: RecentReadings) => void): void {
  const current = recent ?? openRecent()
  recent = null
  transaction(db, () => work(current))
  recent = current
}

function count(pack: RowPack): void {
  for (const [day, readings] of rowsByDay(pack)) {
    addWritten.run(utcDay(day * DAY), pack.kind, readings)
  }
}

function tally(day: string): Tally {
  // The tables take whatever was decoded: there is nothing to refuse.
  return { cursor: readCursor(db), written: readWritten(db, day), refused: [] }
}

function prune(before: number): boolean {
  const numbers = db
    .prepare('SELECT n FROM series WHERE n > ? ORDER BY n LIMIT ?')
    .all(prunedUpTo, PRUNED_SERIES) as { n: number }[]
  const done = numbers.length < PRUNED_SERIES
  // By series, because that is how the stretches are clustered: by time alone would be a full scan.
  change((recent) => {
    for (const { n } of numbers) recent.prune(n, before)
    if (done) recent.pruneRecent(before)
  })
  prunedUpTo = done ? 0 : (numbers.at(-1) as { n: number }).n
  return done
}
