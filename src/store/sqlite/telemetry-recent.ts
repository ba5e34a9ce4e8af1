import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../model/time.ts'
import type { GiveWay } from './give-way.ts'
import { Stretches } from './stretches.ts'
import {
  type RowLayout,
  type RowPack,
  rowsIn,
  startsBySeries,
  stretchRows,
} from './telemetry-rows.ts'
import {
  placedKey,
  type RecentLimits,
  RUNS,
  readSeries,
  type Series,
  type Side,
} from './telemetry-schema.ts'

/**
 * Recent rows that go to their place for each that comes: they are all there a while before the
 * other side is full, and no sooner, since it is work that acknowledgements feel. Unsourced default.
 */
const PLACED_FOR_EACH = 1.25

/**
 * How readings get to their place (docs/adr/0021). The stretches are clustered by series, and a page
 * holds hundreds of readings of one: to put each batch there at once writes a page for each device
 * that has reported, a hundred times the bytes of a reading. So what is new is gathered in runs, each
 * by series and time in itself, and written one after the other. When many have gathered they go
 * to their place, all of a series together, a little with each batch, while what comes in the
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
  readonly #stretches: Stretches
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
    this.#stretches = new Stretches(db, {
      layouts: options.layouts,
      series: readSeries(db),
      stretchRows: options.limits.stretchRows,
    })
    this.#side = readSide(db)
    this.#run = this.#stretches.lastRun(this.#side)
    this.#runRows = this.#stretches.rowsOfRun(this.#side, this.#run)
    this.#stretches.beginPlacing(this.#other)
    if (this.#run > 0) this.#since = this.#now()
  }

  /** Series that there were none of. */
  learn(series: readonly Series[]): void {
    for (const one of series) this.#stretches.learn(one)
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

  /** Lets go of a series' readings in their place that were observed before this. */
  prune(series: number, before: Instant): void {
    this.#stretches.prune(series, before)
  }

  /** The same of the recent readings of all series. */
  pruneRecent(before: Instant): void {
    this.#stretches.pruneRecent(before)
  }

  get #other(): Side {
    return this.#side === 0 ? 1 : 0
  }

  #writePack(pack: RowPack): void {
    const time = (start: number) => pack.rows[start + 1] as number
    for (const [series, starts] of startsBySeries(pack.rows, pack.width)) {
      const rows = stretchRows(pack, starts)
      const few = starts.length < this.#limits.stretchRows
      if (few && this.#stretches.isNewest(series, time(starts[0] as number))) {
        this.#stretches.addRecent(this.#side, this.#run, series, rows)
        this.#runRows += starts.length
        this.#since ??= this.#now()
      } else {
        // Something of it may be at the same moment as a recent one.
        this.#stretches.add(series, rows)
      }
      this.#giveWay.pause()
    }
  }

  #place(rows: number): void {
    let left = rows
    while (left > 0 && !this.#stretches.isEmpty(this.#other)) {
      left -= this.#stretches.placeSome(this.#other, Math.min(left, this.#limits.stepRows))
      this.#giveWay.pause()
    }
  }

  #swapWhereFull(): void {
    const { rows, runRows, age } = this.#limits
    const full =
      this.#stretches.rowsOf(this.#side) >= rows ||
      (this.#run === RUNS && this.#runRows >= runRows) ||
      (this.#since !== null && this.#now() - this.#since >= age)
    // The other side has not gone to its place yet: then this one gets longer.
    if (!full || !this.#stretches.isEmpty(this.#other)) return
    this.#side = this.#other
    this.#run = 0
    this.#runRows = 0
    this.#since = null
    this.#db.prepare('DELETE FROM meta WHERE key = ?').run(placedKey(this.#side))
    this.#db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('side', ?)").run(this.#side)
    this.#stretches.beginPlacing(this.#other)
  }
}

function readSide(db: DatabaseSync): Side {
  const row = db.prepare("SELECT value FROM meta WHERE key = 'side'").get()
  return row?.['value'] === 1 ? 1 : 0
}
