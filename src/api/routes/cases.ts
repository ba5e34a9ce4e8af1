import { z } from 'zod'
import { CASE_ACTIONS } from '../../cases/case.ts'
import { CASE_STATUSES, SEVERITIES } from '../../model/case-terms.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem, refusal } from '../problem.ts'
import { flagQuery, idParams, instantQuery, pageQuery, readPage, writePage } from '../requests.ts'
import { caseEventShape, caseShape, pageShape, shapeCase, shapeCaseEvent } from '../shapes.ts'

const statuses = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(CASE_STATUSES)).min(1))
  .optional()

const casesQuery = z.object({
  ...pageQuery,
  status: statuses.describe('One status, or several with commas'),
  severity: z.enum(SEVERITIES).optional(),
  kind: z.string().optional(),
  deviceId: z.string().optional(),
  gridCode: z.string().optional(),
  unitId: z.string().optional(),
  overdue: flagQuery,
  from: instantQuery.describe('Opened at or after'),
  to: instantQuery.describe('Opened before'),
})

const actionBody = z.strictObject({
  action: z.enum(CASE_ACTIONS),
  note: z.string().max(2000).optional(),
  unitId: z.string().max(64).optional(),
  attachments: z
    .array(z.string().min(1).max(1000))
    .max(20)
    .optional()
    .describe('Addresses of photos or documents; kept with the history'),
  actor: z.string().min(1).max(64).optional().describe('Who acts, for the history'),
})

const caseWithHistory = caseShape.extend({ history: z.array(caseEventShape) })

/** Cases: lists, one with its history, the actions of the five steps. */
export function caseRoutes(app: ApiInstance, parts: ApiParts): void {
  const { state, clock } = parts

  app.get(
    '/cases',
    {
      schema: {
        tags: ['cases'],
        summary: 'Cases, newest first',
        querystring: casesQuery,
        response: { 200: pageShape(caseShape) },
      },
    },
    async ({ query }) => {
      const now = clock.now()
      const page = await state.cases({ ...query, now }, readPage(query))
      return writePage(page, (it) => shapeCase(it, now))
    },
  )

  app.get(
    '/cases/:id',
    {
      schema: {
        tags: ['cases'],
        summary: 'A case with its history',
        params: idParams,
        response: { 200: caseWithHistory },
      },
    },
    async ({ params }) => {
      const found = await state.case(params.id)
      if (found === null) throw problem('CASE_NOT_FOUND')
      return { ...shapeCase(found.case, clock.now()), history: found.history.map(shapeCaseEvent) }
    },
  )

  app.post(
    '/cases/:id/actions',
    {
      schema: {
        tags: ['cases'],
        summary:
          'Dispatch, accept, handle, verify, reject, suspend, resume, cancel, comment, acknowledge',
        params: idParams,
        body: actionBody,
        response: { 200: caseShape },
      },
    },
    async ({ params, body }) => {
      const { action, note = null, unitId = null, actor = 'admin', attachments = [] } = body
      if (unitId !== null && !parts.city.units.some((unit) => unit.id === unitId))
        throw problem('UNIT_UNKNOWN')
      const result = await parts.ask('case.act', {
        caseId: params.id,
        action,
        actor,
        note,
        unitId,
        attachments,
      })
      if (!result.ok) throw refusal(result.error)
      return shapeCase(result.value, clock.now())
    },
  )
}
