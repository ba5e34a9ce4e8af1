import { createApi } from '../api/server.ts'
import { DEMO_CITY, loadCity } from '../catalog/city.ts'
import type { DeviceKind } from '../model/device-kind.ts'
import { createLogger } from '../ops/logger.ts'
import { createMetrics } from '../ops/metrics.ts'

/** docs/openapi.json: the API as it describes itself. It is built, never asked. */
export async function openapiPage(kinds: readonly DeviceKind[]): Promise<string> {
  const city = await loadCity(DEMO_CITY)
  if (!city.ok) throw new Error('the bundled city is not valid')
  const unused = new Proxy({}, { get: notAsked }) as never
  const api = await createApi(
    {
      token: 'unused',
      webhookSecret: null,
      city: city.value,
      kinds,
      state: unused,
      telemetry: unused,
      clock: { now: () => 0, real: () => 0, speed: 1 },
      secrets: { create: () => '', hash: () => '', newId: () => '' },
      metrics: createMetrics().registry,
      ask: () => Promise.reject(new Error('not asked')),
      troubles: () => [],
      warnings: () => [],
      replay: () => Promise.reject(new Error('not asked')),
      delivered: () => {},
      watch: () => () => {},
    },
    createLogger('silent', false),
  )
  await api.ready()
  const document = api.swagger()
  await api.close()
  return `${JSON.stringify(document, null, 2)}\n`
}

function notAsked(): never {
  throw new Error('the stores are not asked while the API is described')
}
