import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as table from '@grafana/grafana-foundation-sdk/table'
import { COMMON } from '../i18n/index.ts'
import { type Context, say } from './context.ts'
import { names, where } from './influxql.ts'
import { NOW } from './limits.ts'
import { caseOfRow, deviceOfRow, districtOfCell } from './links.ts'
import {
  districtWords,
  kindWords,
  look,
  type Override,
  severityWords,
  statusWords,
  valueWords,
} from './overrides.ts'
import { FINE, SEVERITY_COLOURS, UNKNOWN } from './palette.ts'
import { type Panel, prepare } from './panels.ts'

/** Tables; the case table is the same on every board. */

/** A row of `case_open` is one case: these tags name it. */
const CASE_TAGS = ['case_id', 'number', 'device', 'district', 'kind', 'severity'] as const
const CASE_ROWS = 500

interface Table extends Panel {
  readonly sortBy?: string
  readonly descending?: boolean
  /** Columns in their order; others stay away. */
  readonly columns: readonly string[]
}

export function tablePanel(context: Context, panel: Table): Builder<dashboard.Panel> {
  const builder = prepare(context, panel, new table.PanelBuilder())
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .withTransformation({
      id: 'organize',
      options: {
        // Tags come in any order from the server; the time of a "last" means nothing.
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(panel.columns.map((name, i) => [name, i])),
        renameByName: {},
        includeByName: {},
      },
    })
  if (panel.sortBy !== undefined) {
    builder.sortBy([
      new common.TableSortByFieldStateBuilder()
        .displayName(panel.sortBy)
        .desc(panel.descending ?? false),
    ])
  }
  return builder
}

/** Open cases, newest snapshot, one row each; the tags are columns, so that one LIMIT holds. */
export function openCases(fields: string, ...conditions: (string | null)[]): string {
  const newest =
    'last("open") AS "open", last("status") AS "status", last("age_s") / 3600 AS "age_h", ' +
    'last("due_in_s") / 3600 AS "due_h", last("seen") AS "seen", last("lat") AS "lat", last("lon") AS "lon"'
  const inner = `SELECT ${newest} FROM "case_open" WHERE ${where(...conditions)} GROUP BY ${names(...CASE_TAGS)}`
  return `SELECT ${fields} FROM (${inner}) WHERE "open" > 0 LIMIT ${CASE_ROWS}`
}

const CASE_COLUMNS = [
  'severity',
  'number',
  'kind',
  'district',
  'device',
  'status',
  'age_h',
  'due_h',
  'seen',
  'case_id',
] as const
type CaseColumn = (typeof CASE_COLUMNS)[number]

/** The table of open cases, without the columns that are the same in every row of a board. */
export function casesTable(
  context: Context,
  panel: Pick<Panel, 'id' | 'at' | 'words' | 'values'>,
  conditions: readonly string[],
  without: readonly CaseColumn[] = [],
): Builder<dashboard.Panel> {
  const columns = CASE_COLUMNS.filter((column) => !without.includes(column))
  return tablePanel(context, {
    ...panel,
    source: 'ops',
    queries: [{ sql: openCases(names(...columns), ...conditions), table: true }],
    noValue: COMMON.noCases,
    now: NOW,
    columns,
    // The codes sort as the severities do: critical, major, minor.
    sortBy: say(context, COMMON.severity),
    looks: caseLooks(context),
  })
}

export function caseLooks(context: Context): Override[] {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  return [
    look('severity', {
      name: name('severity'),
      mappings: [severityWords(context)],
      cell: 'background',
      width: 80,
    }),
    look('number', { name: name('number'), links: [caseOfRow(name('openCase'))] }),
    look('kind', { name: name('kind'), mappings: [kindWords(context)] }),
    look('district', {
      name: name('district'),
      mappings: [districtWords(context)],
      links: [districtOfCell(context, name('openDistrict'))],
    }),
    look('device', { name: name('device'), links: [deviceOfRow(context, name('openDevice'))] }),
    look('status', { name: name('status'), mappings: [statusWords(context)], width: 100 }),
    look('age_h', { name: name('age'), unit: name('hours'), decimals: 1, width: 100 }),
    ...urgency(context),
    look('case_id', { hidden: true }),
  ]
}

/** What asks for haste: time left, and whether anybody has looked. */
function urgency(context: Context): Override[] {
  const name = (key: keyof typeof COMMON) => say(context, COMMON[key])
  return [
    look('due_h', {
      name: name('due'),
      unit: name('hours'),
      decimals: 1,
      width: 100,
      cell: 'text',
      steps: [
        { value: null, color: SEVERITY_COLOURS.critical },
        { value: 0, color: SEVERITY_COLOURS.major },
        { value: 0.5, color: FINE },
      ],
    }),
    look('seen', {
      name: name('seen'),
      width: 90,
      cell: 'text',
      mappings: [
        valueWords({
          0: { text: name('seenNo'), color: SEVERITY_COLOURS.major },
          1: { text: name('seenYes'), color: UNKNOWN },
        }),
      ],
    }),
  ]
}
