import { describe, expect, test } from 'vitest'
import { readOptions } from '../../../simulators/options.ts'
import { line, simulatedTime } from '../../../simulators/progress.ts'
import { SCENARIOS } from '../../../simulators/scenarios.ts'
import { newStats } from '../../../simulators/stats.ts'

const ENV = { CURBWATCH_ADMIN_TOKEN: 't' }
const read = (...argv: string[]) => readOptions(argv, ENV, { writeOut: () => {} })

describe('arguments', () => {
  test('none: a calm city beside the service', () => {
    expect(read()).toEqual({
      url: 'mqtt://127.0.0.1:1883',
      api: 'http://127.0.0.1:8080',
      token: 't',
      scenario: 'calm',
      devices: 100,
      kind: null,
      speed: null,
      seed: 1,
      faults: {},
      replay: null,
      duration: null,
      backlog: null,
      officers: false,
      untilStdinEnds: false,
    })
  })

  test('those of the contract', () => {
    const text = '--url mqtt://host:1883 --api http://host:8080 --scenario rainstorm --devices 1000'
    const more = '--speed 60 --seed 7 --faults drop=0.5 --duration 10m --backlog 60m --kind dust'
    expect(read(...text.split(' '), ...more.split(' '))).toMatchObject({
      scenario: 'rainstorm',
      devices: 1000,
      speed: 60,
      seed: 7,
      faults: { drop: { probability: 0.5, duration: 0 } },
      duration: 600_000,
      backlog: 3_600_000,
      kind: 'dust',
    })
  })

  test.each([
    [['--scenario', 'flood'], Object.keys(SCENARIOS).join('|')],
    [['--devices', '0'], 'whole number from 1'],
    [['--speed', 'fast'], 'above 0'],
    [['--faults', 'wet=1'], '"wet" is no fault'],
    [['--duration', 'long'], 'such as 30s'],
    [['--backlog', '13h'], 'up to 12h'],
    [['--url', 'nowhere'], 'scheme, host and port'],
    [['--wrong'], '--wrong'],
  ])('%j is refused in words', (argv, words) => {
    for (const word of words.split('|')) expect(() => read(...argv)).toThrow(word)
  })

  test('help is no error; a missing token is', () => {
    expect(read('--help')).toBeNull()
    expect(() => readOptions([], {})).toThrow('CURBWATCH_ADMIN_TOKEN')
  })
})

describe('progress', () => {
  test('the scenario has its own time of day', () => {
    expect(simulatedTime(0, 17.5)).toBe('day 1 17:30:00')
    expect(simulatedTime(7 * 3_600_000 + 5_000, 17.5)).toBe('day 2 00:30:05')
  })

  test('problems show only where there are some', () => {
    const stats = { ...newStats(5), connected: 4, sent: 9, acked: 8, inFlight: 1 }
    expect(line(stats, 'T')).toBe('T  connected 4/5  sent 9  acked 8  in flight 1')
    const troubled = line({ ...stats, resent: 2, lost: 3, lastLoss: 'refused' }, 'T')
    expect(troubled).toContain('resent 2  lost links 3  last: refused')
  })
})
