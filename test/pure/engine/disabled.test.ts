import { expect, test } from 'vitest'
import { loadKinds } from '../../../src/catalog/catalog.ts'
import { createEffects } from '../../../src/engine/effects.ts'
import { NOTHING_LOOKED_UP, prepare, step } from '../../../src/engine/step.ts'
import { advance } from '../../../src/engine/time.ts'
import { placeDevice } from '../../../src/engine/world.ts'
import { HOUR } from '../../../src/model/time.ts'
import { deviceTopic } from '../../../src/model/topics.ts'
import { testDevice, testWorld } from '../../support/world.ts'

const kinds = await loadKinds()
const T0 = Date.parse('2026-11-22T08:00:00Z')

test.each([
  ['enabled', true, ['waterlogging-silent']],
  ['disabled, so that nobody waits for it', false, []],
])('a device that falls silent while %s', (_words, enabled, expected) => {
  const world = testWorld(kinds)
  placeDevice(world, testDevice('waterlogging', 'dev-1', { enabled }))
  const effects = createEffects()
  const payload = new TextEncoder().encode('{"depthCm":1}')
  const topic = deviceTopic('waterlogging', 'dev-1', 'telemetry')
  const record = { seq: 1, type: 'telemetry' as const, receivedAt: T0, topic, payload }
  step(world, prepare(world, record), NOTHING_LOOKED_UP, effects)
  advance(world, T0 + HOUR, effects)
  expect([...effects.cases.values()].map((one) => one.ruleId)).toEqual(expected)
})
