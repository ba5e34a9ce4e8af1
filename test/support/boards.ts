import { readdirSync, readFileSync } from 'node:fs'

/** Grafana's boards as they are committed, and the queries in them. */
const DASHBOARDS = new URL('../../grafana/dashboards/', import.meta.url)

export interface Target {
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly query: string
  readonly rawQuery: boolean
  readonly resultFormat: 'table' | 'time_series'
  readonly alias?: string
}

/** What tests ask of a panel; the schema checks the rest. */
export interface PanelJson {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly datasource?: { readonly uid: string }
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string
      readonly noValue?: string
      readonly thresholds?: { readonly steps: readonly { value: number | null; color: string }[] }
      readonly links?: readonly { readonly url: string }[]
      readonly mappings?: readonly unknown[]
    }
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string }
      readonly properties: readonly { readonly id: string; readonly value: unknown }[]
    }[]
  }
  readonly targets?: readonly Target[]
  readonly transformations?: readonly {
    readonly id: string
    readonly options: {
      readonly excludeByName?: Readonly<Record<string, boolean>>
      readonly indexByName?: Readonly<Record<string, number>>
    }
  }[]
  readonly options?: {
    readonly sortBy?: readonly { readonly displayName: string }[]
    readonly layers?: readonly {
      readonly type: string
      readonly name: string
      readonly filterData?: { readonly options: string }
      readonly location?: { readonly latitude: string; readonly longitude: string }
    }[]
  }
  /** How far back it looks, where that is not the board's range: `3m`. */
  readonly timeFrom?: string
  readonly interval?: string
}

export interface BoardJson {
  readonly uid: string
  readonly title: string
  readonly tags: readonly string[]
  readonly editable: boolean
  readonly timezone: string
  readonly refresh: string
  readonly graphTooltip: number
  readonly schemaVersion: number
  readonly time: { readonly from: string; readonly to: string }
  readonly panels: readonly PanelJson[]
  readonly links: readonly {
    readonly type: string
    readonly url?: string
    readonly tags: string[]
  }[]
  readonly templating: { readonly list?: readonly VariableJson[] }
  readonly annotations: { readonly list?: readonly unknown[] }
}

export interface VariableJson {
  readonly name: string
  readonly type: string
  readonly query?: string
  readonly datasource?: { readonly uid: string }
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
}

/** The committed boards of a language. */
export function committedBoards(language: 'zh-CN' | 'en'): BoardJson[] {
  const folder = new URL(`${language}/`, DASHBOARDS)
  return readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as BoardJson)
}

export interface BoardQuery {
  readonly board: string
  /** 0: a variable of the board. */
  readonly panel: number
  readonly target: Pick<Target, 'refId' | 'datasource' | 'query'>
  /** Back from now: `3m`, `30d`. */
  readonly back: string
  readonly interval: string
}

/** Every query of a board with the range it is asked for, those of its variables too. */
export function queriesOf(board: BoardJson): BoardQuery[] {
  const range = board.time.from.replace('now-', '')
  const ofPanels = board.panels.flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({
      board: board.uid,
      panel: panel.id,
      target,
      back: panel.timeFrom ?? range,
      interval: panel.interval ?? '1m',
    })),
  )
  const ofVariables = (board.templating.list ?? []).flatMap(({ name, query, datasource }) =>
    datasource === undefined || query === undefined
      ? []
      : [{ board: board.uid, panel: 0, target: { refId: name, datasource, query }, back: range }],
  )
  return [
    ...ofPanels,
    ...ofVariables.map(({ target, ...rest }) => ({
      ...rest,
      interval: '1m',
      target: { ...target, datasource: { type: 'influxdb', ...target.datasource } },
    })),
  ]
}
