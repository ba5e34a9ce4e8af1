import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { AppError, type ErrorCode, errorInfo, type Fault } from '../model/errors.ts'
import type { Refusal } from '../processor/protocol.ts'

/** Errors as RFC 9457 problems, with a stable code and a hint in the reader's language. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly hint: string
  readonly detail?: string
  readonly errors?: readonly Fault[]
  readonly requestId: string
}

/** Ends a request with a problem. Thrown, so that a route reads as its good case. */
export function problem(
  code: ErrorCode,
  more: { detail?: string; faults?: readonly Fault[] } = {},
): AppError {
  return new AppError(code, more.detail, more.faults === undefined ? {} : { faults: more.faults })
}

/** The problem that a refusal of the processor is. */
export function refusal({ code, faults }: Refusal): AppError {
  return problem(code, faults === undefined ? {} : { faults })
}

/** Installs the handlers: every error that leaves the API is a problem. */
export function installProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = toAppError(error)
    if (known.code === 'INTERNAL') request.log.error({ err: error }, 'request failed')
    return send(reply, request, known)
  })
  app.setNotFoundHandler((request, reply) => send(reply, request, problem('ROUTE_NOT_FOUND')))
}

function toAppError(error: FastifyError): AppError {
  if (error instanceof AppError) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext ?? 'body'
    const faults = error.validation.map((issue) => ({
      path: [where, ...issue.instancePath.split('/').filter(Boolean)].join('.'),
      message: issue.message ?? 'not valid',
    }))
    return problem('VALIDATION', { faults })
  }
  if (error.statusCode === 413) return problem('BODY_TOO_LARGE')
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return problem('VALIDATION', { detail: error.message })
  }
  return new AppError('INTERNAL')
}

function send(reply: FastifyReply, request: FastifyRequest, error: AppError): FastifyReply {
  const info = errorInfo(error.code)
  const language = request.headers['accept-language']?.startsWith('zh') ? 'zh-CN' : 'en'
  const body: Problem = {
    type: `/errors/${error.code}`,
    title: info.title[language],
    status: info.status,
    code: error.code,
    hint: info.hint[language],
    ...(error.message === info.title.en ? {} : { detail: error.message }),
    ...(error.faults.length === 0 ? {} : { errors: error.faults }),
    requestId: request.id,
  }
  return reply.code(info.status).type('application/problem+json').send(JSON.stringify(body))
}
