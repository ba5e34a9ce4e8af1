import {
  type Condition,
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

const SPRAYING: Condition = { field: 'spraying', is: true }
/** It drives at the speed of work; a truck that goes home to fill up drives faster. */
const WORKING_SPEED: Condition = {
  all: [
    { of: { field: 'speedKmh' }, atLeast: { parameter: 'slowestKmh' } },
    { of: { field: 'speedKmh' }, atMost: { parameter: 'fastestKmh' } },
  ],
}

/**
 * Sprinkler truck: where it is, how fast it drives, how full its tank is and whether it sprays.
 * It reports every 15 s while it moves, and every five minutes while it stands. Limits and their
 * sources: README.md.
 *
 * Every `for` below is longer than the time for which time alone may move an alert (0.9 report
 * intervals, 4.5 min): so a single reading before a radio gap fires nothing.
 */
export default defineKind({
  name: 'sprinkler-truck',
  title: text('洒水车', 'Sprinkler truck'),
  fields: {
    tankPct: number(text('水箱液位', 'Tank level'), 'pct', [0, 100]),
    speedKmh: number(text('车速', 'Speed'), 'km/h', [0, 200]),
    lat: number(text('纬度', 'Latitude'), 'deg', [-90, 90], 5),
    lon: number(text('经度', 'Longitude'), 'deg', [-180, 180], 5),
    spraying: toggle(text('洒水', 'Spraying'), text('开启', 'On'), text('关闭', 'Off')),
    flowLpm: number(text('喷洒流量', 'Flow'), 'l/min', [0, 5000], 0),
  },
  primaryField: 'tankPct',
  reportInterval: 5 * MINUTE,
  caseClasses: {
    'truck-operation': {
      title: text('作业车辆管理', 'Operation of work vehicles'),
      codes: {
        '2013': event('0195', '作业车辆管理', 'local extension of 运城市: domain.md 1.3 [A]'),
        '2026': event(
          '06095',
          '作业车辆管理',
          'local extension by analogy with 0195: the 2026 edition has no class for it, and its ' +
            'rule for extensions is not known (domain.md 1.2, 1.3)',
        ),
      },
      limit: limit(2, 'work_hour', '运城市立案标准 0195, 作业不规范: domain.md 1.4 [A]'),
    },
    'device-fault': DEVICE_FAULT,
  },
  implausible,
  rules: [
    {
      id: 'sprinkler-truck-dry-run',
      kind: 'sprinkler-truck',
      title: text('洒水车空跑作业', 'Spraying without using water'),
      value: tankChange('5m'),
      parameters: { usedPct: -1, usingPct: -3, emptyPct: 2 },
      levels: [
        {
          level: 'minor',
          severity: 'minor',
          raise: {
            all: [
              { field: 'spraying', is: true },
              { above: { parameter: 'usedPct' } },
              // An empty tank is the matter of sprinkler-truck-empty: one fault, one case.
              { of: { field: 'tankPct' }, above: { parameter: 'emptyPct' } },
            ],
          },
          clear: { any: [{ field: 'spraying', is: false }, { atMost: { parameter: 'usingPct' } }] },
          for: '5m',
          clearFor: '10m',
        },
      ],
      caseClass: 'truck-operation',
      source:
        'level monitoring tied to pay: 临沂 2018 [A] (domain.md 0, 2.6). 1 % of the tank in 5 min, ' +
        '5 min to raise, 10 min to clear: unsourced defaults',
    },
    {
      id: 'sprinkler-truck-leak',
      kind: 'sprinkler-truck',
      title: text('洒水车漏水或排水', 'Tank drains while standing'),
      value: tankChange('5m'),
      parameters: { lossPct: -10, lossNowPct: -2, fillPct: 5, standingKmh: 1, drivingKmh: 5 },
      levels: [
        {
          level: 'major',
          severity: 'major',
          raise: {
            all: [
              { of: { field: 'speedKmh' }, below: { parameter: 'standingKmh' } },
              // Trees are watered from a standing truck: that is work, not a leak.
              { field: 'spraying', is: false, assume: false },
              { below: { parameter: 'lossPct' } },
              // And goes on losing: the loss of the work before it stopped is no leak either.
              { of: tankChange('1m'), below: { parameter: 'lossNowPct' } },
            ],
          },
          // Once empty it loses nothing more; it is mended when it drives or is filled again.
          clear: {
            any: [
              { of: { field: 'speedKmh' }, atLeast: { parameter: 'drivingKmh' } },
              { above: { parameter: 'fillPct' } },
            ],
          },
          samples: { atLeast: 4, of: 4 },
          for: '8m',
          clearFor: '1m',
        },
      ],
      caseClass: 'truck-operation',
      source:
        '10 % of the tank in 5 min and still 2 % a minute, in 4 readings or for 8 min, while ' +
        'standing: unsourced defaults',
    },
    {
      id: 'sprinkler-truck-empty',
      kind: 'sprinkler-truck',
      title: text('洒水车无水作业', 'At work with an empty tank'),
      value: { field: 'tankPct' },
      parameters: { emptyPct: 2, filledPct: 10, slowestKmh: 5, fastestKmh: 20 },
      levels: [
        emptyAtWork('warning', null, { any: [SPRAYING, WORKING_SPEED] }),
        // A case needs the truck's own claim: one that goes home empty in a jam makes none.
        emptyAtWork('minor', 'minor', SPRAYING),
      ],
      caseClass: 'truck-operation',
      source:
        'operating speed about 15 km/h: 武汉青山 2011 [B], band 5 to 20 km/h: unsourced default ' +
        '(domain.md 2.6). 2 %, 10 min, clearing after 5 min: unsourced defaults',
    },
  ],
})

/** Percent of the tank gained lately; negative while water is used. */
function tankChange(over: '1m' | '5m') {
  return { change: { field: 'tankPct' }, over }
}

/** Empty for ten minutes while it claims, in one way or the other, to be at work. */
function emptyAtWork(level: 'warning' | 'minor', severity: 'minor' | null, atWork: Condition) {
  return {
    level,
    severity,
    raise: { all: [{ atMost: { parameter: 'emptyPct' } }, atWork] },
    clear: { any: [{ atLeast: { parameter: 'filledPct' } }, { not: atWork }] },
    for: '10m',
    clearFor: '5m',
  }
}

/**
 * Latitude and longitude exchanged. China lies within 73 to 135° E and 3 to 54° N; exchanged, most
 * of it fails the range of `lat`, and the west would lie in the ice of the Arctic Ocean.
 */
function implausible({ lat, lon }: Fields): Implausibility | null {
  if (typeof lat !== 'number' || typeof lon !== 'number') return null
  const exchanged = lat >= 73 && lon >= 3 && lon <= 54
  return exchanged ? { field: 'lat', found: `lat ${lat}, lon ${lon}: exchanged` } : null
}
