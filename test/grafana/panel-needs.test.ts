import { expect, test } from 'vitest'
import type { PanelJson } from '../support/boards.ts'
import {
  expand,
  type Frame,
  type FrameField,
  intervalOf,
  toFrames,
} from '../support/grafana-frames.ts'
import { complaints } from '../support/panel-needs.ts'

/** The reader of panels says something: what a good panel is praised for, a bad one is blamed for. */

const field = (name: string, values: FrameField['values'], labels = {}): FrameField => ({
  ...{ name, values, labels },
})
const series = (name: string, values: FrameField['values'], labels = {}): Frame => ({
  refId: 'A',
  fields: [
    field(
      'Time',
      values.map((_, i) => i),
    ),
    field(name, values, labels),
  ],
})
const override = (name: string, properties: Record<string, unknown>) => ({
  matcher: { id: 'byName', options: name },
  properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
})
const SEVERITIES = [{ type: 'value', options: { major: { text: '较大' } } }]

function panel(type: string, more: object = {}, format = 'time_series', query = ''): PanelJson {
  const datasource = { type: 'influxdb', uid: 'influx-ops' }
  return {
    ...{ id: 1, type, title: 'x', gridPos: { x: 0, y: 0, w: 4, h: 4 } },
    fieldConfig: { defaults: {}, overrides: [] },
    targets: [{ refId: 'A', datasource, query, rawQuery: true, resultFormat: format }],
    ...more,
  } as PanelJson
}

const trend = (overrides: object[] = [], links: object[] = []) =>
  panel('timeseries', { fieldConfig: { defaults: { links }, overrides } })
const table = (overrides: object[] = [], options = {}, indexByName = {}) =>
  panel(
    'table',
    {
      fieldConfig: { defaults: {}, overrides },
      options,
      transformations: [
        { id: 'organize', options: { excludeByName: { Time: true }, indexByName } },
      ],
    },
    'table',
    'SELECT … LIMIT 2',
  )
const row = (fields: FrameField[]): Frame => ({
  refId: 'A',
  fields: [field('Time', fields[0]?.values ?? []), ...fields],
})
const map = panel(
  'geomap',
  {
    options: {
      layers: [
        {
          ...{ type: 'markers', name: 'm', filterData: { options: 'A' } },
          location: { latitude: 'lat', longitude: 'lon' },
        },
      ],
    },
  },
  'table',
)

test.each<[string, PanelJson, Frame[], string[]]>([
  ['a good trend', trend([override('a', {})]), [series('a', [1, 2])], []],
  ['one point', trend(), [series('a', [1])], ['one point is no trend']],
  ['text', panel('stat'), [series('a', ['x'])], ['a: not a number']],
  ['nothing', panel('stat'), [series('a', [null])], ['a: no value']],
  [
    'the same name twice',
    panel('stat'),
    [series('a', [1], { k: 'x' }), series('a', [1], { k: 'y' })],
    ['two series are called a'],
  ],
  [
    'the same series twice',
    panel('stat'),
    [series('a', [1]), series('a', [1])],
    ['two series are A a []', 'two series are called a'],
  ],
  ['an open alias', panel('stat'), [series('$tag_k', [1])], ['the alias is left open: $tag_k']],
  ['a code', trend([override('a', {})]), [series('b', [1, 2])], ['no name for people: b']],
  [
    'a link by a label that is not there',
    trend([], [{ url: `/d/x?var-k=\${__field.labels.k}` }]),
    [series('a', [1, 2], { j: 'x' })],
    ['link: no label k'],
  ],
  [
    'a switch without a word',
    panel('stat', {
      fieldConfig: {
        defaults: { mappings: [{ type: 'value', options: { 1: {} } }] },
        overrides: [],
      },
    }),
    [series('a', [1, 0])],
    ['a: no word for 0'],
  ],
  [
    'a good table',
    table(
      [
        override('severity', { mappings: SEVERITIES, displayName: '等级' }),
        override('device', { links: [{ url: `/d/x?var-d=\${__data.fields.device}` }] }),
      ],
      { sortBy: [{ displayName: '等级' }] },
      { severity: 0, device: 1 },
    ),
    [row([field('severity', ['major']), field('device', ['d'])])],
    [],
  ],
  [
    'a table of too many rows, alike, badly sorted, with strange columns',
    table(
      [
        override('severity', { mappings: SEVERITIES, unit: 's' }),
        override('age', { links: [{ url: `/d/x?var-d=\${__data.fields.device}` }] }),
      ],
      { sortBy: [{ displayName: '等级' }] },
      { severity: 0, number: 1 },
    ),
    [row([field('severity', ['minor', 'minor']), field('age', [1, 1])])],
    [
      'two rows are ["minor",1]',
      'the table is cut at its 2 rows',
      'no column number',
      'column age has no place',
      'nothing to sort by: 等级',
      'severity: not a number',
      'severity: no word for minor',
      'link: no column device',
    ],
  ],
  ['a map', map, [row([field('lat', [1]), field('lon', [2])])], []],
  [
    'a map without places',
    map,
    [row([field('lat', [1, null])])],
    ['layer m: rows without lat', 'layer m: rows without lon'],
  ],
  ['something new', panel('heatmap'), [], ['the tests do not know a panel of type heatmap']],
])('%s', (_, of, frames, expected) => {
  expect(complaints(of, frames)).toEqual(expected)
})

test('macros and variables are put in as Grafana does', () => {
  const time = { from: 1, to: 2, interval: 3_600_000 }
  const sql = `a =~ /^\${a:regex}$/ AND b = '\${b}' AND $timeFilter GROUP BY time($__interval)`
  expect(expand(sql, { a: ['x.y', 'z'], b: "it's" }, time)).toBe(
    `a =~ /^(x\\.y|z)$/ AND b = 'it's' AND time >= 1ms and time <= 2ms GROUP BY time(1h)`,
  )
  expect(expand(`/^\${a:regex}$/`, { a: { all: '.*' } }, time)).toBe('/^.*$/')
  expect(() => expand(`\${c}`, {}, time)).toThrow(/left/)
  expect(intervalOf(86_400_000, 960, 60_000)).toBe(120_000)
  expect(intervalOf(86_400_000, 2_000, 60_000)).toBe(60_000)
})

test('frames are made as Grafana makes them', () => {
  const datasource = { type: 'influxdb', uid: 'influx-ops' }
  const target = { ...{ refId: 'A', datasource, query: '', rawQuery: true }, alias: '$tag_k $col' }
  const answer = [
    { name: 'm', tags: { k: 'x' }, columns: ['time', 'v', 'w'], values: [[1, 2, null]] },
    { name: 'm', tags: { k: 'y' }, columns: ['time', 'v', 'w'], values: [[1, 3, 4]] },
  ]
  const lines = toFrames({ ...target, resultFormat: 'time_series' }, answer)
  expect(lines.map(({ fields }) => fields[1]?.name)).toEqual(['x v', 'x w', 'y v', 'y w'])
  const [rows] = toFrames({ ...target, resultFormat: 'table' }, answer)
  expect(rows?.fields.map(({ name, values }) => [name, ...values])).toEqual([
    ['Time', 1, 1],
    ['k', 'x', 'y'],
    ['v', 2, 3],
    ['w', null, 4],
  ])
})
