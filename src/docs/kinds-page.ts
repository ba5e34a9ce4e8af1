import { catalogRules } from '../catalog/catalog.ts'
import {
  type ClassCode,
  CODE_EDITIONS,
  CODE_STANDARDS,
  type HandlingLimit,
} from '../model/case-terms.ts'
import type { CaseClass, DeviceKind, FieldSpec } from '../model/device-kind.ts'
import { allFields } from '../model/device-kind.ts'
import type { Rule } from '../model/rule.ts'
import type { Text } from '../model/text.ts'
import { type Duration, HOUR, MINUTE } from '../model/time.ts'
import { UNITS } from '../model/units.ts'
import { code, page, table } from './markdown.ts'
import { exprWords, levelWords } from './words.ts'

/** docs/kinds.md: the catalogue of device kinds, their default rules and case classes. */
export function kindsPage(kinds: readonly DeviceKind[]): string {
  return page(
    'Device kinds',
    'the folders in `devices/`',
    'Confidence of a source: [A] read in the primary document, [B] a secondary source, [C] from ' +
      'memory, to be checked, [D] or "unsourced default": a proposal that a city should set. ' +
      '`domain.md` with a number names a section of [domain.md](domain.md); the README of each kind ' +
      'says what its numbers rest on.',
    'A name in square brackets is the parameter that a city or a device may set to another number ' +
      '(see [rules.md](rules.md)). Ranges are what the sensor can give: a value outside goes to ' +
      'the quarantine. Class codes name the standard: 2013 is ' +
      `${CODE_STANDARDS['2013']}, 2026 is ${CODE_STANDARDS['2026']}.`,
    'Time limits: `urgent_hour` (紧急工作时) runs day and night; `work_hour` (工作时) and ' +
      '`work_day` (工作日) are counted as plain hours and days until a working calendar is built.',
    ...kinds.map(kindPart),
  )
}

function kindPart(kind: DeviceKind): string {
  return [
    `## ${kind.name} · ${both(kind.title)}`,
    `Reports at least every ${durationWords(kind.reportInterval)}. First field: ` +
      `${code(kind.primaryField)}. Details: [devices/${kind.name}](../devices/${kind.name}/README.md).`,
    '### Fields',
    table(
      ['Field', 'Meaning', 'Unit', 'Range'],
      Object.entries(allFields(kind)).map(([name, spec]) => fieldRow(name, spec)),
    ),
    '### Default rules',
    ...catalogRules(kind).map((rule) => rulePart(rule, kind)),
    '### Case classes',
    table(
      ['Class', 'Meaning', '2013', '2026', 'Handling limit'],
      Object.entries(kind.caseClasses).flatMap(([name, one]) => classRows(name, one)),
    ),
  ].join('\n\n')
}

function fieldRow(name: string, spec: FieldSpec): string[] {
  if (spec.type === 'switch') {
    return [
      code(name),
      both(spec.label),
      'switch',
      `true: ${both(spec.on)}; false: ${both(spec.off)}`,
    ]
  }
  return [code(name), both(spec.label), UNITS[spec.unit].symbol, `${spec.min} to ${spec.max}`]
}

function rulePart(rule: Rule, kind: DeviceKind): string {
  const value = rule.value === null ? 'silence' : exprWords(rule.value)
  return [
    `**${code(rule.id)}** ${both(rule.title)}${rule.enabled ? '' : ' (shipped switched off)'}. ` +
      `Value: ${value}. Case class: ${code(rule.caseClass)}.`,
    table(
      ['Level', 'Case', 'Raised', 'Held', 'Cleared'],
      rule.levels.map((level) => [
        level.level,
        level.severity ?? 'none',
        ...levelWords(level, rule, kind),
      ]),
    ),
    `Source: ${rule.source}.`,
  ].join('\n\n')
}

function classRows(name: string, one: CaseClass): string[][] {
  const own = [code(name), both(one.title), ...codeCells(one.codes), limitWords(one.limit)]
  const variants = Object.entries(one.variants?.codes ?? {}).map(([value, codes]) => [
    '',
    `${code(one.variants?.attribute ?? '')} = ${code(value)}`,
    ...codeCells(codes),
    '',
  ])
  return [own, ...variants]
}

function codeCells(codes: CaseClass['codes']): string[] {
  return CODE_EDITIONS.map((edition) => codeWords(codes[edition]))
}

function codeWords({ sort, class: number, name, source }: ClassCode): string {
  return `${sort === 'component' ? '部件' : '事件'} ${number} ${name} (${source})`
}

function limitWords({ amount, unit, source }: HandlingLimit): string {
  return `${amount} ${unit} (${source})`
}

function both(title: Text): string {
  return `${title['zh-CN']} · ${title.en}`
}

function durationWords(duration: Duration): string {
  if (duration % HOUR === 0) return `${duration / HOUR} h`
  return duration % MINUTE === 0 ? `${duration / MINUTE} min` : `${duration / 1000} s`
}
