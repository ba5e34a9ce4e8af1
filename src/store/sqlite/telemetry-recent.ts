import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../model/time.ts'
import type { GiveWay } from './give-way.ts'
import { type RowLayout, type RowPack, rowsIn, startsByDevice, valuesAt } from './telemetry-rows.ts'
import { type RecentLimits, RUNS, type Side, storedKinds } from './telemetry-schema.ts'
import { TelemetryTable } from './telemetry-table.ts'

/**
 * Recent rows that go to their place for each that comes: they are all there a while before the
 * other side is full, and no sooner, since it is work that acknowledgements feel. Unsourced default.
 */
const PLACED_FOR_EACH = 1.25

/**
 * How readings get to their place (docs/adr/0021). The tables are clustered by device, and a page
 * holds many readings of one: to put each batch there at once writes a page for each device that
 * has reported, a hundred times the bytes of a reading. So what is new is gathered in runs, each
 * by device and time in itself, and written one after the other. When many have gathered they go
 * to their place, all of a device together, a little with each batch, while what comes in the
 * meantime is gathered on the other side.
 *
 * Everything happens in the caller's transaction. After one that failed there must be a new one of
 * these: what it remembers is not in the file.
 */
export class RecentReadings {
  readonly #db: DatabaseSync
  readonly #limits: RecentLimits
  readonly #giveWay: GiveWay
  readonly #now: () => number
  /** Of each kind, in the order of its rows. */
  readonly #fields: ReadonlyMap<string, readonly string[]>
  readonly #tables: ReadonlyMap<string, TelemetryTable>
  /** The side that readings are added to. */
  #side: Side
  /** Its last run, from 1, and the rows of it. */
  #run: number
  #runRows = 0
  /** Since when it has rows, by the running clock. */
  #since: number | null = null

  constructor(
    db: DatabaseSync,
    options: {
      layouts: readonly RowLayout[]
      limits: RecentLimits
      giveWay: GiveWay
      /** A running clock, ms. */
      now: () => number
    },
  ) {
    this.#db = db
    this.#limits = options.limits
    this.#giveWay = options.giveWay
    this.#now = options.now
    this.#fields = new Map(options.layouts.map(({ kind, fields }) => [kind, fields]))
    this.#tables = new Map(storedKinds(db).map((kind) => [kind, new TelemetryTable(db, kind)]))
    this.#side = readSide(db)
    const tables = [...this.#tables.values()]
    this.#run = Math.max(0, ...tables.map((one) => one.lastRun(this.#side)))
    for (const table of tables) {
      this.#runRows += table.rowsOfRun(this.#side, this.#run)
      table.beginPlacing(this.#other)
    }
    if (this.#run > 0) this.#since = this.#now()
  }

  /** Keeps a batch. */
  write(packs: readonly RowPack[]): void {
    this.#swapWhereFull()
    if (this.#run === 0 || (this.#runRows >= this.#limits.runRows && this.#run < RUNS)) {
      this.#run++
      this.#runRows = 0
    }
    for (const pack of packs) this.#writePack(pack)
    this.#place(Math.ceil(PLACED_FOR_EACH * rowsIn(packs)))
  }

  /** Lets go of a device's readings in their place that were observed before this. */
  prune(device: number, before: Instant): void {
    for (const table of this.#tables.values()) table.prune(device, before)
  }

  /** The same of the recent readings of all devices. */
  pruneRecent(before: Instant): void {
    for (const table of this.#tables.values()) table.pruneRecent(before)
  }

  get #other(): Side {
    return this.#side === 0 ? 1 : 0
  }

  get #rows(): number {
    let rows = 0
    for (const table of this.#tables.values()) rows += table.rowsOf(this.#side)
    return rows
  }

  #writePack(pack: RowPack): void {
    const { kind, rows, width } = pack
    const table = this.#tables.get(kind)
    const fields = this.#fields.get(kind)
    if (table === undefined || fields === undefined) throw new Error(`no table for kind ${kind}`)
    const insert = table.insert(fields)
    const insertRecent = table.insertRecent(this.#side, fields)
    const time = (start: number) => rows[start + 1] as number
    for (const [device, starts] of startsByDevice(rows, width)) {
      const oldest = time(starts[0] as number)
      const newest = time(starts.at(-1) as number)
      if (starts.length < this.#limits.pageRows && table.isNewest(device, oldest)) {
        for (const start of starts) {
          insertRecent.run(this.#run, ...valuesAt(pack, start))
          this.#giveWay.pause()
        }
        table.wroteRecent(this.#side, device, oldest, starts.length)
        this.#runRows += starts.length
        this.#since ??= this.#now()
      } else {
        // Something of it may be at the same moment as a recent one: those first.
        table.place(device)
        for (const start of starts) {
          insert.run(...valuesAt(pack, start))
          this.#giveWay.pause()
        }
      }
      table.wrote(device, newest)
    }
  }

  #place(rows: number): void {
    let left = rows
    for (const table of this.#tables.values()) {
      while (left > 0 && !table.isEmpty(this.#other)) {
        left -= table.placeSome(this.#other, this.#limits.stepRows)
        this.#giveWay.pause()
      }
    }
  }

  #swapWhereFull(): void {
    const { rows, runRows, age } = this.#limits
    const full =
      this.#rows >= rows ||
      (this.#run === RUNS && this.#runRows >= runRows) ||
      (this.#since !== null && this.#now() - this.#since >= age)
    // The other side has not gone to its place yet: then this one gets longer.
    if (!full || ![...this.#tables.values()].every((one) => one.isEmpty(this.#other))) return
    this.#side = this.#other
    this.#run = 0
    this.#runRows = 0
    this.#since = null
    this.#db.prepare('DELETE FROM placed WHERE side = ?').run(this.#side)
    this.#db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('side', ?)").run(this.#side)
    for (const table of this.#tables.values()) table.beginPlacing(this.#other)
  }
}

function readSide(db: DatabaseSync): Side {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'side'").get()
  return row?.['value'] === 1 ? 1 : 0
}
