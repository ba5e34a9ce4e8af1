import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { problem } from './problem.ts'

/** The bearer token at every call of the API; compared in constant time. */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = digest(token)
  app.addHook('onRequest', async (request, reply) => {
    const [scheme, given] = (request.headers.authorization ?? '').split(' ')
    if (scheme?.toLowerCase() === 'bearer' && given && timingSafeEqual(digest(given), expected))
      return
    reply.header('WWW-Authenticate', 'Bearer')
    throw problem('UNAUTHORIZED')
  })
}

// Digests are of one length, which timingSafeEqual asks for.
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
