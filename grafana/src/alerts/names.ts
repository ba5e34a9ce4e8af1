import type { City } from '../../../src/model/city.ts'
import type { DeviceKind } from '../../../src/model/device-kind.ts'
import type { Language, Text } from '../../../src/model/text.ts'

/**
 * Names for people instead of ids, inside a template of Grafana: ids are the labels, since the
 * same alert is told in two languages. What the list does not hold is shown as its id.
 */
export interface Names {
  readonly kind: Text
  readonly district: Text
}

export function namesFor(kinds: readonly DeviceKind[], city: City): Names {
  return {
    kind: chosen('kind', Object.fromEntries(kinds.map(({ name, title }) => [name, title]))),
    district: chosen('district', {
      ...Object.fromEntries(city.districts.map(({ id, name }) => [id, name])),
      none: { 'zh-CN': '无辖区', en: 'no district' },
    }),
  }
}

function chosen(label: string, names: Readonly<Record<string, Text>>): Text {
  return { 'zh-CN': chain(label, names, 'zh-CN'), en: chain(label, names, 'en') }
}

/** `{{ if eq .Labels.kind "dust" }}…{{ else if … }}…{{ else }}{{ .Labels.kind }}{{ end }}` */
function chain(label: string, names: Readonly<Record<string, Text>>, language: Language): string {
  const branches = Object.entries(names)
    .map(([id, name]) => `if eq .Labels.${label} "${id}" }}${name[language]}{{ else `)
    .join('')
  return `{{ ${branches.replace(/else $/, 'else }}')}{{ .Labels.${label} }}{{ end }}`
}
