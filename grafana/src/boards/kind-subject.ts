import type { DeviceKind } from '../../../src/model/device-kind.ts'
import { HOUR, MINUTE } from '../../../src/model/time.ts'
import { UNITS } from '../../../src/model/units.ts'
import { type Context, say } from '../lib/context.ts'
import { valueNow, valueOfReading, windowOf } from '../lib/expression.ts'
import { limitWords } from '../lib/fields.ts'
import { matches, where } from '../lib/influxql.ts'
import { type Ladder, primaryLadder } from '../lib/thresholds.ts'

/** What a kind is judged by first, as its board needs it: query, limits, unit and words. */
export const HERE = matches('district')

export interface Subject {
  readonly kind: DeviceKind
  readonly ladder: Ladder | null
  /** InfluxQL of the value of a device now, and of one reading. */
  readonly now: string
  readonly reading: string
  readonly bad: 'high' | 'low'
  readonly unit: string
  readonly digits: number
  /** The words that descriptions need. */
  readonly words: { readonly kind: string; readonly value: string; readonly limits: string }
  /** How far back the newest reading of a healthy device may be. */
  readonly range: string
  readonly interval: string
}

export function subjectOf(context: Context, kind: DeviceKind): Subject {
  const ladder = primaryLadder(kind)
  const of = ladder?.of ?? { field: kind.primaryField }
  const spec = kind.fields[kind.primaryField]
  const number = spec?.type === 'number' ? spec : undefined
  // A value of several fields has the rule's name: the tilt of a tree is neither axis alone.
  const label = ladder !== null && ladder.fields.length > 1 ? ladder.rule.title : spec?.label
  return {
    kind,
    ladder,
    now: valueNow(of),
    reading: valueOfReading(of),
    bad: ladder?.bad ?? 'high',
    unit: UNITS[number?.unit ?? ''].grafana,
    digits: number?.digits ?? 0,
    words: {
      kind: say(context, kind.title),
      value: label === undefined ? kind.primaryField : say(context, label),
      limits: limitWords(context, kind, ladder),
    },
    range: span(Math.max(windowOf(of), 3 * kind.reportInterval, 5 * MINUTE)),
    interval: span(Math.min(Math.max(kind.reportInterval, MINUTE), HOUR)),
  }
}

/** As Grafana writes a span: `18h`, `5m`. */
function span(duration: number): string {
  return duration % HOUR === 0 ? `${duration / HOUR}h` : `${Math.ceil(duration / MINUTE)}m`
}

/** The value of every device now, in a column `value`. */
export function devicesNow({ kind, now }: Subject): string {
  return `SELECT ${now} AS "value" FROM "${kind.name}" WHERE ${where(HERE)} GROUP BY "device","district"`
}

/** Beyond the weakest limit; without a rule that has one, no value is. */
export function beyond({ ladder }: Subject): string {
  const weakest = ladder?.limits[0]
  if (weakest === undefined) return '"value" > 1000000000000'
  const sign = { atLeast: '>=', above: '>', atMost: '<=', below: '<' }[weakest.comparison]
  return `"value" ${sign} ${weakest.value}`
}
