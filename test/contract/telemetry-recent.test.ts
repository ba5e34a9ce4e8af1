import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reading } from '../../src/model/reading.ts'
import { openSqliteTelemetryStore } from '../../src/store/sqlite/telemetry.ts'
import { openSqliteTelemetryReader } from '../../src/store/sqlite/telemetry-reader.ts'
import type { TelemetryReader } from '../../src/store/telemetry-port.ts'
import { PROBE } from '../support/kind.ts'
import { freshFolder } from '../support/places.ts'
import { T0 } from '../support/records.ts'
import { buckets, range, reading } from '../support/telemetry.ts'

/**
 * Readings are gathered before they go to their place (docs/adr/0021). Nobody who reads may notice:
 * whatever has come in which order, and wherever it is on its way, one finds every point once, with
 * the fields of all its readings.
 */

const KINDS = [PROBE, { ...PROBE, name: 'second' }]
const DEVICES = ['a', 'b', 'c', 'd', 'e']
const EVERY = 7

interface Sample {
  readonly device: number
  readonly after: number
  readonly level: number | null
  readonly flow: number
}

type Step = { readonly batch: readonly Sample[] } | { readonly prune: number } | 'restart' | 'fail'

/** Time goes on from batch to batch, and some readings come late. */
const sample = fc.record({
  device: fc.nat(DEVICES.length - 1),
  after: fc.nat(40),
  level: fc.option(fc.nat(100), { nil: null }),
  flow: fc.nat(50),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ batch: fc.array(sample, { maxLength: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ prune: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'fail' as const) },
)
const limits = fc.record({
  runRows: fc.constantFrom(1, 5, 1000),
  rows: fc.constantFrom(1, 10, 40),
  age: fc.constantFrom(0, Number.POSITIVE_INFINITY),
  stretchRows: fc.constantFrom(2, 4, 1000),
  stepRows: fc.constantFrom(1, 4, 1000),
})

/** Long enough that both sides, each in its turn, have newer readings of a device than the other. */
const LONG_LIMITS = {
  runRows: 5,
  rows: 20,
  age: Number.POSITIVE_INFINITY,
  stretchRows: 1000,
  stepRows: 1,
}
const LONG: Step[] = Array.from({ length: 30 }, (_, level) => ({
  batch: DEVICES.map((_, device) => ({ device, after: 0, level, flow: 0 })),
}))

test('wherever readings are on their way, they are found, once', async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { minLength: 4, maxLength: 25 }), async (at, steps) => {
      const file = join(freshFolder(), 'telemetry.db')
      let store = openSqliteTelemetryStore(file, KINDS, at)
      const reader = openSqliteTelemetryReader(file, KINDS)
      const model = new Model()
      for (const [i, one] of steps.entries()) {
        if (one === 'restart') {
          await store.close()
          store = openSqliteTelemetryStore(file, KINDS, at)
        } else if (one === 'fail') {
          const readings = DEVICES.map((_, n) =>
            toReading({ device: n, after: 40, ...NOTHING }, 3 * i),
          )
          const failed = whileFailing(file, () => store.append({ readings, upTo: i + 1 }))
          await expect(failed).rejects.toThrow('as on a full disk')
        } else if ('prune' in one) {
          while (!(await store.prune(T0 + one.prune)));
          model.prune(T0 + one.prune)
        } else {
          const readings = one.batch.map((it) => toReading(it, 3 * i))
          await store.append({ readings, upTo: i + 1 })
          for (const it of readings) model.add(it)
        }
        await expectSame(reader, model)
      }
      await reader.close()
      await store.close()
    }),
    { numRuns: 60, examples: [[LONG_LIMITS, LONG]] },
  )
}, 60_000)

const NOTHING = { level: null, flow: 0 }

/** Whatever is stored meanwhile fails at its end. */
async function whileFailing<T>(file: string, work: () => Promise<T>): Promise<T> {
  const db = new DatabaseSync(file)
  db.exec(`CREATE TRIGGER failing BEFORE INSERT ON written
           BEGIN SELECT raise(ABORT, 'as on a full disk'); END`)
  try {
    return await work()
  } finally {
    db.exec('DROP TRIGGER failing')
    db.close()
  }
}

function toReading({ device, after, level, flow }: Sample, later: number): Reading {
  const kind = KINDS[device % KINDS.length]?.name as string
  const fields = level === null ? { flow } : { level, open: flow > 25 }
  return reading(later + after, fields, { deviceId: DEVICES[device] as string, kind })
}

/** What should be found: the points of each device, by time. */
class Model {
  readonly #points = new Map<string, Map<number, Reading>>()

  add(one: Reading): void {
    const points = this.#points.get(one.deviceId) ?? new Map<number, Reading>()
    this.#points.set(one.deviceId, points)
    const before = points.get(one.observedAt)
    const fields = { ...before?.fields, ...one.fields }
    points.set(one.observedAt, { ...(before ?? one), fields })
  }

  prune(before: number): void {
    for (const points of this.#points.values()) {
      for (const ts of points.keys()) if (ts < before) points.delete(ts)
    }
  }

  of(deviceId: string): Reading[] {
    const points = [...(this.#points.get(deviceId)?.values() ?? [])]
    return points.sort((x, y) => x.observedAt - y.observedAt)
  }
}

async function expectSame(reader: TelemetryReader, model: Model): Promise<void> {
  for (const [i, deviceId] of DEVICES.entries()) {
    const kind = KINDS[i % KINDS.length]?.name as string
    const points = model.of(deviceId)
    const rows = points.map(({ observedAt, receivedAt, seq, fields }) => ({
      ts: observedAt,
      receivedAt,
      seq,
      fields,
    }))
    const query = { kind, deviceId }
    expect(await range(reader, query)).toEqual(rows.toReversed())
    expect(await range(reader, { ...query, limit: 2 })).toEqual(rows.toReversed().slice(0, 2))
    expect(await reader.kindOf(deviceId)).toBe(points.length === 0 ? null : kind)
    const groups = Map.groupBy(points, ({ observedAt }) => observedAt - (observedAt % EVERY))
    for (const aggregate of ['max', 'last'] as const) {
      const all = await buckets(reader, EVERY, aggregate, query)
      expect(all.map(({ ts, count }) => [ts, count])).toEqual(
        [...groups].map(([ts, group]) => [ts, group.length]),
      )
      const levels = [...groups.values()].map((group) => {
        const values = group.flatMap(({ fields }) => (fields['level'] as number | undefined) ?? [])
        return aggregate === 'last'
          ? values.at(-1)
          : values.length === 0
            ? undefined
            : Math.max(...values)
      })
      expect(all.map(({ fields }) => fields['level'])).toEqual(levels)
    }
  }
}
