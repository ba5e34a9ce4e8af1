import { readFileSync } from 'node:fs'
import { allFields, type DeviceKind } from '../../src/model/device-kind.ts'

/** docs/influxdb.md as data: what is written where. Names are sorted. */
export type Measurements = Readonly<
  Record<string, { readonly tags: readonly string[]; readonly fields: readonly string[] }>
>

const PAGE = new URL('../../docs/influxdb.md', import.meta.url)
/** The name under which a section tells of the measurement of every kind. */
const EVERY_KIND = '*'

/** Measurements by bucket; where the page says "the kind", of each of these. */
export function documentedBuckets(kinds: readonly DeviceKind[]): ReadonlyMap<string, Measurements> {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m)
  const found = new Map<string, Measurements>()
  for (const section of sections) {
    const [, bucket] = /^`(\w+)`/.exec(section) ?? []
    if (bucket !== undefined) found.set(bucket, measurementsIn(section))
  }
  const { tags = [], fields = [] } = found.get('telemetry')?.[EVERY_KIND] ?? {}
  const ofKinds = (fieldsOf: (names: string[]) => string[]) =>
    Object.fromEntries(
      kinds.map((kind) => {
        const names = fieldsOf(Object.keys(allFields(kind)))
        return [kind.name, { tags, fields: names.sort() }]
      }),
    )
  return found
    .set(
      'telemetry',
      ofKinds((names) => [...names, ...fields]),
    )
    .set(
      'telemetry_5m',
      ofKinds((names) => names.flatMap((name) => [name, `${name}_max`])),
    )
}

function measurementsIn(section: string): Measurements {
  const found: Record<string, { tags: string[]; fields: string[] }> = {}
  let current = EVERY_KIND
  for (const block of section.split('\n\n').slice(1)) {
    const text = block.replaceAll('\n', ' ').replaceAll(/ \([^)]*\)/g, '')
    current = /^`(\w+)`, /.exec(text)?.[1] ?? current
    const { tags, fields } = (found[current] ??= { tags: [], fields: [] })
    tags.push(...listAfter(/\btags:? /i, text))
    fields.push(...listAfter(/\bfields:? /i, text), ...tableNames(block))
    tags.sort()
    fields.sort()
  }
  return Object.fromEntries(Object.entries(found).filter(([, { fields }]) => fields.length > 0))
}

/** The names in a list such as "tags `a`, `b`". */
function listAfter(word: RegExp, text: string): string[] {
  const at = word.exec(text)
  if (at === null) return []
  const [list = ''] = /^(?:`\w+`(?:, )?)*/.exec(text.slice(at.index + at[0].length)) ?? []
  return namesIn(list)
}

function tableNames(block: string): string[] {
  const [head = '', , ...rows] = block.trim().split('\n')
  return head.startsWith('| field |') ? rows.flatMap((row) => namesIn(row.split('|')[1] ?? '')) : []
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name as string)
}
