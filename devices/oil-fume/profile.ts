import { DEVICE_FAULT, defineKind, event, limit, MINUTE, number, text, toggle } from '#device-kit'

/**
 * Oil fume monitor in the exhaust of a kitchen, behind the purifier: fume, particles and vapours,
 * and whether fan and purifier run. Limits and their sources: README.md.
 */
export default defineKind({
  name: 'oil-fume',
  title: text('餐饮油烟监测点', 'Oil fume monitor'),
  fields: {
    oilFumeMgM3: number(text('油烟浓度', 'Oil fume'), 'mg/m3', [0, 500], 2),
    particulateMgM3: number(text('颗粒物浓度', 'Particulate matter'), 'mg/m3', [0, 500], 2),
    nmhcMgM3: number(text('非甲烷总烃', 'Non-methane hydrocarbons'), 'mg/m3', [0, 500], 2),
    fanOn: toggle(text('风机', 'Fan'), text('运行', 'Running'), text('停止', 'Stopped')),
    purifierOn: toggle(
      text('净化器', 'Purifier'),
      text('运行', 'Running'),
      text('停止', 'Stopped'),
    ),
  },
  primaryField: 'oilFumeMgM3',
  reportInterval: MINUTE,
  caseClasses: {
    'oil-fume-pollution': {
      title: text('油烟污染', 'Oil fume pollution'),
      codes: {
        '2013': event('0127', '油烟污染', 'inferred from the 2026 order: domain.md 1.3 [C]'),
        '2026': event('06027', '油烟污染', 'domain.md 1.3 [B]'),
      },
      limit: limit(2, 'work_hour', 'unsourced default (domain.md 1.4)'),
    },
    'device-fault': DEVICE_FAULT,
  },
  rules: [
    {
      id: 'oil-fume-concentration',
      kind: 'oil-fume',
      title: text('油烟浓度超标', 'Oil fume above the limit'),
      value: tenMinutes('mean'),
      parameters: { limitMgM3: 2.0 },
      levels: [
        {
          level: 'major',
          severity: 'major',
          // The median asks that most readings are above the limit themselves: a burst from a wok
          // lifts the mean, but not the median.
          raise: {
            all: [
              { above: { parameter: 'limitMgM3' } },
              { of: tenMinutes('median'), above: { parameter: 'limitMgM3' } },
            ],
          },
          clear: { atMost: { parameter: 'limitMgM3' } },
          clearFor: '10m',
        },
      ],
      caseClass: 'oil-fume-pollution',
      source:
        '2.0 mg/m³: GB 18483-2001 [B]; 10-minute samples: MEE draft 2019 [B] (domain.md 2.4). ' +
        '8 valid minutes, the median, cleared after 10 minutes: unsourced defaults',
    },
    {
      id: 'oil-fume-purifier-off',
      kind: 'oil-fume',
      title: text('净化器未开启', 'Kitchen exhaust without purifier'),
      value: { field: 'oilFumeMgM3' },
      levels: [
        {
          level: 'minor',
          severity: 'minor',
          raise: {
            all: [
              { field: 'fanOn', is: true },
              { field: 'purifierOn', is: false },
            ],
          },
          for: '5m',
          clearFor: '5m',
        },
      ],
      caseClass: 'oil-fume-pollution',
      source: '5 minutes without purifier, 5 minutes to clear: unsourced defaults (domain.md 2.4)',
    },
  ],
})

function tenMinutes(window: 'mean' | 'median') {
  return { window, of: { field: 'oilFumeMgM3' }, over: '10m', minValid: '8m' }
}
