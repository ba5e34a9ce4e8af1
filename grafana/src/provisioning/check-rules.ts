import { type Rule, type RulesFile, seconds } from './shapes.ts'

/** What the shape of a rules file cannot tell: references, uniqueness, times that fit together. */
export function checkRules(file: RulesFile): string[] {
  const rules = file.groups.flatMap((group) => group.rules)
  return [
    ...repeated(
      'group',
      file.groups.map((group) => `${group.folder}/${group.name}`),
    ),
    ...repeated(
      'uid',
      rules.map((rule) => rule.uid),
    ),
    ...file.groups.flatMap((group) =>
      group.rules.flatMap((rule) => {
        const faults = [...checkRule(rule)]
        if (seconds(rule.for) % seconds(group.interval) !== 0) {
          faults.push('for is not a multiple of the interval')
        }
        return faults.map((fault) => `${rule.uid}: ${fault}`)
      }),
    ),
    // Grafana refuses two rules of one title in a folder.
    ...repeated(
      'title in a folder',
      file.groups.flatMap((group) => group.rules.map((rule) => `${group.folder}/${rule.title}`)),
    ),
  ]
}

function* checkRule(rule: Rule): Iterable<string> {
  const known = new Set<string>()
  for (const { refId, datasourceUid, model } of rule.data) {
    if (known.has(refId)) yield `refId ${refId} is there twice`
    if (model.refId !== refId) yield `refId ${refId} is ${model.refId} in its model`
    if (model.datasource.uid !== datasourceUid) yield `${refId} names two data sources`
    if ('expression' in model) {
      for (const wanted of references(model)) {
        if (!known.has(wanted)) yield `${refId} refers to ${wanted}, which is not before it`
      }
    }
    known.add(refId)
  }
  if (!known.has(rule.condition)) yield `condition ${rule.condition} is no refId`
  if (rule.panelId !== undefined && rule.dashboardUid === undefined) {
    yield 'has a panel without a dashboard'
  }
  if (rule.dashboardUid !== rule.annotations['__dashboardUid__']) {
    yield 'names two dashboards'
  }
  if (rule.panelId !== undefined && String(rule.panelId) !== rule.annotations['__panelId__']) {
    yield 'names two panels'
  }
}

function references(model: { type: string; expression: string }): string[] {
  if (model.type !== 'math') return [model.expression]
  return [...model.expression.matchAll(/\$\{?(\w+)\}?/g)].map(([, name]) => name ?? '')
}

/** Values that are there more than once. */
export function repeated(what: string, values: readonly string[]): string[] {
  const twice = values.filter((value, index) => values.indexOf(value) !== index)
  return [...new Set(twice)].map((value) => `${what} is there twice: ${value}`)
}
