import { expect } from 'vitest'
import type { GrafanaCity } from './grafana-city.ts'
import type { Variables } from './grafana-frames.ts'
import { type Doc, MINUTE } from './service.ts'
import { witnessId } from './witnesses.ts'

/** What boards and alert rules say of the city, in the API's words. */

/** A figure of a board that the API tells too. */
export interface Figure {
  readonly board: string
  readonly panel: number
  readonly choice: Variables
  /** Which of the panel's series, from 0. */
  readonly series: number
  readonly expected: unknown
}

/** Limits of the rules, by hand (grafana/src/alerts). */
const UNSEEN_MS = 5 * MINUTE
const MANY_MINOR = 10
const SILENT_SHARE = 0.2
const SILENT_OF_AT_LEAST = 5

const SEVERITIES = ['critical', 'major', 'minor'] as const
const ALL: Variables = { district: { all: '.*' } }

/** The figures; throws where the city has too little to tell a right one from a wrong one. */
export async function toldFigures(city: GrafanaCity): Promise<Figure[]> {
  const { cases, devices, allCases, silent } = city.state
  const counts = severityCounts(cases)
  if (counts.includes(0) || overdue(cases) === 0) throw new Error('the city lacks cases')
  const closed = allCases.filter(({ status }) => status === 'closed').length
  const device = witnessId('waterlogging', 'laocheng')
  const ofDevice = cases.filter(({ deviceId }) => deviceId === device).length
  return [
    ...numbered('city-duty-zh', {}, [1, 2, 3], counts),
    ...numbered('city-duty-zh', {}, [4], [(await unseen(city)).length]),
    ...numbered('city-duty-zh', {}, [5, 6], [overdue(cases), about(100 - online(devices))]),
    ...districtsOf(devices).flatMap((id) => {
      const here = cases.filter(({ districtId }) => districtId === id)
      const share = about(online(devices.filter(({ districtId }) => districtId === id)))
      const expected = [...severityCounts(here), overdue(here), share]
      return numbered('city-district-zh', { district: id ?? 'none' }, [1, 2, 3, 4, 6], expected)
    }),
    ...city.kinds.flatMap(({ name }) => {
      const open = cases.filter(({ kind }) => kind === name).length
      const own = devices.filter(({ kind }) => kind === name)
      const quiet = own.filter(({ id }) => silent.includes(id)).length
      const board = `city-kind-${name}-zh`
      return [
        ...numbered(board, ALL, [1], [open]),
        ...[own.length, quiet, about(online(own))].map((expected, series) => ({
          ...{ board, panel: 4, choice: ALL, series, expected },
        })),
      ]
    }),
    ...numbered('city-cases-zh', ALL, [1, 2, 3], [cases.length, allCases.length, closed]),
    ...numbered('city-device-zh', { device, kind: 'waterlogging' }, [2], [ofDevice]),
  ]
}

/** Closed cases by kind: how many, and the percent that were late and that were sent back. */
export function toldByKind({ kinds, state }: GrafanaCity): unknown[] {
  const percent = (of: readonly Doc[], which: readonly Doc[]) =>
    about((100 * which.length) / of.length)
  return kinds.map(({ name }) => {
    const own = state.allCases.filter(({ kind, status }) => kind === name && status === 'closed')
    return {
      kind: name,
      closed: own.length,
      late: percent(
        own,
        own.filter((it) => Date.parse(it.closedAt) > Date.parse(it.dueAt)),
      ),
      back: percent(
        own,
        own.filter((it) => it.reworkCount > 0),
      ),
    }
  })
}

/** What fires, by rule: of cases their ids, of counts district and kind. */
export async function toldAlerts(city: GrafanaCity): Promise<Record<string, string[]>> {
  const { cases, devices, silent } = city.state
  const of = (severity: string) => cases.filter((it) => it.severity === severity)
  const places = Map.groupBy(devices, placeOf)
  const minor = Map.groupBy(of('minor'), placeOf)
  const manyMinor = [...minor].filter(([, here]) => here.length >= MANY_MINOR)
  const mostlySilent = [...places].filter(([, here]) => {
    const quiet = here.filter(({ id }) => silent.includes(id)).length
    return here.length >= SILENT_OF_AT_LEAST && quiet / here.length > SILENT_SHARE
  })
  return {
    'case-critical-open': ids(of('critical')),
    'case-major-open': ids(of('major')),
    'case-critical-unseen': ids(await unseen(city)),
    'case-minor-many': manyMinor.map(([place]) => place).sort(),
    'devices-silent': mostlySilent.map(([place]) => place).sort(),
  }
}

/** Critical cases that nobody has seen for too long since they became critical. */
async function unseen({ service, state, now }: GrafanaCity): Promise<Doc[]> {
  const found: Doc[] = []
  for (const it of state.cases) {
    if (it.severity !== 'critical' || it.seenAt !== null) continue
    const { history } = await service.get(`/cases/${it.id}`)
    const since = history.findLast(({ data }: Doc) => data.severity === 'critical').at
    if (now - Date.parse(since) > UNSEEN_MS) found.push(it)
  }
  return found
}

function numbered(
  board: string,
  choice: Variables,
  panels: readonly number[],
  expected: readonly unknown[],
): Figure[] {
  return panels.map((panel, i) => ({ board, panel, choice, series: 0, expected: expected[i] }))
}

function severityCounts(cases: readonly Doc[]): number[] {
  return SEVERITIES.map((severity) => cases.filter((it) => it.severity === severity).length)
}

function overdue(cases: readonly Doc[]): number {
  return cases.filter((it) => it.overdue).length
}

/** Percent of the devices. */
function online(devices: readonly Doc[]): number {
  return (100 * devices.filter((it) => it.online).length) / devices.length
}

function districtsOf(devices: readonly Doc[]): (string | null)[] {
  return [...new Set(devices.map(({ districtId }) => districtId))]
}

function placeOf({ districtId, kind }: Doc): string {
  return `${districtId ?? 'none'} ${kind}`
}

function ids(cases: readonly Doc[]): string[] {
  return cases.map(({ id }) => id).sort()
}

function about(value: number): unknown {
  return expect.closeTo(value, 6)
}
