import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { COMMON_FIELDS, type DeviceKind, type FieldSpec } from '../../../src/model/device-kind.ts'
import { COMMON, DEVICE } from '../i18n/index.ts'
import { boardOf, deviceVariable, kindVariable } from '../lib/board.ts'
import { type Context, say } from '../lib/context.ts'
import { fieldLook, limitList } from '../lib/fields.ts'
import { where } from '../lib/influxql.ts'
import { NOW } from '../lib/limits.ts'
import { type Look, look, type Override } from '../lib/overrides.ts'
import { SEVERITY_COLOURS } from '../lib/palette.ts'
import { figures, statesPanel, stepsFromOne, trendPanel } from '../lib/panels.ts'
import { casesTable } from '../lib/tables.ts'
import { fieldLadder, stepsOf } from '../lib/thresholds.ts'

/**
 * One device of any kind. The hidden variable `kind` is the measurement that has the device;
 * fields are picked by a pattern over the whole catalogue, so that a kind shows what it has. Where
 * the variable is empty (no such device) the pattern matches nothing, and the panels say so.
 */
const THIS = `"device" = '\${device}'`
const FROM = `FROM /^\${kind:regex}$/`
const line = { source: 'telemetry', interval: '1m', noValue: COMMON.noData } as const

export function deviceBoard(context: Context): Dashboard {
  return boardOf(context, {
    name: 'device',
    words: DEVICE.board,
    from: 'now-24h',
    variables: [deviceVariable(context, DEVICE.variable), kindVariable(context)],
    panels: [...stateRow(context), ...readings(context), ...longTerm(context)],
  })
}

function stateRow(context: Context) {
  const newest = (field: string) =>
    `SELECT last("${field}") AS "${field}" ${FROM} WHERE ${where(THIS)}`
  const open = `SELECT count("open") AS "open" FROM (SELECT last("open") AS "open" FROM "case_open" WHERE ${where(THIS)} GROUP BY "case_id","severity") WHERE "open" > 0`
  const [any] = context.kinds
  const ladder = any === undefined ? null : fieldLadder(any, 'batteryPct')
  const battery = {
    unit: 'percent',
    decimals: 0,
    values: { limits: ladder === null ? '' : limitList(context, COMMON_FIELDS, ladder) },
    ...(ladder === null ? {} : { steps: stepsOf(ladder) }),
  }
  const judged = { noValue: '0', steps: stepsFromOne(SEVERITY_COLOURS.major) }
  const place = { id: 5, at: [8, 0, 16, 8], words: DEVICE.cases } as const
  const reading = { source: 'telemetry', now: '7d', noValue: COMMON.noDevice } as const
  return [
    ...figures(context, reading, [
      [1, [0, 0, 4, 4], DEVICE.last, newest('receivedAt'), { unit: 'dateTimeFromNow' }],
      [3, [0, 4, 4, 4], DEVICE.battery, newest('batteryPct'), battery],
      [4, [4, 4, 4, 4], DEVICE.signal, newest('rssiDbm'), { unit: 'dBm', decimals: 0 }],
    ]),
    ...figures(context, { source: 'ops', now: NOW }, [
      [2, [4, 0, 4, 4], DEVICE.openCases, open, judged],
    ]),
    casesTable(context, place, [THIS], ['device', 'district', 'kind']),
  ]
}

function readings(context: Context) {
  const { primary, others } = sorted(context)
  const means = (fields: readonly string[]) =>
    `SELECT mean(${pattern(fields)}) ${FROM} WHERE ${where(THIS)} GROUP BY time($__interval) fill(none)`
  return [
    trendPanel(context, {
      ...line,
      id: 6,
      at: [0, 8, 12, 8],
      words: DEVICE.primary,
      queries: [{ sql: means(names(primary)), alias: '$col' }],
      looks: looksOf(context, primary, 'mean_', true),
    }),
    trendPanel(context, {
      ...line,
      id: 7,
      at: [12, 8, 12, 8],
      words: DEVICE.others,
      queries: [{ sql: means(names(others)), alias: '$col' }],
      looks: looksOf(context, others, 'mean_', false),
    }),
    ...states(context),
  ]
}

function states(context: Context) {
  const { switches } = sorted(context)
  return [
    statesPanel(context, {
      ...line,
      id: 8,
      at: [0, 16, 12, 6],
      words: DEVICE.switches,
      queries: [
        {
          sql: `SELECT last(${pattern(names(switches))}) ${FROM} WHERE ${where(THIS)} GROUP BY time($__interval) fill(none)`,
          alias: '$col',
        },
      ],
      looks: looksOf(context, switches, 'last_', false),
    }),
    trendPanel(context, {
      ...line,
      id: 9,
      at: [12, 16, 12, 6],
      words: DEVICE.health,
      queries: [
        {
          sql: `SELECT mean("batteryPct") AS "batteryPct", mean("rssiDbm") AS "rssiDbm" ${FROM} WHERE ${where(THIS)} GROUP BY time($__interval) fill(none)`,
          alias: '$col',
        },
      ],
      looks: [
        look('batteryPct', { ...fieldLook(context, COMMON_FIELDS.batteryPct), range: [0, 100] }),
        look('rssiDbm', { ...fieldLook(context, COMMON_FIELDS.rssiDbm), axis: 'right' }),
      ],
    }),
  ]
}

/** The tasks write the mean under the field's name and the maximum under `<field>_max`. */
function longTerm(context: Context) {
  const { primary } = sorted(context)
  const maxima = names(primary).map((name) => `${name}_max`)
  const maximum = say(context, COMMON.maximum)
  return [
    trendPanel(context, {
      id: 10,
      at: [0, 22, 24, 8],
      words: DEVICE.longTerm,
      source: 'longTerm',
      now: '30d',
      interval: '1h',
      noValue: COMMON.noData,
      queries: [
        {
          sql: `SELECT mean(${pattern(names(primary))}), max(${pattern(maxima)}) ${FROM} WHERE ${where(THIS)} GROUP BY time($__interval) fill(none)`,
          alias: '$col',
        },
      ],
      looks: [
        ...looksOf(context, primary, 'mean_', false),
        ...looksOf(context, primary, 'max_', false, '_max', maximum),
      ],
    }),
  ]
}

type Shared = readonly [name: string, specs: readonly FieldSpec[], kinds: readonly DeviceKind[]]

/** All fields of all kinds, once each: a name may be in several kinds. */
function sorted({ kinds }: Context) {
  const all = kinds.flatMap((kind) =>
    Object.entries(kind.fields).map(([name, spec]) => ({ name, spec, kind })),
  )
  const shared = [...Map.groupBy(all, ({ name }) => name)].map(
    ([name, uses]) =>
      [name, uses.map(({ spec }) => spec), uses.map(({ kind }) => kind)] as const satisfies Shared,
  )
  const isPrimary = ([name]: Shared) => kinds.some((kind) => kind.primaryField === name)
  const isSwitch = ([, specs]: Shared) => specs.every(({ type }) => type === 'switch')
  return {
    primary: shared.filter(isPrimary),
    others: shared.filter((field) => !isPrimary(field) && !isSwitch(field)),
    switches: shared.filter((field) => !isPrimary(field) && isSwitch(field)),
  }
}

function names(fields: readonly Shared[]): string[] {
  return fields.map(([name]) => name)
}

function pattern(fields: readonly string[]): string {
  return `/^(${fields.join('|')})$/`
}

/** Looks of columns such as `mean_depthCm`. What kinds do not agree on is left out. */
function looksOf(
  context: Context,
  fields: readonly Shared[],
  prefix: string,
  withLimits: boolean,
  suffix = '',
  addition = '',
): Override[] {
  return fields.map(([name, specs, kinds]) => {
    const looks = specs.map((spec) => fieldLook(context, spec))
    const titles = [...new Set(looks.map((one) => one.name))].join(' / ')
    const [first] = looks
    const agreed: Look = looks.every((one) => one.unit === first?.unit) ? (first ?? {}) : {}
    const ladder = kinds.length === 1 && kinds[0] !== undefined ? fieldLadder(kinds[0], name) : null
    return look(`${prefix}${name}${suffix}`, {
      ...agreed,
      name: addition === '' ? titles : `${titles} ${addition}`,
      ...(withLimits && ladder !== null ? { steps: stepsOf(ladder), dashed: true } : {}),
    })
  })
}
