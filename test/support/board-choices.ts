import type { BoardJson, PanelJson, Target, VariableJson } from './boards.ts'
import { dataSources, type GrafanaCity } from './grafana-city.ts'
import {
  expand,
  type Frame,
  intervalOf,
  type QueryTime,
  toFrames,
  type Variables,
} from './grafana-frames.ts'

/** Ways to look at a board, and what its panels get to see. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
/** Pixels of a column of the grid on a usual screen: so many points Grafana asks for. */
const COLUMN_PX = 80
const SOURCES = dataSources()

/** Every value of every variable, "All", and two at a time where that can be chosen. */
export async function choicesOf(board: BoardJson, city: GrafanaCity): Promise<Variables[]> {
  let choices: Variables[] = [{}]
  for (const variable of board.templating.list ?? []) {
    const more = await Promise.all(
      choices.map(async (choice) => {
        const values = await valuesOf(variable, choice, board, city)
        return values.map((value) => ({ ...choice, [variable.name]: value }))
      }),
    )
    choices = more.flat()
  }
  return choices
}

async function valuesOf(
  { name, type, query = '', datasource, ...variable }: VariableJson,
  choice: Variables,
  board: BoardJson,
  city: GrafanaCity,
): Promise<Variables[string][]> {
  if (type === 'textbox' && name === 'device') return [...city.devices]
  if (type === 'query' && datasource !== undefined) {
    const sql = expand(query, choice, timeOf(board, city.now))
    const series = await city.ask(datasource.uid, sql)
    const found = series.flatMap(({ values }) => values.map(([value]) => String(value)))
    const [first] = found
    if (first === undefined) throw new Error(`${board.uid}: no value of ${name}: ${sql}`)
    return [first]
  }
  if (type !== 'custom') throw new Error(`the tests know no variable of type ${type} (${name})`)
  const values = query.split(', ').map((option) => option.split(' : ').at(-1) as string)
  return [
    ...values,
    ...(variable.multi ? [values.slice(0, 2)] : []),
    ...(variable.includeAll ? [{ all: variable.allValue ?? '' }] : []),
  ]
}

/** The frames that a panel gets, target by target. */
export async function framesOf(
  board: BoardJson,
  panel: PanelJson,
  choice: Variables,
  city: GrafanaCity,
): Promise<ReadonlyMap<Target, readonly Frame[]>> {
  const frames = new Map<Target, readonly Frame[]>()
  for (const target of panel.targets ?? []) {
    const query = expand(target.query, choice, timeOf(board, city.now, panel, target))
    frames.set(target, toFrames(target, await city.ask(target.datasource.uid, query)))
  }
  return frames
}

function timeOf(board: BoardJson, now: number, panel?: PanelJson, target?: Target): QueryTime {
  const range = spanMs(panel?.timeFrom ?? board.time.from.replace('now-', ''))
  const source = SOURCES.get(target?.datasource.uid ?? '')
  const least = spanMs(panel?.interval ?? source?.jsonData.timeInterval ?? '1s')
  const points = (panel?.gridPos.w ?? 24) * COLUMN_PX
  return { from: now - range, to: now, interval: intervalOf(range, points, least) }
}

function spanMs(span: string): number {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(span) ?? []
  const seconds = UNITS[unit]
  if (seconds === undefined) throw new Error(`no span: ${span}`)
  return Number(count) * seconds * 1000
}
