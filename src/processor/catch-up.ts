import type { Decoder } from '../decode/decode.ts'
import type { Effects } from '../engine/effects.ts'
import { takeAgain } from '../engine/telemetry.ts'
import { schedule } from '../engine/time.ts'
import type { World } from '../engine/world.ts'
import type { JournalReader } from '../journal/port.ts'
import type { Verdicts } from '../model/verdicts.ts'
import type { StateSnapshot, StateStore } from '../store/state-port.ts'
import { whatBecameOf } from './decided.ts'
import type { Lag } from './lag.ts'

/** Bytes of the journal read at once, and verdicts looked up at once. */
const STRETCH_BYTES = 1024 * 1024
const STRETCH_VERDICTS = 500

/**
 * Brings stored states that lag behind the books to where they were: the readings they lack are
 * read from the journal, by the verdicts that were stored on them. Nothing is decided anew, so
 * the states come out as they were when the last commit was made.
 */
export async function catchUp(
  from: { journal: JournalReader; state: StateStore },
  snapshot: StateSnapshot,
  world: World,
  lag: Lag,
  effects: Effects,
): Promise<void> {
  const { cursor } = snapshot
  const takenUpTo = new Map(snapshot.devices.map((one) => [one.device.id, one.takenUpTo]))
  const decoders = new Map<string, Decoder>()
  for (const [name, { decode }] of world.kinds) decoders.set(name, decode)
  let verdicts: readonly Verdicts[] = []
  for (let at = snapshot.statesUpTo; at < cursor; ) {
    const records = from.journal.read(at, STRETCH_BYTES)
    const stretch = at + 1
    const first = records[0]
    // It ends before the cursor: the start is refused for that (JOURNAL_BEHIND).
    if (first === undefined) return
    if (first.seq !== stretch) throw new Error(`the journal lacks record ${stretch}`)
    for (const record of records) {
      if (record.seq > cursor) return
      at = record.seq
      if (record.type !== 'telemetry') continue
      if ((verdicts.at(-1)?.lastSeq ?? 0) < at) {
        verdicts = await from.state.verdicts(at - 1, STRETCH_VERDICTS)
        if (verdicts.length === 0) throw new Error(`the state lacks the verdict on record ${at}`)
      }
      const decided = whatBecameOf(record, decoders, verdicts)
      const entry = world.devices.get(decided?.deviceId ?? '')
      if (decided === null || entry === undefined) continue
      if ((takenUpTo.get(decided.deviceId) ?? 0) >= at) continue
      takeAgain(world, entry, record, decided.readings, effects)
      schedule(world, entry)
      // The journal is read from the beginning of a commit, which a stretch begins with.
      lag.add(entry, stretch)
    }
  }
}
