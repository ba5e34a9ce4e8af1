import fc from 'fast-check'
import type { JournalRecord } from '../../src/model/record.ts'
import { MINUTE, SECOND } from '../../src/model/time.ts'
import { T0, telemetryRecord } from './records.ts'

/**
 * Random city traffic: several devices, good and bad readings, arrays, redeliveries, clocks that
 * lag or run ahead, and messages without a time in the same millisecond.
 */

const fields = fc.record(
  {
    level: fc.integer({ min: 0, max: 100 }),
    flow: fc.integer({ min: -50, max: 50 }),
    open: fc.boolean(),
    batteryPct: fc.integer({ min: 0, max: 100 }),
  },
  { requiredKeys: ['level'] },
)

const bad = fc.constantFrom<unknown>(
  { level: 101 },
  { level: 'high' },
  { open: 1, level: 3 },
  { ts: 'yesterday', level: 3 },
  { seq: -1, level: 3 },
  {},
  7,
  null,
)

/** When the reading was taken, relative to its receipt; undefined: no `ts`. */
const lag = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.integer({ min: -2 * MINUTE, max: 0 }) },
  { weight: 1, arbitrary: fc.integer({ min: -30 * MINUTE, max: 4 * MINUTE }) },
)

const reading = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ lag, fields, seq: fc.option(fc.nat(3), { nil: undefined }) }),
  },
  { weight: 1, arbitrary: bad.map((content) => ({ bad: content })) },
)

const content = fc.oneof(
  { weight: 6, arbitrary: reading.map((one) => [one]) },
  { weight: 2, arbitrary: fc.array(reading, { minLength: 1, maxLength: 6 }) },
)

const message = fc.record({
  gap: fc.oneof(
    fc.constantFrom(0, 0, 1, SECOND, 30 * SECOND, MINUTE, MINUTE, 2 * MINUTE, 11 * MINUTE),
    fc.integer({ min: 0, max: 5 * MINUTE }),
  ),
  device: fc.nat(2),
  content,
  array: fc.boolean(),
  /** Above zero: send again the message so many before this one. */
  again: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
  ),
})

export const DEVICES = ['dev-a', 'dev-b', 'dev-c'] as const

/**
 * A journal of telemetry records; `devices` may name some that are not registered, `timed` gives
 * every reading a time.
 */
export function journal(
  size: { maxLength: number },
  devices: readonly string[] = DEVICES,
  timed = false,
): fc.Arbitrary<JournalRecord[]> {
  return fc.array(message, { minLength: 1, ...size }).map((messages) => {
    let now = T0
    const records: JournalRecord[] = []
    for (const { gap, device, content: items, array, again } of messages) {
      now += gap
      const before = records[records.length - again]
      if (again > 0 && before !== undefined) {
        records.push({ ...before, seq: records.length + 1, receivedAt: now })
        continue
      }
      const readings = items.map((one) => {
        if ('bad' in one) return one.bad
        const at = one.lag === undefined && !timed ? {} : { ts: now + (one.lag ?? 0) }
        return { ...at, ...(one.seq === undefined ? {} : { seq: one.seq }), ...one.fields }
      })
      const sent = readings.length === 1 && !array ? readings[0] : readings
      const id = devices[device % devices.length] as string
      records.push(telemetryRecord(records.length + 1, now, id, sent))
    }
    return records
  })
}
