import {
  type Dashboard,
  MappingType,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import { COMMON, KIND } from '../i18n/index.ts'
import { boardOf, districtVariable } from '../lib/board.ts'
import { type Context, say } from '../lib/context.ts'
import { groupsOf } from '../lib/fields.ts'
import { is, sumNow, where } from '../lib/influxql.ts'
import { LIMITS, NOW } from '../lib/limits.ts'
import { deviceOfRow, districtOfCell } from '../lib/links.ts'
import { districtWords, look } from '../lib/overrides.ts'
import { LEVEL_COLOURS, SEVERITY_COLOURS } from '../lib/palette.ts'
import { figures, NO_JUDGEMENT, statPanel, stepsDown, stepsFromOne } from '../lib/panels.ts'
import { casesTable, tablePanel } from '../lib/tables.ts'
import { type Ladder, stepsOf } from '../lib/thresholds.ts'
import { beyond, devicesNow, HERE, type Subject, subjectOf } from './kind-subject.ts'
import { otherTrends, primaryTrends } from './kind-trends.ts'

/**
 * One board a device kind, from its profile alone: a kind that is added to the catalogue gets its
 * board with it. Devices are counted or, where they are beyond a limit, listed; never all of them.
 */
const WORST = 50

export function kindBoard(context: Context, kind: DeviceKind): Dashboard {
  const subject = subjectOf(context, kind)
  const shown = subject.ladder?.fields ?? [kind.primaryField]
  return boardOf(context, {
    name: `kind-${kind.name}`,
    words: KIND.board,
    values: subject.words,
    from: 'now-24h',
    group: 'kind',
    variables: [districtVariable(context, true)],
    panels: [
      ...stateRow(context, subject),
      abnormalTable(context, subject),
      casesTable(
        context,
        { id: 6, at: [10, 4, 14, 9], words: KIND.cases },
        [is('kind', kind.name), HERE],
        ['kind'],
      ),
      ...primaryTrends(context, subject),
      ...otherTrends(context, subject, groupsOf(kind, shown)),
    ],
  })
}

function stateRow(context: Context, subject: Subject) {
  const { ladder, kind, unit, digits } = subject
  const of = is('kind', kind.name)
  const open = sumNow('case_count', ['open'], ['district', 'kind', 'severity'], [], of, HERE)
  const now = devicesNow(subject)
  const count = `SELECT count("value") AS "beyond" FROM (${now}) WHERE ${beyond(subject)}`
  const worst = `SELECT ${subject.bad === 'high' ? 'max' : 'min'}("value") AS "worst" FROM (${now})`
  const weakest = LEVEL_COLOURS[ladder?.limits[0]?.level ?? 'warning']
  const judged = ladder === null ? {} : { steps: stepsOf(ladder) }
  return [
    ...figures(context, { source: 'ops', now: NOW }, [
      [1, [0, 0, 4, 4], KIND.openCases, open, { steps: stepsFromOne(SEVERITY_COLOURS.major) }],
    ]),
    ...figures(context, { source: 'telemetry', now: subject.range, values: subject.words }, [
      [2, [4, 0, 4, 4], KIND.above, count, { noValue: '0', steps: stepsFromOne(weakest) }],
      [3, [8, 0, 4, 4], KIND.worst, worst, { unit, decimals: digits, ...judged }],
    ]),
    devicesStat(context, of),
  ]
}

/** How many there are, how many are silent, what share is online. */
function devicesStat(context: Context, of: string) {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  const newest = ['total', 'silent', 'online'].map((field) => `last("${field}") AS "${field}"`)
  const inner = `SELECT ${newest.join(', ')} FROM "devices" WHERE ${where(of, HERE)} GROUP BY "district","kind"`
  const share = '100 * sum("online") / sum("total") AS "share"'
  return statPanel(context, {
    id: 4,
    at: [12, 0, 12, 4],
    words: KIND.devices,
    source: 'ops',
    now: NOW,
    queries: [
      {
        sql: `SELECT sum("total") AS "total", sum("silent") AS "silent", ${share} FROM (${inner}) WHERE $timeFilter`,
        alias: '$col',
      },
    ],
    named: true,
    steps: NO_JUDGEMENT,
    looks: [
      look('total', { name: name('total'), decimals: 0 }),
      look('silent', {
        name: name('silent'),
        decimals: 0,
        steps: stepsFromOne(SEVERITY_COLOURS.minor),
      }),
      look('share', {
        name: name('onlineShare'),
        unit: 'percent',
        decimals: 1,
        steps: stepsDown(LIMITS.offlinePct, 100),
      }),
    ],
  })
}

/** The worst devices beyond a limit, with the level in words beside the value. */
function abnormalTable(context: Context, subject: Subject) {
  const worst = subject.bad === 'high' ? 'top' : 'bottom'
  const beyondLimit = `SELECT ${worst}("value", ${WORST}) AS "value", "device", "district" FROM (${devicesNow(subject)}) WHERE ${beyond(subject)}`
  return tablePanel(context, {
    id: 5,
    at: [0, 4, 10, 9],
    words: KIND.abnormal,
    values: subject.words,
    source: 'telemetry',
    queries: [
      {
        sql: `SELECT "value" AS "level", "device", "district", "value" FROM (${beyondLimit})`,
        table: true,
      },
    ],
    now: subject.range,
    noValue: COMMON.noneAbove,
    columns: ['level', 'device', 'district', 'value'],
    sortBy: subject.words.value,
    descending: subject.bad === 'high',
    looks: abnormalLooks(context, subject),
  })
}

function abnormalLooks(context: Context, { ladder, digits, unit, words }: Subject) {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  const judged =
    ladder === null ? {} : { mappings: levelWords(context, ladder), steps: stepsOf(ladder) }
  return [
    look('level', {
      name: name('level'),
      width: 90,
      cell: 'background',
      ...judged,
    }),
    look('device', { name: name('device'), links: [deviceOfRow(context, name('openDevice'))] }),
    look('district', {
      name: name('district'),
      mappings: [districtWords(context)],
      links: [districtOfCell(context, name('openDistrict'))],
    }),
    look('value', { name: words.value, unit, decimals: digits }),
  ]
}

/** The level that a value belongs to, as a word; the worst that fits comes first. */
function levelWords(context: Context, ladder: Ladder): ValueMapping[] {
  return ladder.limits.toReversed().map(({ level, value }, index) => ({
    type: MappingType.RangeToText,
    options: {
      from: ladder.bad === 'high' ? value : null,
      to: ladder.bad === 'high' ? null : value,
      result: { text: say(context, COMMON[level]), color: LEVEL_COLOURS[level], index },
    },
  }))
}
