import { describe, expect, test } from 'vitest'
import { RecordedSource, type Recording } from '../../../simulators/recording.ts'
import { readRecordings } from '../../../simulators/replay.ts'

const FLOODS = `sensor_id,ts,depth_cm
BK-4th,2023-09-29T11:54:00,2.5
BK-4th,2023-09-29T11:52:00,0.0
BK-4th,2023-09-29T12:30:00,-0.1
Q-beach,2022-12-23T10:00:52,0.61
Q-beach,2024-04-12T05:00:00,1.0
`
const BUSES = `"id","vehicle_id","trip_id","timestamp","latitude","longitude","bearing"
1,"4716","1091","2026-01-26 15:57:00",53.44,-2.92,
2,"4716","1091","2026-01-26 15:57:30",53.441,-2.92,53
3,"4716","1091","2026-01-26 15:58:00",53.441,-2.92,53
4,"4716","1091","2026-01-26 15:58:30",53.5,-2.92,53
5,"4716","1091","2026-01-26 16:30:00",53.51,-2.92,53
`

function read(csv: string): readonly Recording[] {
  const result = readRecordings(csv)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

describe('FloodNet', () => {
  test('sensors become devices that start now; gaps stay, but not for a year', () => {
    const recordings = read(FLOODS)
    expect(recordings.map((recording) => recording.sensor)).toEqual([
      'BK-4th',
      'Q-beach',
      'Q-beach-2',
    ])
    expect(recordings[0]?.kind).toBe('waterlogging')
    expect(recordings[0]?.points).toEqual([
      { at: 0, fields: { depthCm: 0 } },
      { at: 120_000, fields: { depthCm: 2.5 } },
      { at: 2_280_000, fields: { depthCm: 0 } },
    ])
  })
})

describe('bus GPS', () => {
  const points = read(BUSES)[0]?.points ?? []

  test('speed by distance and time; none over a gap or a jump', () => {
    expect(points.map((point) => point.at / 1000)).toEqual([0, 30, 60, 90, 1980])
    // 0.001° of latitude are 111 m; in 30 s that is 13.3 km/h.
    expect(points.map((point) => point.fields.speedKmh)).toEqual([0, 13.3, 0, undefined, undefined])
    expect(points[1]?.fields).toMatchObject({ lat: 53.441, lon: -2.92 })
  })

  test('the tank falls while it sprinkles, and is filled at standstill', () => {
    expect(points.map((point) => point.fields.tankPct)).toEqual([100, 98.8, 100, 100, 100])
    expect(points.map((point) => point.fields.flowLpm)).toEqual([0, 250, 0, 0, 0])
  })
})

describe('files that cannot be replayed', () => {
  test.each([
    ['', 'holds no readings'],
    ['a,b\n1,2\n', 'columns a, b are of no format that is known'],
    [
      'sensor_id,ts,depth_cm\nA,2023-09-29T11:52:00,deep\n',
      'reading 1: column depth_cm holds "deep"',
    ],
    ['sensor_id,ts,depth_cm\nA,yesterday,1\n', 'reading 1: column ts holds "yesterday"'],
    ['sensor_id,ts,depth_cm\nA,2023-09-29T11:52:00\n', 'not a CSV file'],
  ])('%j', (csv, words) => {
    const result = readRecordings(csv)
    expect(!result.ok && result.error).toContain(words)
  })
})

test('a recording is played at its moments, and ends', () => {
  const source = new RecordedSource(read(FLOODS)[0] as Recording)
  const played: unknown[] = []
  while (source.dueAt < Infinity) played.push([source.dueAt, source.advance()])
  expect(played).toEqual([
    [0, { depthCm: 0 }],
    [120_000, { depthCm: 2.5 }],
    [2_280_000, { depthCm: 0 }],
  ])
})
