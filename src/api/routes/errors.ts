import { z } from 'zod'
import { errorInfo, isErrorCode } from '../../model/errors.ts'
import type { ApiInstance } from '../instance.ts'
import { problem } from '../problem.ts'
import { textShape } from '../shapes.ts'

const errorShape = z.object({
  code: z.string(),
  status: z.number(),
  retryable: z.boolean(),
  title: textShape,
  hint: textShape,
})

/** What a problem's `type` leads to: the code in words. Without a token. */
export function errorRoutes(app: ApiInstance): void {
  app.get(
    '/errors/:code',
    {
      schema: {
        tags: ['service'],
        summary: 'An error code in words, in both languages',
        security: [],
        params: z.object({ code: z.string() }),
        response: { 200: errorShape },
      },
    },
    async ({ params: { code } }) => {
      if (!isErrorCode(code)) throw problem('ROUTE_NOT_FOUND')
      return { code, ...errorInfo(code) }
    },
  )
}
