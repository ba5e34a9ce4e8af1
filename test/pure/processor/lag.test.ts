import { describe, expect, test } from 'vitest'
import { createEffects } from '../../../src/engine/effects.ts'
import { createWorld, type DeviceEntry, placeDevice } from '../../../src/engine/world.ts'
import { Lag } from '../../../src/processor/lag.ts'
import { PROBE } from '../../support/kind.ts'
import { TEST_CITY, testDevice } from '../../support/world.ts'

/** A city of so many devices, and commits of what they did. */
function aCity(devices: number) {
  const world = createWorld(TEST_CITY, [PROBE])
  const entries = Array.from({ length: devices }, (_, i) =>
    placeDevice(world, testDevice('probe', `dev-${i}`)),
  )
  const lag = new Lag()
  /** Those that reported or changed since the commit before; gives back whose state is stored. */
  const commit = (
    firstSeq: number,
    touched: readonly DeviceEntry[],
    { changed = [] as readonly DeviceEntry[], interval = 1 } = {},
  ) => {
    const effects = createEffects()
    for (const entry of touched) effects.touched.add(entry)
    for (const entry of changed) effects.unrepeatable.add(entry)
    return new Set(lag.choose(world, effects, firstSeq, interval))
  }
  return { world, entries, lag, commit }
}

describe('whose state a commit stores', () => {
  test('all, where few have reported', () => {
    const { entries, lag, commit } = aCity(100)
    expect(commit(1, entries).size).toBe(100)
    expect(lag.storedUpTo(500)).toBe(500)
  })

  test('of many some, the longest first, until all have had their turn', () => {
    const { entries, lag, commit } = aCity(300)
    const first = commit(1, entries)
    expect([...first]).toEqual(entries.slice(0, 128))
    expect(lag.storedUpTo(500)).toBe(0)
    // The first report again, and wait behind the rest.
    expect([...commit(501, entries.slice(0, 128))]).toEqual(entries.slice(128, 256))
    expect([...commit(1001, [])]).toEqual([...entries.slice(256), ...entries.slice(0, 84)])
    expect(lag.storedUpTo(1500)).toBe(500)
    expect(commit(1501, []).size).toBe(44)
    expect([lag.size, lag.storedUpTo(2000)]).toEqual([0, 2000])
  })

  test('of very many an eighth, so that each has its turn within eight commits', () => {
    const { entries, lag, commit } = aCity(8_000)
    const stored = [commit(1, entries)]
    while (lag.size > 0) stored.push(commit(stored.length + 1, []))
    expect(stored.map((one) => one.size)).toEqual(Array(8).fill(1_000))
    // The next few are few again.
    expect(commit(10, entries.slice(0, 300)).size).toBe(128)
  })

  test('fewer, where the commit before was just now', () => {
    const { entries, commit } = aCity(300)
    expect(commit(1, entries, { interval: 0.25 }).size).toBe(32)
    expect(commit(2, [], { interval: 0.001 }).size).toBe(1)
    expect(commit(3, [], { interval: Number.POSITIVE_INFINITY }).size).toBe(267)
  })

  test('at once, where more than readings changed it, or it has an alert', () => {
    const { entries, lag, commit } = aCity(300)
    const [a, b, c] = entries.slice(200) as [DeviceEntry, DeviceEntry, DeviceEntry]
    b.state.rules.alerts.rule = { ruleVersion: 1, levels: [], value: 1, unattendedSince: null }
    expect(commit(1, [a, b, c], { changed: [a], interval: 0 })).toEqual(new Set([a, b]))
    expect(lag.size).toBe(1)
    expect(commit(2, [], { changed: [c], interval: 0 })).toEqual(new Set([c]))
    expect(lag.size).toBe(0)
  })

  test('not of a device that is gone, also where another has its name', () => {
    const { world, entries, lag, commit } = aCity(2)
    commit(1, entries, { interval: 0 })
    const another = placeDevice(world, testDevice('probe', 'dev-0'))
    lag.forgetGone(world)
    expect(lag.size).toBe(1)
    expect(commit(2, [], { changed: entries.slice(0, 1) }).has(entries[0] as DeviceEntry)).toBe(
      false,
    )
    expect(commit(3, [another])).toEqual(new Set([another]))
  })
})
