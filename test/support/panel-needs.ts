import type { PanelJson } from './boards.ts'
import type { Frame, FrameField } from './grafana-frames.ts'

/**
 * What a panel needs of its data, read from the panel itself, and what of it is missing. A panel
 * that uses something that is not understood here is a complaint too, so that nothing goes
 * unlooked-at.
 */
export function complaints(panel: PanelJson, frames: readonly Frame[]): string[] {
  const tables = new Set(
    panel.targets?.filter((t) => t.resultFormat === 'table').map(({ refId }) => refId),
  )
  const series = frames.filter(({ refId }) => !tables.has(refId))
  return [
    ...unknownParts(panel),
    ...seriesComplaints(panel, series),
    ...frames
      .filter(({ refId }) => tables.has(refId))
      .flatMap((one) => tableComplaints(panel, one)),
    ...(panel.type === 'geomap' ? mapComplaints(panel, frames) : []),
  ]
}

type Override = PanelJson['fieldConfig']['overrides'][number]

const KNOWN_TYPES = ['stat', 'timeseries', 'table', 'bargauge', 'state-timeline', 'geomap']

function unknownParts({ type, transformations = [], fieldConfig }: PanelJson): string[] {
  const said = [
    ...(KNOWN_TYPES.includes(type) ? [] : [`a panel of type ${type}`]),
    ...transformations
      .filter(({ id }) => id !== 'organize')
      .map(({ id }) => `transformation ${id}`),
    ...fieldConfig.overrides
      .filter(({ matcher }) => matcher.id !== 'byName')
      .map(({ matcher }) => `matcher ${matcher.id}`),
  ]
  return said.map((one) => `the tests do not know ${one}`)
}

/** Lines, bars and figures: numbers, told apart, with a name for people. */
function seriesComplaints(panel: PanelJson, frames: readonly Frame[]): string[] {
  const fields = frames.map(({ refId, fields }) => ({ refId, field: fields[1] as FrameField }))
  const ids = fields.map(({ refId, field }) => `${refId} ${field.name} ${key(field.labels)}`)
  const named = panel.fieldConfig.overrides.length > 0
  const most = Math.max(...fields.map(({ field }) => present(field).length))
  return [
    ...repeated(ids).map((id) => `two series are ${id}`),
    ...repeated(fields.map(({ field }) => field.name)).map(
      (name) => `two series are called ${name}`,
    ),
    ...fields.flatMap(({ field }) => {
      const override = overrideOf(panel, field.name)
      return [
        ...(field.name.includes('$') ? [`the alias is left open: ${field.name}`] : []),
        ...(named && override === undefined ? [`no name for people: ${field.name}`] : []),
        ...fieldComplaints(panel, field, true),
        ...linkComplaints(linksOf(panel, override), Object.keys(field.labels), []),
      ]
    }),
    // A line of one point is not drawn.
    ...(panel.type === 'timeseries' && frames.length > 0 && most < 2
      ? ['one point is no trend']
      : []),
  ]
}

function tableComplaints(panel: PanelJson, { refId, fields }: Frame): string[] {
  const names = fields.map(({ name }) => name)
  const rows = fields[0]?.values.length ?? 0
  const limit = limitOf(panel.targets?.find((target) => target.refId === refId)?.query ?? '')
  const cells = Array.from({ length: rows }, (_, i) =>
    JSON.stringify(fields.filter(({ name }) => name !== 'Time').map(({ values }) => values[i])),
  )
  return [
    ...repeated(names).map((name) => `two columns are called ${name}`),
    ...repeated(cells).map((row) => `two rows are ${row}`),
    ...(limit !== null && rows >= limit ? [`the table is cut at its ${limit} rows`] : []),
    ...orderComplaints(panel, names),
    ...sortComplaints(panel, names),
    ...fields
      .filter(({ name }) => name !== 'Time')
      .flatMap((field) => [
        ...fieldComplaints(panel, field, false),
        ...linkComplaints(linksOf(panel, overrideOf(panel, field.name)), [], names),
      ]),
  ]
}

/** Columns that the panel puts in order are those that are there, no more and no fewer. */
function orderComplaints({ transformations = [] }: PanelJson, names: readonly string[]): string[] {
  return transformations.flatMap(({ options }) => {
    const { excludeByName = {}, indexByName = {} } = options
    const shown = names.filter((name) => excludeByName[name] !== true)
    const ordered = Object.keys(indexByName)
    return [
      ...ordered.filter((name) => !shown.includes(name)).map((name) => `no column ${name}`),
      ...shown
        .filter((name) => !ordered.includes(name))
        .map((name) => `column ${name} has no place`),
    ]
  })
}

function sortComplaints(panel: PanelJson, names: readonly string[]): string[] {
  const shown = names.map((name) => property(overrideOf(panel, name), 'displayName') ?? name)
  const { sortBy = [] } = panel.options ?? {}
  return sortBy
    .filter(({ displayName }) => !shown.includes(displayName))
    .map(({ displayName }) => `nothing to sort by: ${displayName}`)
}

/** Values that can be shown as the panel says: numbers where it reckons, words where it has them. */
function fieldComplaints(panel: PanelJson, field: FrameField, isSeries: boolean): string[] {
  const { name } = field
  const override = overrideOf(panel, name)
  const values = present(field)
  const reckons = ['unit', 'decimals', 'thresholds', 'min', 'max'].some(
    (id) => property(override, id) !== undefined,
  )
  const mappings = (property(override, 'mappings') ?? panel.fieldConfig.defaults.mappings) as
    | readonly Mapping[]
    | undefined
  const words =
    mappings === undefined ? [] : [...new Set(values)].filter((v) => !mapped(mappings, v))
  return [
    ...(values.length === 0 ? [`${name}: no value`] : []),
    ...((isSeries || reckons) && values.some((value) => typeof value !== 'number')
      ? [`${name}: not a number`]
      : []),
    ...words.map((value) => `${name}: no word for ${value}`),
  ]
}

interface Mapping {
  readonly type: string
  readonly options: Readonly<Record<string, unknown>> & {
    readonly from?: number | null
    readonly to?: number | null
  }
}

function mapped(mappings: readonly Mapping[], value: unknown): boolean {
  return mappings.some(({ type, options }) => {
    if (type === 'value') return Object.hasOwn(options, String(value))
    const { from, to } = options
    const number = Number(value)
    return type === 'range' && number >= (from ?? -Infinity) && number <= (to ?? Infinity)
  })
}

interface Link {
  readonly url: string
}

function linksOf(panel: PanelJson, override: Override | undefined): readonly Link[] {
  const own = property(override, 'links') as readonly Link[] | undefined
  return own ?? panel.fieldConfig.defaults.links ?? []
}

/** What a link takes from the data. */
function linkComplaints(
  links: readonly Link[],
  labels: readonly string[],
  columns: readonly string[],
): string[] {
  return links.flatMap(({ url }) =>
    [...url.matchAll(/\$\{([^}]+)\}/g)].flatMap(([, name = '']) => {
      const [, label] = /^__field\.labels\.(\w+)$/.exec(name) ?? []
      const [, column] = /^__data\.fields\.(\w+)$/.exec(name) ?? []
      if (label !== undefined) return labels.includes(label) ? [] : [`link: no label ${label}`]
      if (column !== undefined) return columns.includes(column) ? [] : [`link: no column ${column}`]
      return ['__value.raw', '__url_time_range'].includes(name) ? [] : [`link: unknown ${name}`]
    }),
  )
}

/** Each layer of markers finds the coordinates of every row. */
function mapComplaints(panel: PanelJson, frames: readonly Frame[]): string[] {
  const layers = panel.options?.layers?.filter(({ type }) => type === 'markers') ?? []
  return layers.flatMap(({ name, filterData, location }) => {
    const frame = frames.find(({ refId }) => refId === filterData?.options)
    if (frame === undefined) return []
    return [location?.latitude, location?.longitude].flatMap((column) => {
      const field = frame.fields.find((one) => one.name === column)
      const numbers = field?.values.every((value) => typeof value === 'number') ?? false
      return numbers ? [] : [`layer ${name}: rows without ${column}`]
    })
  })
}

function overrideOf({ fieldConfig }: PanelJson, name: string): Override | undefined {
  return fieldConfig.overrides.find(({ matcher }) => matcher.options === name)
}

function property(override: Override | undefined, id: string): unknown {
  return override?.properties.find((one) => one.id === id)?.value
}

function present({ values }: FrameField) {
  return values.filter((value) => value !== null)
}

/** The number of rows at which a query cuts its answer. */
function limitOf(query: string): number | null {
  const [, limit] = /(?:LIMIT |(?:top|bottom)\([^)]*, ?)(\d+)/.exec(query) ?? []
  return limit === undefined ? null : Number(limit)
}

function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, i) => values.indexOf(value) !== i))]
}

function key(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted())
}
