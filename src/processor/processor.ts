import type { Case } from '../cases/case.ts'
import { createEffects, type Effects } from '../engine/effects.ts'
import { expireCommands } from '../engine/lifecycle.ts'
import { type LookedUp, NOTHING_LOOKED_UP, type Prepared, prepare, step } from '../engine/step.ts'
import { advance, schedule } from '../engine/time.ts'
import { openCaseKey, placeDevice, placeRule, type World } from '../engine/world.ts'
import type { JournalReader } from '../journal/port.ts'
import type { StoredRule } from '../model/rule.ts'
import type { Instant } from '../model/time.ts'
import type { StateSnapshot, StateStore } from '../store/state-port.ts'
import { catchUp } from './catch-up.ts'
import { createEdits, type Edits, stateChange } from './change.ts'
import { decodeDeviceState } from './device-state.ts'
import { Lag } from './lag.ts'
import { type Desk, retire } from './operations.ts'

/**
 * Reads the journal, steps the engine, commits: cursor, alert states, cases and all else in one
 * transaction. If a commit fails, the world is rebuilt from the store and the same records are
 * read again; because the outcome depends on the journal alone, nothing is done twice.
 *
 * A device's state alone may be stored later than the readings that changed it (lag.ts).
 */

/** Bytes of journal taken in one turn at the most: a request waits for the end of a turn. */
const TURN_BYTES = 1024 * 1024
/** Records, and readings, of one commit at the most, give or take a turn. */
const GATHERED = 20_000

export interface Committed {
  readonly effects: Effects
  readonly edits: Edits
  readonly firstSeq: number
  readonly lastSeq: number
}

export class Processor {
  readonly #journal: JournalReader
  readonly #state: StateStore
  readonly #newWorld: () => World
  readonly #catalogRules: readonly StoredRule[]
  readonly #endedCase: (id: string) => Promise<Case | null>
  world: World
  cursor = 0
  #effects = createEffects()
  #edits = createEdits()
  #firstSeq = 1
  #lag = new Lag()

  constructor(parts: {
    journal: JournalReader
    state: StateStore
    newWorld: () => World
    catalogRules: readonly StoredRule[]
    endedCase: (id: string) => Promise<Case | null>
  }) {
    this.#journal = parts.journal
    this.#state = parts.state
    this.#newWorld = parts.newWorld
    this.#catalogRules = parts.catalogRules
    this.#endedCase = parts.endedCase
    this.world = parts.newWorld()
  }

  /** Takes up the stored state. Also the way back after a failed commit. */
  async load(): Promise<void> {
    const snapshot = await this.#state.load()
    this.#effects = createEffects()
    this.#edits = createEdits()
    this.world = this.#newWorld()
    restore(this.world, snapshot)
    this.cursor = snapshot.cursor
    this.#firstSeq = this.cursor + 1
    this.#lag = new Lag()
    const before = new Map(this.world.programs)
    this.#installCatalogRules(snapshot)
    // The catalogue or the city file may have changed while we were away.
    retire(this.desk, this.world.devices.keys(), before)
    const from = { journal: this.#journal, state: this.#state }
    await catchUp(from, snapshot, this.world, this.#lag, this.#effects)
  }

  /** The last record that the stored states of all devices have taken. */
  get statesUpTo(): number {
    return this.#lag.storedUpTo(this.cursor)
  }

  /** Rules of the catalogue that are new, or changed with a new version of curbwatch. */
  #installCatalogRules(snapshot: StateSnapshot): void {
    for (const rule of this.#catalogRules) {
      const present = this.world.rules.get(rule.id)
      if (snapshot.deletedRules.includes(rule.id) || present?.origin === 'city') continue
      if (present !== undefined && sameRule(present, rule)) continue
      const next = { ...rule, version: (present?.version ?? 0) + 1 }
      placeRule(this.world, next)
      this.#edits.rules.set(rule.id, next)
    }
  }

  /** The desk that operators' requests are worked at; their effects go with the next commit. */
  get desk(): Desk {
    return {
      world: this.world,
      effects: this.#effects,
      edits: this.#edits,
      endedCase: this.#endedCase,
      delivered: (ids) => this.#state.delivered(ids),
    }
  }

  /** Takes the next stretch of the journal; false at its end. Commits nothing. */
  async takeRecords(): Promise<boolean> {
    const records = this.#journal.read(this.cursor, TURN_BYTES)
    for (const record of records) {
      const prepared = prepare(this.world, record)
      const found = this.#lookUp(prepared)
      // Mostly there is nothing to look up, and nothing to wait for.
      step(this.world, prepared, found instanceof Promise ? await found : found, this.#effects)
    }
    const last = records.at(-1)
    if (last === undefined) return false
    this.cursor = last.seq
    return true
  }

  /** Lets time come to `now`, where all that was received until then has been taken. */
  elapse(now: Instant): void {
    advance(this.world, now, this.#effects)
    expireCommands(this.world, this.#effects)
  }

  /** There is something to commit. */
  get gathered(): boolean {
    return this.#lag.size > 0 || isWorthwhile(this.#effects, this.#edits, this.#span())
  }

  /** What has gathered is more than readings and presence, or as much as one commit may hold. */
  get urgent(): boolean {
    const { alertChanges, caseEvents, commands, accepted, counters } = this.#effects
    return (
      alertChanges.length > 0 ||
      caseEvents.length > 0 ||
      commands.size > 0 ||
      Math.max(accepted.length, counters.records) >= GATHERED ||
      hasEdits(this.#edits)
    )
  }

  /**
   * Commits what has gathered; null where there is nothing.
   *
   * @param interval as for `Lag.choose`
   */
  async commit(interval = 1): Promise<Committed | null> {
    if (!this.gathered) return null
    const effects = this.#effects
    const edits = this.#edits
    const span = this.#span()
    // Readings mean something else under other rules: none is taken again across a change of them.
    const stored = changesRules(edits) ? Number.POSITIVE_INFINITY : interval
    if (edits.deletedDevices.size > 0) this.#lag.forgetGone(this.world)
    const devices = this.#lag.choose(this.world, effects, span.firstSeq, stored)
    const states = { devices, upTo: this.statesUpTo }
    await this.#state.commit(stateChange(this.world, effects, edits, span, states))
    this.#effects = createEffects()
    this.#edits = createEdits()
    this.#firstSeq = this.cursor + 1
    return { effects, edits, ...span }
  }

  #span(): { firstSeq: number; lastSeq: number } {
    return { firstSeq: this.#firstSeq, lastSeq: this.cursor }
  }

  #lookUp(prepared: Prepared): LookedUp | Promise<LookedUp> {
    const id = prepared.telemetry?.message.quarantineId ?? null
    if (prepared.history === null && id === null) return NOTHING_LOOKED_UP
    return this.#lookUpStored(prepared.history, id)
  }

  async #lookUpStored(span: Prepared['history'], quarantineId: string | null): Promise<LookedUp> {
    const stored =
      span === null ? [] : await this.#state.seenChunks(span.deviceId, span.from, span.to)
    const gathered = this.#effects.chunks
      .filter(({ deviceId }) => deviceId === span?.deviceId)
      .map(({ chunk }) => chunk)
    return {
      history: [...stored, ...gathered],
      quarantined:
        quarantineId === null
          ? null
          : (this.#effects.quarantined.find((one) => one.id === quarantineId) ??
            (await this.#state.quarantined(quarantineId))),
    }
  }
}

function isWorthwhile(
  effects: Effects,
  edits: Edits,
  span: { firstSeq: number; lastSeq: number },
): boolean {
  return (
    span.lastSeq >= span.firstSeq ||
    effects.touched.size > 0 ||
    effects.cases.size > 0 ||
    effects.caseEvents.length > 0 ||
    effects.commands.size > 0 ||
    effects.ledger.size > 0 ||
    hasEdits(edits)
  )
}

function changesRules(edits: Edits): boolean {
  return edits.rules.size > 0 || edits.deletedRules.size > 0
}

function hasEdits(edits: Edits): boolean {
  return (
    edits.devices.size > 0 ||
    edits.deletedDevices.size > 0 ||
    changesRules(edits) ||
    edits.deliveries.size > 0
  )
}

function restore(world: World, snapshot: StateSnapshot): void {
  world.now = snapshot.progress.now
  world.silenceFloor = snapshot.progress.silenceFloor
  world.lastNumber = { ...snapshot.progress.lastNumber }
  for (const rule of snapshot.rules) placeRule(world, rule)
  for (const { device, state } of snapshot.devices) {
    const table = world.kinds.get(device.kind)?.table ?? null
    placeDevice(world, device, state && decodeDeviceState(state, device.kind, table))
  }
  for (const one of snapshot.openCases)
    world.openCases.set(openCaseKey(one.ruleId, one.deviceId), one)
  for (const command of snapshot.pendingCommands) world.commands.set(command.id, command)
  for (const entry of world.devices.values()) schedule(world, entry)
}

function sameRule(a: StoredRule, b: StoredRule): boolean {
  const plain = (rule: StoredRule) => JSON.stringify({ ...rule, version: 0 })
  return plain(a) === plain(b)
}
