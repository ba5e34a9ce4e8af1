import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod'
import { requireToken } from './auth.ts'
import { typed } from './instance.ts'
import type { ApiParts } from './ports.ts'
import { installProblems } from './problem.ts'
import { alertRoutes } from './routes/alerts.ts'
import { caseRoutes } from './routes/cases.ts'
import { cityRoutes } from './routes/city.ts'
import { commandRoutes } from './routes/commands.ts'
import { deliveryRoutes, webhookRoutes } from './routes/deliveries.ts'
import { deviceRoutes } from './routes/devices.ts'
import { errorRoutes } from './routes/errors.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { importRoutes } from './routes/import.ts'
import { kindRoutes } from './routes/kinds.ts'
import { ledgerRoutes } from './routes/ledger.ts'
import { quarantineRoutes } from './routes/quarantine.ts'
import { readingRoutes } from './routes/readings.ts'
import { refusedRoutes } from './routes/refused.ts'
import { ruleRoutes } from './routes/rules.ts'

const CONSOLE = new URL('../console/', import.meta.url)

/**
 * The HTTP side: API, its documentation, the console's files. The caller listens; `logger` is the
 * service's own.
 */
export async function createApi(
  parts: ApiParts,
  logger: FastifyBaseLogger,
): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Bodies are parsed on the thread that acknowledges; only the import takes more.
    bodyLimit: 1024 * 1024,
    forceCloseConnections: true,
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  installProblems(app)
  securityHeaders(app)
  await document(app)
  await app.register(async (open) => {
    healthRoutes(typed(open), parts)
    errorRoutes(typed(open))
  })
  await app.register(
    async (api) => {
      requireToken(api, parts.token)
      const routes = typed(api)
      for (const install of ROUTES) install(routes, parts)
    },
    { prefix: '/api/v1' },
  )
  await app.register(async (signed) => webhookRoutes(typed(signed), parts), { prefix: '/api/v1' })
  await app.register(fastifyStatic, {
    root: fileURLToPath(CONSOLE),
    prefix: '/console/',
    index: false,
  })
  // A case has an address that can be passed on; the page reads it from there.
  for (const address of ['/', '/cases/:id']) {
    app.get(address, { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html'))
  }
  return app
}

const ROUTES = [
  kindRoutes,
  cityRoutes,
  importRoutes,
  deviceRoutes,
  readingRoutes,
  alertRoutes,
  ruleRoutes,
  caseRoutes,
  quarantineRoutes,
  commandRoutes,
  ledgerRoutes,
  refusedRoutes,
  deliveryRoutes,
  eventRoutes,
]

function securityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('Referrer-Policy', 'no-referrer')
    // The documentation brings its own inline styles; everything of ours keeps to its files.
    if (!request.url.startsWith('/docs')) {
      reply.header(
        'Content-Security-Policy',
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
      )
    }
  })
}

async function document(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'curbwatch',
        version: '1',
        description: 'Street sensors in, closed urban-management cases out.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list' },
    logo: { type: 'image/svg+xml', content: readFileSync(new URL('icon.svg', CONSOLE)), href: '/' },
    theme: { title: 'curbwatch API' },
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
}
