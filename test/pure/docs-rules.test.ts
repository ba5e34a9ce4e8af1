import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadKinds } from '../../src/catalog/catalog.ts'
import type { DeviceKind } from '../../src/model/device-kind.ts'
import { type RuleInput, ruleOverridesSchema, ruleSchema } from '../../src/model/rule.ts'
import { compileRule } from '../../src/rules/compile.ts'

/**
 * Rules that the documentation shows are rules: every block that begins with ```json and one of
 * the words below is read, and compiled against its kind.
 *
 *   rule              a whole rule
 *   expr <kind>       an expression
 *   condition <kind>  a condition
 *   level <kind>      a level
 *   overrides         what a city or a device sets
 */
const ROOT = new URL('../../', import.meta.url)
const BLOCK = /^```json (rule|expr|condition|level|overrides)(?: (\S+))?\n([\s\S]*?)^```$/gm

interface Block {
  readonly name: string
  readonly what: string
  readonly kind: string
  readonly content: unknown
}

const kinds = new Map((await loadKinds()).map((kind) => [kind.name, kind]))
const pages = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const blocks = pages.flatMap(blocksOf)

function blocksOf(page: string): Block[] {
  const text = readFileSync(new URL(page, ROOT), 'utf8')
  return [...text.matchAll(BLOCK)].map((match) => {
    const [, what = '', kind = '', json = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return { name: `${page}:${line} ${what}`, what, kind, content: JSON.parse(json) as unknown }
  })
}

/** The faults of a rule, as its writer would be told them. */
function faults(rule: unknown): unknown {
  const parsed = ruleSchema.safeParse(rule)
  if (!parsed.success) return parsed.error.issues
  const kind = kinds.get(parsed.data.kind)
  if (kind === undefined) return `unknown kind ${parsed.data.kind}`
  const program = compileRule({ ...parsed.data, version: 1, origin: 'city' }, kind)
  return program.ok ? [] : program.error
}

/** A fragment in a rule of its own, with all the parameters that it names. */
function around({ what, kind: name, content }: Block): RuleInput {
  const kind = kinds.get(name) as DeviceKind
  const parameters = [...JSON.stringify(content).matchAll(/"parameter":"(\w+)"/g)]
  const level = { level: 'minor', severity: 'minor', raise: { atLeast: 1 } }
  const levels = { expr: level, condition: { ...level, raise: content }, level: content }[what]
  return {
    id: 'fragment',
    kind: name,
    title: { 'zh-CN': '片段', en: 'Fragment' },
    value: what === 'expr' ? content : { field: kind.primaryField },
    parameters: Object.fromEntries(parameters.map(([, parameter]) => [parameter, 1])),
    levels: [levels],
    caseClass: 'device-fault',
    source: 'a fragment of the documentation',
  } as RuleInput
}

test('docs/rules.md shows whole rules and every kind of fragment', () => {
  const shown = blocks.filter(({ name }) => name.startsWith('docs/rules.md'))
  expect(shown.filter(({ what }) => what === 'rule').length).toBeGreaterThanOrEqual(7)
  expect(new Set(shown.map(({ what }) => what))).toEqual(
    new Set(['rule', 'expr', 'condition', 'level', 'overrides']),
  )
})

test('every construct of the language is shown', () => {
  const shown = JSON.stringify(blocks.map(({ content }) => content))
  const constructs = [
    ...['field', 'abs', 'hypot', 'minus', 'window', 'change', 'minValid', 'minSpan', 'of', 'over'],
    ...['atLeast', 'above', 'atMost', 'below', 'is', 'assume', 'all', 'any', 'not', 'parameter'],
    ...['raise', 'clear', 'for', 'samples', 'clearFor', 'severity', 'missing', 'enabled'],
  ]
  expect(constructs.filter((name) => !shown.includes(`"${name}":`))).toEqual([])
})

describe.each(blocks.map((block) => [block.name, block] as const))('%s', (_name, block) => {
  test('is valid', () => {
    if (block.what === 'rule') expect(faults(block.content)).toEqual([])
    else if (block.what === 'overrides') expectOverrides(block.content)
    else expect(faults(around(block))).toEqual([])
  })
})

/** Overrides name rules and parameters that the catalogue has. */
function expectOverrides(content: unknown): void {
  const overrides = ruleOverridesSchema.parse(content)
  const rules = new Map(
    [...kinds.values()].flatMap((kind) => kind.rules).map((rule) => [rule.id, rule]),
  )
  for (const [id, { parameters = {} }] of Object.entries(overrides)) {
    expect([...rules.keys()]).toContain(id)
    expect(Object.keys(rules.get(id)?.parameters ?? {})).toEqual(
      expect.arrayContaining(Object.keys(parameters)),
    )
  }
}
