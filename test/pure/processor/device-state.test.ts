import fc from 'fast-check'
import { expect, test } from 'vitest'
import { remember } from '../../../src/engine/recent.ts'
import { createDeviceState, type DeviceState } from '../../../src/engine/world.ts'
import { decodeDeviceState, encodeDeviceState } from '../../../src/processor/device-state.ts'

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
const fields = fc.dictionary(
  fc.constantFrom('tiltDeg', 'open', '水位'),
  fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), fc.boolean()),
)

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
        state.latest = { ts: 1_795_000_000_000, fields: latest }
        state.rules.reading = same ? latest : { tiltDeg: 1 }
        state.rules.freshAt = freshAt
        state.rules.series['{"of":"水位"}'] = { rows: [1, 2.5, -3] }
        expect(decodeDeviceState(encodeDeviceState(state))).toEqual(plain(state))
      },
    ),
  )
})

test('a state longer than all before it is whole, and does not reach into another', () => {
  const large = createDeviceState()
  large.rules.series['s'] = { rows: Array.from({ length: 20_000 }, (_, i) => i + 0.5) }
  const small = createDeviceState()
  const first = encodeDeviceState(small)
  const second = encodeDeviceState(large)
  const third = encodeDeviceState(small)
  expect(decodeDeviceState(second)).toEqual(plain(large))
  expect(third).toEqual(first)
})

test('what earlier versions have written is read', () => {
  const state = createDeviceState()
  remember(state.recent, { at: 5, hash: 6, seq: null, implicit: true })
  expect(decodeDeviceState(new TextEncoder().encode(JSON.stringify(state)))).toEqual(state)
  expect(() => decodeDeviceState(Uint8Array.of(9))).toThrow('version 9')
})

const plain = (state: DeviceState) => JSON.parse(JSON.stringify(state)) as DeviceState
