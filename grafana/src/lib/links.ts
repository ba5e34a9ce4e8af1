import type { Context } from './context.ts'
import { uidOf } from './context.ts'

/**
 * Ways from a row or a line to the board or the case behind it. Panels that show the present look
 * back a few minutes only, so their links leave the range to the board that is opened; those of
 * graphs take it along.
 */

/** Where the console is. `start.sh` puts in the address that browsers use. */
export const CONSOLE = 'http://localhost:8080'

export interface DataLink {
  readonly title: string
  readonly url: string
  readonly targetBlank?: boolean
}

/** To a device, from a row that has a column `device`. */
export function deviceOfRow(context: Context, title: string): DataLink {
  return { title, url: `/d/${uidOf(context, 'device')}?var-device=\${__data.fields.device}` }
}

/** To a case in the console, from a row that has a column `case_id`. */
export function caseOfRow(title: string): DataLink {
  return { title, url: `${CONSOLE}/cases/\${__data.fields.case_id}`, targetBlank: true }
}

/** To a district, from the column `district` itself, whose words are not what the link needs. */
export function districtOfCell(context: Context, title: string): DataLink {
  return { title, url: `/d/${uidOf(context, 'district')}?var-district=\${__value.raw}` }
}

/** To a district, from a line of a graph. */
export function districtOfSeries(context: Context, title: string): DataLink {
  const url = `/d/${uidOf(context, 'district')}?var-district=\${__field.labels.district}`
  return { title, url: `${url}&\${__url_time_range}` }
}

/** To a kind, from a line of a graph. */
export function kindOfSeries(context: Context, title: string): DataLink {
  const board = uidOf(context, `kind-\${__field.labels.kind}`)
  return { title, url: `/d/${board}?\${__url_time_range}` }
}
