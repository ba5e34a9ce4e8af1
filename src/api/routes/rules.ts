import { z } from 'zod'
import { type Rule, ruleSchema, type StoredRule } from '../../model/rule.ts'
import type { Outcome } from '../../processor/protocol.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem, refusal } from '../problem.ts'
import { idParams, pageQuery, readPage, writePage } from '../requests.ts'
import { pageShape } from '../shapes.ts'

const ruleShape = z.looseObject({
  id: z.string(),
  kind: z.string(),
  enabled: z.boolean(),
  version: z.number(),
  origin: z.enum(['catalog', 'city']),
})

/** Rules as data, changed while the service runs. */
export function ruleRoutes(app: ApiInstance, parts: ApiParts): void {
  const { state } = parts
  const body = z.record(z.string(), z.unknown()).describe('A rule: docs/rules.md')

  app.get(
    '/rules',
    {
      schema: {
        tags: ['rules'],
        summary: 'All rules in force',
        querystring: z.object({ ...pageQuery, kind: z.string().optional() }),
        response: { 200: pageShape(ruleShape) },
      },
    },
    async ({ query }) => {
      const rules = await state.rules()
      const { limit, after } = readPage(query)
      const wanted = rules
        .filter((rule) => query.kind === undefined || rule.kind === query.kind)
        .filter((rule) => after === null || rule.id > after)
      const items = wanted.slice(0, limit)
      const next = wanted.length > limit ? (items.at(-1)?.id ?? null) : null
      return writePage({ items, next }, shapeRule)
    },
  )

  app.get(
    '/rules/:id',
    {
      schema: {
        tags: ['rules'],
        summary: 'A rule',
        params: idParams,
        response: { 200: ruleShape },
      },
    },
    async ({ params }) => {
      const rule = await state.rule(params.id)
      if (rule === null) throw problem('RULE_NOT_FOUND')
      return shapeRule(rule)
    },
  )

  app.post(
    '/rules',
    {
      schema: { tags: ['rules'], summary: 'Write a new rule', body, response: { 201: ruleShape } },
    },
    async (request, reply) => {
      const result = await parts.ask('rule.create', { rule: readRule(request.body) })
      return reply.code(201).send(answer(result))
    },
  )

  app.put(
    '/rules/:id',
    {
      schema: {
        tags: ['rules'],
        summary: 'Change a rule, or write it; alerts of the version before end',
        params: idParams,
        body,
        response: { 200: ruleShape },
      },
    },
    async ({ params, body }) => {
      const rule = readRule({ ...body, id: body['id'] ?? params.id })
      if (rule.id !== params.id) {
        throw problem('RULE_INVALID', { faults: [{ path: 'id', message: `must be ${params.id}` }] })
      }
      return answer(await parts.ask('rule.put', { rule }))
    },
  )

  app.delete(
    '/rules/:id',
    {
      schema: {
        tags: ['rules'],
        summary: 'Take a rule out of force',
        params: idParams,
        response: { 204: z.null() },
      },
    },
    async ({ params }, reply) => {
      const result = await parts.ask('rule.delete', { id: params.id })
      if (!result.ok) throw refusal(result.error)
      return reply.code(204).send(null)
    },
  )
}

/** Reads a rule as it is written; `version` and `origin`, as the API shows them, are ours. */
function readRule(document: Record<string, unknown>): Rule {
  const { version: _version, origin: _origin, ...written } = document
  const parsed = ruleSchema.safeParse(written)
  if (parsed.success) return parsed.data
  throw problem('RULE_INVALID', { faults: flatten(parsed.error.issues, []) })
}

/** The faults inside a union's branches are where the writer went wrong: tell the nearest. */
function flatten(
  issues: readonly z.core.$ZodIssue[],
  base: readonly PropertyKey[],
): { path: string; message: string }[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const nearest = [...issue.errors].sort(
        (a, b) => depth(b) - depth(a) || a.length - b.length,
      )[0]
      if (nearest !== undefined && depth(nearest) > 0) return flatten(nearest, path)
    }
    return [{ path: path.join('.'), message: issue.message }]
  })
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}

function answer(result: Outcome<StoredRule>): z.output<typeof ruleShape> {
  if (result.ok) return shapeRule(result.value)
  throw refusal(result.error)
}

function shapeRule(rule: StoredRule): z.output<typeof ruleShape> {
  return { ...rule }
}
