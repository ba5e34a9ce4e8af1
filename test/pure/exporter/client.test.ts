import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BEAT_MS, type ExporterOptions, startExporter } from '../../../src/exporter/client.ts'
import type { HealthSample } from '../../../src/exporter/protocol.ts'
import { healthSample } from '../../support/exporter.ts'
import { until } from '../../support/places.ts'
import { T0 } from '../../support/records.ts'
import { TEST_CITY } from '../../support/world.ts'

/** The main thread's end, with a thread that dies or hangs when it is told to. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function start(sample: ExporterOptions['sample']) {
  const troubles: string[] = []
  const exported: number[] = []
  const exporter = startExporter({
    dataDir: '/nowhere',
    cells: 1,
    city: TEST_CITY,
    location: {
      type: 'influxdb',
      url: 'http://127.0.0.1:1',
      org: 'city',
      bucket: 'telemetry',
      downsampledBucket: 'telemetry_5m',
      opsBucket: 'ops',
      casesBucket: 'cases',
      token: null,
    },
    sample,
    onTrouble: (message) => troubles.push(message),
    onExported: ({ at }) => exported.push(at),
    thread: new URL('../../support/frail-exporter-thread.ts', import.meta.url),
  })
  return { exporter, troubles, exported }
}

/** Samples that do as they are told, one after the other; the last goes on. */
function samples(...list: Partial<HealthSample>[]): () => HealthSample {
  let i = 0
  return () => healthSample(T0 + i, list[Math.min(i++, list.length - 1)])
}

test('a sample goes out at once and at every beat', async () => {
  const { exporter, exported } = start(samples({}))
  await until(() => exported.length === 1)
  vi.advanceTimersByTime(BEAT_MS - 1)
  vi.advanceTimersByTime(1)
  await until(() => exported.length === 2)
  expect(exported).toEqual([T0, T0 + 1])
  await exporter.close()
  expect(vi.getTimerCount()).toBe(0)
  expect(exported).toHaveLength(2)
})

test('a thread that died is told, and started again with the next beat', async () => {
  const { exporter, troubles, exported } = start(samples({ connections: 1 }, {}))
  await until(() => troubles.length === 2)
  expect(troubles[0]).toContain('out of order')
  expect(troubles[1]).toContain('started again')
  vi.advanceTimersByTime(BEAT_MS)
  await until(() => exported.length === 1)
  await exporter.close()
  expect(troubles).toHaveLength(2)
})

test('a sample that cannot be taken is told, and the next one is tried', async () => {
  let calls = 0
  const { exporter, troubles, exported } = start(async () => {
    if (calls++ === 0) throw new Error('no figures')
    return healthSample(T0)
  })
  await until(() => troubles.length === 1)
  expect(troubles).toEqual(['no figures'])
  vi.advanceTimersByTime(BEAT_MS)
  await until(() => exported.length === 1)
  await exporter.close()
})

test('a thread that does not end is ended', async () => {
  const { exporter, exported, troubles } = start(samples({ troubles: 1 }))
  await until(() => exported.length === 1)
  const closed = exporter.close()
  vi.advanceTimersByTime(60_000)
  await closed
  expect(troubles).toEqual([])
})

test('one that was never started is closed', async () => {
  const { exporter } = start(() => new Promise(() => {}))
  await exporter.close()
})
