import fc from 'fast-check'
import { expect, test } from 'vitest'
import { remember } from '../../../src/engine/recent.ts'
import { createDeviceState } from '../../../src/engine/world.ts'
import type { Fields } from '../../../src/model/reading.ts'
import { HOUR } from '../../../src/model/time.ts'
import { FieldTable, Values } from '../../../src/model/values.ts'
import { decodeDeviceState, encodeDeviceState } from '../../../src/processor/device-state.ts'
import { addSample, createSeries, type Series } from '../../../src/rules/series.ts'
import { T0 } from '../../support/records.ts'

const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const identities = fc.array(
  fc.record({
    at: whole,
    hash: whole,
    seq: fc.option(whole),
    implicit: fc.boolean(),
  }),
  { maxLength: 80 },
)
const fields = fc.record(
  {
    tiltDeg: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
    open: fc.boolean(),
    水位: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  },
  { requiredKeys: [] },
)
const table = new FieldTable('cover', [
  ['tiltDeg', false],
  ['open', true],
  ['水位', false],
])
const measured = (fields: Fields) => Values.of(table, fields)
const decode = (bytes: Uint8Array) => decodeDeviceState(bytes, 'cover', table)

/** A window over samples at times of their own, some so close that they share a bucket. */
function windowOf(samples: readonly number[]): Series {
  const series = createSeries()
  const shape = { over: HOUR, maxGap: HOUR, firstGap: 1_000 }
  for (const [i, value] of samples.entries()) addSample(series, T0 + i * 5_000, value, shape)
  return series
}

test('a device’s state is read as it was written, whatever is in it', () => {
  fc.assert(
    fc.property(
      identities,
      fields,
      fc.boolean(),
      fc.option(whole),
      (seen, latest, same, freshAt) => {
        const state = createDeviceState()
        for (const one of seen) remember(state.recent, one)
        state.online = same
        state.latest = { ts: 1_795_000_000_000, values: measured(latest) }
        state.rules.reading = same ? state.latest.values : measured({ tiltDeg: 1 })
        state.rules.freshAt = freshAt
        state.rules.series['{"of":"水位"}'] = windowOf(seen.map(({ hash }) => hash / 7))
        state.rules.series['empty'] = createSeries()
        expect(decode(encodeDeviceState(state))).toEqual(state)
      },
    ),
  )
})

test('a state longer than all before it is whole, and does not reach into another', () => {
  const large = createDeviceState()
  for (let i = 0; i < 100; i++) {
    large.rules.series[`s${i}`] = windowOf(Array.from({ length: 500 }, (_, n) => n + 0.1))
  }
  const small = createDeviceState()
  const first = encodeDeviceState(small)
  const second = encodeDeviceState(large)
  const third = encodeDeviceState(small)
  expect(decode(second)).toEqual(large)
  expect(third).toEqual(first)
})

test('of a kind that is gone, what was measured is still known', () => {
  const state = createDeviceState()
  state.latest = { ts: T0, values: measured({ tiltDeg: 1.5, open: false }) }
  state.rules.reading = measured({ 水位: 4 })
  const bytes = encodeDeviceState(state)
  const kept = decodeDeviceState(bytes, 'cover', null)
  expect(kept.latest?.values.fields).toEqual({ tiltDeg: 1.5, open: false })
  expect(kept.rules.reading?.fields).toEqual({ 水位: 4 })
  expect(encodeDeviceState(kept)).toEqual(bytes)
})

test('what earlier versions have written is read', () => {
  const state = createDeviceState()
  remember(state.recent, { at: 5, hash: 6, seq: null, implicit: true })
  state.latest = { ts: T0, values: measured({ tiltDeg: 2, open: true }) }
  state.rules.reading = measured({ open: true })
  const first = {
    ...state,
    latest: { ts: T0, fields: { tiltDeg: 2, open: true } },
    rules: { ...state.rules, reading: { open: true } },
  }
  expect(decode(new TextEncoder().encode(JSON.stringify(first)))).toEqual(state)
  // A reading seen of version 1: 11 bytes, up to the end.
  const json = JSON.stringify({ online: true, sealed: 3, latest: null, rules: { series: {} } })
  const bytes = Uint8Array.of(
    ...[1, json.length, 0, 0, 0],
    ...new TextEncoder().encode(json),
    ...[5, 0, 0, 0, 0, 0, 0, 0x18, 0x40, 5, 1],
  )
  expect(decode(bytes)).toEqual({
    online: true,
    latest: null,
    rules: { series: {}, reading: null },
    recent: { rows: [5, 6, -1, 1], sealed: 3 },
  })
  expect(() => decode(Uint8Array.of(9))).toThrow('version 9')
})
