import {
  DEVICE_FAULT,
  defineKind,
  event,
  type Fields,
  type Implausibility,
  limit,
  MINUTE,
  number,
  text,
  toggle,
} from '#device-kit'

/**
 * Dust and noise station at the fence of a construction site: particles in three fractions, noise,
 * weather, and whether the site sprays water. Limits and their sources: README.md.
 */
export default defineKind({
  name: 'dust',
  title: text('扬尘监测点', 'Dust station'),
  fields: {
    pm10: number(text('PM10 浓度', 'PM10'), 'ug/m3', [0, 20_000]),
    pm25: number(text('PM2.5 浓度', 'PM2.5'), 'ug/m3', [0, 20_000]),
    tsp: number(text('总悬浮颗粒物', 'Total suspended particles'), 'ug/m3', [0, 20_000]),
    noiseDb: number(text('噪声', 'Noise'), 'db', [0, 150]),
    temperatureC: number(text('气温', 'Air temperature'), 'celsius', [-50, 80]),
    humidityPct: number(text('相对湿度', 'Relative humidity'), 'pct', [0, 100], 0),
    windSpeedMs: number(text('风速', 'Wind speed'), 'm/s', [0, 70]),
    windDirDeg: number(text('风向', 'Wind direction'), 'deg', [0, 360], 0),
    spraying: toggle(text('喷淋', 'Spraying'), text('开启', 'On'), text('关闭', 'Off')),
  },
  primaryField: 'pm10',
  reportInterval: MINUTE,
  caseClasses: {
    'site-dust': {
      title: text('工地扬尘', 'Dust from a construction site'),
      codes: {
        '2013': event('0304', '工地扬尘', 'domain.md 1.3 [A]'),
        '2026': event('08004', '工地扬尘', 'domain.md 1.3 [B]'),
      },
      limit: limit(2, 'work_hour', '运城市立案标准 0304: domain.md 1.4 [A]'),
    },
    'site-noise': {
      title: text('施工扰民', 'Noise from a construction site'),
      codes: {
        '2013': event('0301', '施工扰民', 'there 扰民: domain.md 1.3 [A]'),
        '2026': event('08001', '施工扰民', 'domain.md 1.3 [B]'),
      },
      limit: limit(
        2,
        'urgent_hour',
        'unsourced default, after the nearest class 商业噪音: domain.md 1.4',
      ),
    },
    'device-fault': DEVICE_FAULT,
  },
  implausible,
  rules: [
    {
      id: 'dust-pm10-hour',
      kind: 'dust',
      title: text('PM10 小时均值', 'PM10, hourly mean'),
      value: { window: 'mean', of: { field: 'pm10' }, over: '60m', minValid: '45m' },
      parameters: {
        warningUgM3: 150,
        warningClearUgM3: 140,
        majorUgM3: 200,
        majorClearUgM3: 150,
      },
      levels: [rung('warning', null, 'UgM3'), rung('major', 'major', 'UgM3')],
      caseClass: 'site-dust',
      source:
        'above 150 warning, above 200 stop work until at or below 150: Wuhan 2017 [B]; ' +
        '45 valid minutes [C] (domain.md 2.3). Warning clears at 140: unsourced default',
    },
    {
      id: 'dust-pm10-quarter',
      kind: 'dust',
      title: text('PM10 15 分钟均值', 'PM10, 15-minute mean'),
      // For cities that judge as Shanghai does; a city or a device switches it on.
      enabled: false,
      value: { window: 'mean', of: { field: 'pm10' }, over: '15m', minValid: '12m' },
      parameters: { minorUgM3: 1000, minorClearUgM3: 800 },
      levels: [rung('minor', 'minor', 'UgM3')],
      caseClass: 'site-dust',
      source:
        '15-minute means [B] and 1.0 mg/m³ [C]: DB31/964-2016 (domain.md 2.3). 12 valid minutes, ' +
        'minor at the first one, cleared at 800: unsourced defaults',
    },
    {
      id: 'dust-noise',
      kind: 'dust',
      title: text('施工噪声 15 分钟均值', 'Site noise, 15-minute mean'),
      value: { window: 'mean', of: { field: 'noiseDb' }, over: '15m', minValid: '12m' },
      parameters: { warningDb: 70, warningClearDb: 68, minorDb: 75, minorClearDb: 73 },
      levels: [rung('warning', null, 'Db'), rung('minor', 'minor', 'Db')],
      caseClass: 'site-noise',
      source:
        '70 dB(A) by day: GB 12523 [C] (domain.md 2.3). 15 minutes with 12 valid, a case at 75, ' +
        'cleared 2 dB lower: unsourced defaults. The night limit of 55 is not covered',
    },
  ],
})

/** Raised above a limit, cleared at or below a lower one; the window is persistence enough. */
function rung(
  level: 'warning' | 'minor' | 'major',
  severity: 'minor' | 'major' | null,
  unit: 'UgM3' | 'Db',
) {
  return {
    level,
    severity,
    raise: { above: { parameter: `${level}${unit}` } },
    clear: { atMost: { parameter: `${level}Clear${unit}` } },
  }
}

/** PM2.5 is part of PM10, and PM10 is part of TSP. */
const NESTED = [
  ['pm25', 'pm10'],
  ['pm10', 'tsp'],
  ['pm25', 'tsp'],
] as const

/**
 * A part that is clearly greater than its whole shows a unit slip in one channel. Channels differ
 * by up to 20 % and 10 µg/m³ in clean air (unsourced default), so less than that passes.
 */
function implausible(fields: Fields): Implausibility | null {
  for (const [part, whole] of NESTED) {
    const partUgM3 = fields[part]
    const wholeUgM3 = fields[whole]
    if (typeof partUgM3 !== 'number' || typeof wholeUgM3 !== 'number') continue
    if (partUgM3 > wholeUgM3 * 1.2 + 10) {
      return { field: part, found: `${part} ${partUgM3} > ${whole} ${wholeUgM3} µg/m³` }
    }
  }
  return null
}
