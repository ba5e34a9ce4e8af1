import { SimulationError } from './failure.ts'
import type { PlacedDevice } from './place.ts'
import type { Service } from './service.ts'

/**
 * Makes the service know the fleet: all devices in one import, and a new secret for those it knew
 * before. After it, every device has a secret that is good.
 */

/** Secrets rotated at the same time. */
const PARALLEL = 16

/** Registers the devices; their secrets by id. */
export async function registerDevices(
  service: Pick<Service, 'post'>,
  devices: readonly PlacedDevice[],
): Promise<ReadonlyMap<string, string>> {
  const lines = devices.map((device) => JSON.stringify(rowOf(device))).join('\n')
  const answer = readAnswer(await service.post('/devices/import', `${lines}\n`))
  const refused = answer.rejected.filter((row) => row.code !== 'DEVICE_EXISTS')
  if (refused.length > 0) throw refusedRows(refused, devices.length)
  const secrets = new Map(answer.accepted.map(({ id, secret }) => [id, secret]))
  const known = devices.map(({ id }) => id).filter((id) => !secrets.has(id))
  await inParallel(known, PARALLEL, async (id) => {
    secrets.set(id, readSecret(id, await service.post(`/devices/${id}/rotate-secret`)))
  })
  return secrets
}

function rowOf({ id, kind, name, gridCode, attributes, site }: PlacedDevice): object {
  return { id, kind, name, lat: site.lat, lon: site.lon, gridCode, attributes }
}

interface RejectedRow {
  readonly row: number
  readonly id: string | null
  readonly code: string
  readonly message: unknown
}
interface ImportAnswer {
  readonly accepted: readonly { readonly id: string; readonly secret: string }[]
  readonly rejected: readonly RejectedRow[]
}

function readAnswer(value: unknown): ImportAnswer {
  const answer = Object(value)
  if (Array.isArray(answer.accepted) && Array.isArray(answer.rejected)) return answer
  throw wrongAnswer('/devices/import answers neither accepted nor rejected devices')
}

function readSecret(id: string, value: unknown): string {
  const { secret } = Object(value)
  if (typeof secret === 'string') return secret
  throw wrongAnswer(`/devices/${id}/rotate-secret answers no secret`)
}

function wrongAnswer(message: string): SimulationError {
  return new SimulationError(message, 'fleet and service must be of the same version')
}

function refusedRows(rows: readonly RejectedRow[], total: number): SimulationError {
  const shown = rows.slice(0, 3).map(({ id, row, code, message }) => {
    const said = typeof message === 'string' ? message : JSON.stringify(message)
    return `${id ?? `row ${row}`}: ${code} ${said}`
  })
  return new SimulationError(
    `the service refuses ${rows.length} of ${total} devices: ${shown.join('; ')}`,
    'it must know these kinds and grids: is it of the same version as the fleet?',
  )
}

/** Runs the task for every item, so many at a time. */
async function inParallel<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const work = async () => {
    for (const item of waiting) await task(item)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
}
