import { text } from '../src/model/text.ts'
import { HOUR, MINUTE, SECOND } from '../src/model/time.ts'
import type { IncidentPlan, Scenario } from './scenario.ts'
import { storm, type WeatherScript } from './weather.ts'

/**
 * The scenarios, one entry each: what a person reads, the weather, who takes part and what happens
 * to whom. Data only; `scenario.ts` and `weather.ts` say what the fields mean.
 */

/** A dry day in spring with a light wind. */
const FAIR: WeatherScript = {
  rainfallMmH: [[0, 0]],
  windSpeedMs: [
    [0, 2],
    [180, 3.5],
    [360, 2],
  ],
  gustiness: 0.35,
  windDirDeg: [
    [0, 120],
    [240, 170],
  ],
  temperatureC: [
    [0, 17],
    [300, 24],
    [660, 16],
  ],
  humidityPct: [
    [0, 60],
    [300, 42],
    [660, 66],
  ],
  pm10Background: [
    [0, 55],
    [240, 68],
    [480, 50],
  ],
}

/** How a mid-sized city buys sensors: covers first, few trucks and trees. */
const USUAL_MIX = {
  'manhole-cover': 30,
  waterlogging: 20,
  dust: 15,
  'oil-fume': 20,
  'sprinkler-truck': 5,
  'tree-tilt': 10,
}

/** An incident from minute `from` to minute `to`, begun by the devices within five minutes. */
function incident(
  kind: string,
  name: string,
  share: number,
  [from, to]: readonly [number, number],
  more: Partial<IncidentPlan> = {},
): IncidentPlan {
  const window = { from: from * MINUTE, to: to * MINUTE, stagger: 5 * MINUTE }
  return { kind, name, share, strength: 1, ...window, ...more }
}

/** For incidents of the demo: all have begun within three minutes, and last. */
const AT_ONCE = { from: 30 * SECOND, to: 3 * HOUR, stagger: 2 * MINUTE }

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  calm: {
    title: text('平静的一天', 'A calm day'),
    startHour: 9,
    weather: FAIR,
    mix: USUAL_MIX,
    incidents: [],
    backlog: 0,
  },

  rainstorm: {
    title: text('短时强降雨', 'A rainstorm floods low points and wells'),
    startHour: 15,
    weather: {
      ...FAIR,
      rainfallMmH: storm({ start: 2, rise: 10, peakMmH: 65, hold: 25, decay: 40 }),
      windSpeedMs: [
        [0, 3],
        [8, 11],
        [50, 8],
        [100, 3],
      ],
      gustiness: 0.7,
      temperatureC: [
        [0, 29],
        [20, 23],
        [100, 22],
      ],
      humidityPct: [
        [0, 72],
        [15, 97],
        [120, 92],
      ],
      pm10Background: [
        [0, 60],
        [20, 25],
      ],
    },
    mix: { ...USUAL_MIX, waterlogging: 40 },
    incidents: [
      incident('waterlogging', 'blocked-gully', 0.25, [0, 150]),
      incident('manhole-cover', 'flooded', 0.1, [10, 90]),
      incident('manhole-cover', 'rolled-over', 0.02, [15, 150]),
      incident('tree-tilt', 'root-failure', 0.05, [20, 60]),
    ],
    backlog: 0,
  },

  'dust-episode': {
    title: text('工地扬尘污染过程', 'A dry, windy day with dusty sites'),
    startHour: 8,
    weather: {
      ...FAIR,
      windSpeedMs: [
        [0, 3],
        [60, 7],
        [300, 8],
        [540, 3],
      ],
      gustiness: 0.6,
      humidityPct: [
        [0, 35],
        [240, 18],
      ],
      pm10Background: [
        [0, 80],
        [120, 125],
        [420, 110],
        [600, 70],
      ],
    },
    mix: { dust: 80, 'sprinkler-truck': 20 },
    incidents: [
      incident('dust', 'dusty-work', 0.25, [5, 240], { stagger: 30 * MINUTE }),
      incident('dust', 'night-noise', 0.05, [5, 120]),
    ],
    backlog: HOUR,
  },

  'dinner-rush': {
    title: text('晚餐高峰', 'Dinner time, with purifiers off or dirty'),
    startHour: 17.5,
    weather: FAIR,
    mix: { 'oil-fume': 100 },
    incidents: [
      incident('oil-fume', 'purifier-off', 0.08, [10, 150], { stagger: 20 * MINUTE }),
      incident('oil-fume', 'dirty-filter', 0.12, [0, 180], { stagger: 20 * MINUTE }),
    ],
    backlog: 0,
  },

  'stolen-cover': {
    title: text('井盖被盗', 'Manhole covers are stolen at night'),
    startHour: 2,
    weather: FAIR,
    mix: { 'manhole-cover': 100 },
    incidents: [
      incident('manhole-cover', 'lifted', 0.03, [3, 300]),
      incident('manhole-cover', 'gas', 0.02, [10, 120]),
    ],
    backlog: 0,
  },

  'leaning-tree': {
    title: text('大风后古树倾斜', 'A gale, and old trees begin to lean'),
    startHour: 11,
    weather: {
      ...FAIR,
      windSpeedMs: [
        [0, 6],
        [30, 17],
        [150, 19],
        [300, 6],
      ],
      gustiness: 0.8,
    },
    mix: { 'tree-tilt': 100 },
    incidents: [incident('tree-tilt', 'root-failure', 0.1, [15, 80], { stagger: 30 * MINUTE })],
    backlog: 0,
  },

  'dry-run-truck': {
    title: text('洒水车空驶', 'Sprinkler trucks drive their rounds without water'),
    startHour: 8.5,
    weather: FAIR,
    mix: { 'sprinkler-truck': 100 },
    incidents: [
      incident('sprinkler-truck', 'dry-run', 0.2, [5, 180]),
      incident('sprinkler-truck', 'leak', 0.1, [5, 180]),
    ],
    backlog: 0,
  },

  demo: {
    title: text('全部情形，用于演示', 'Everything at once, for the demo'),
    startHour: 17.5,
    weather: {
      ...FAIR,
      rainfallMmH: storm({ start: 0, rise: 4, peakMmH: 75, hold: 25, decay: 40 }),
      windSpeedMs: [
        [0, 4],
        [5, 12],
        [60, 9],
        [120, 3],
      ],
      gustiness: 0.6,
      temperatureC: [
        [0, 27],
        [10, 22],
      ],
      humidityPct: [
        [0, 70],
        [8, 95],
      ],
      pm10Background: [
        [-60, 95],
        [0, 105],
        [60, 60],
      ],
    },
    mix: USUAL_MIX,
    incidents: [
      incident('waterlogging', 'blocked-gully', 0.12, [0, 0], AT_ONCE),
      incident('manhole-cover', 'lifted', 0.05, [0, 0], AT_ONCE),
      incident('manhole-cover', 'flooded', 0.03, [0, 0], AT_ONCE),
      incident('manhole-cover', 'gas', 0.02, [0, 0], AT_ONCE),
      incident('sprinkler-truck', 'dry-run', 0.2, [0, 0], AT_ONCE),
      incident('sprinkler-truck', 'leak', 0.08, [0, 0], AT_ONCE),
      incident('dust', 'dusty-work', 0.2, [0, 0], { ...AT_ONCE, strength: 2 }),
      incident('dust', 'night-noise', 0.08, [0, 0], AT_ONCE),
      incident('oil-fume', 'purifier-off', 0.1, [0, 0], AT_ONCE),
      incident('oil-fume', 'dirty-filter', 0.05, [0, 0], AT_ONCE),
      // Twelve degrees in half an hour, and then it stays: longer would lay the tree down.
      incident('tree-tilt', 'root-failure', 0.15, [0, 0], {
        ...AT_ONCE,
        to: 32 * MINUTE,
        strength: 2,
      }),
    ],
    backlog: HOUR,
  },
}
