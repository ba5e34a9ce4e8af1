import type { Expr } from '../../../src/model/rule.ts'
import { parseDuration } from '../../../src/model/time.ts'

/** What a rule looks at, as InfluxQL: for a device now, and for single readings over time. */

/** A device's value now: statistics over the panel's range, else the newest reading. */
export function valueNow(expr: Expr): string {
  if ('window' in expr && 'field' in expr.of) return `${expr.window}("${expr.of.field}")`
  if ('window' in expr) return valueNow(expr.of)
  return combine(expr, valueNow, (field) => `last("${field}")`)
}

/** The value of one reading. A window is left out: the graph's own interval stands for it. */
export function valueOfReading(expr: Expr): string {
  if ('window' in expr) return valueOfReading(expr.of)
  return combine(expr, valueOfReading, (field) => `"${field}"`)
}

/** The longest window in it, in milliseconds; 0 where there is none. */
export function windowOf(expr: Expr): number {
  if ('window' in expr) return parseDuration(expr.over) ?? 0
  if ('abs' in expr) return windowOf(expr.abs)
  if ('hypot' in expr) return Math.max(...expr.hypot.map(windowOf))
  if ('minus' in expr) return Math.max(...expr.minus.map(windowOf))
  return 0
}

function combine(expr: Expr, inner: (of: Expr) => string, field: (name: string) => string): string {
  if ('field' in expr) return field(expr.field)
  if ('abs' in expr) return `abs(${inner(expr.abs)})`
  if ('hypot' in expr)
    return `sqrt(${expr.hypot.map((one) => `pow(${inner(one)}, 2)`).join(' + ')})`
  if ('minus' in expr) return `${inner(expr.minus[0])} - ${inner(expr.minus[1])}`
  throw new Error(`no InfluxQL for ${JSON.stringify(expr)}`)
}
