import { z } from 'zod'
import type { DeviceOutcome } from '../../processor/protocol.ts'
import { buildDevice, completePlace, createSchema, patchSchema } from '../device-input.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem, refusal } from '../problem.ts'
import { flagQuery, idParams, pageQuery, readPage, writePage } from '../requests.ts'
import { deviceShape, newDevice, pageShape, shapeDevice } from '../shapes.ts'

const withSecret = z.object({
  device: deviceShape,
  secret: z.string().describe("The device's MQTT password. Shown this once"),
})

/** Registered devices. Every change goes through the processor, the one writer. */
export function deviceRoutes(app: ApiInstance, parts: ApiParts): void {
  const { state, secrets } = parts

  app.post(
    '/devices',
    {
      schema: {
        tags: ['devices'],
        summary: 'Register a device',
        body: createSchema,
        response: { 201: withSecret },
      },
    },
    async ({ body }, reply) => {
      const secret = secrets.create()
      const built = buildDevice(parts, body, secrets.hash(secret))
      if (!built.ok) throw problem(built.error)
      const [outcome] = (await parts.ask('device.create', { devices: [built.value] })) as [
        DeviceOutcome,
      ]
      if (!outcome.ok) throw refusal(outcome.error)
      return reply.code(201).send({ device: shapeDevice(newDevice(outcome.value)), secret })
    },
  )

  const listQuery = z.object({
    ...pageQuery,
    kind: z.string().optional(),
    gridCode: z.string().optional(),
    online: flagQuery,
    q: z.string().min(1).max(100).optional().describe('Part of the id or the name'),
  })
  app.get(
    '/devices',
    {
      schema: {
        tags: ['devices'],
        summary: 'Devices, by id',
        querystring: listQuery,
        response: { 200: pageShape(deviceShape) },
      },
    },
    async ({ query }) => writePage(await state.devices(query, readPage(query)), shapeDevice),
  )

  app.get(
    '/devices/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'A device',
        params: idParams,
        response: { 200: deviceShape },
      },
    },
    async ({ params }) => shapeDevice(await find(params.id)),
  )

  app.patch(
    '/devices/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'Change a device; ruleOverrides switches or tunes rules for it alone',
        params: idParams,
        body: patchSchema,
        response: { 200: deviceShape },
      },
    },
    async ({ params, body }) => {
      const present = await find(params.id)
      const moved = body.lat !== undefined || body.lon !== undefined
      // A device that moved to another place is found again, unless its grid is named.
      const gridCode = body.gridCode !== undefined ? body.gridCode : moved ? null : present.gridCode
      const place = completePlace(parts, { ...present, ...defined(body), gridCode })
      if (!place.ok) throw problem(place.error)
      const patch = { ...defined(body), ...place.value }
      const result = await parts.ask('device.update', { id: params.id, patch })
      if (!result.ok) throw refusal(result.error)
      return shapeDevice(await find(params.id))
    },
  )

  app.delete(
    '/devices/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'Remove a device; its cases and readings stay',
        params: idParams,
        response: { 204: z.null() },
      },
    },
    async ({ params }, reply) => {
      const result = await parts.ask('device.delete', { id: params.id })
      if (!result.ok) throw refusal(result.error)
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/devices/:id/rotate-secret',
    {
      schema: {
        tags: ['devices'],
        summary: 'Give a device a new secret; its connection is ended',
        params: idParams,
        response: { 200: withSecret },
      },
    },
    async ({ params }) => {
      const secret = secrets.create()
      const patch = { secretHash: secrets.hash(secret) }
      const result = await parts.ask('device.update', { id: params.id, patch })
      if (!result.ok) throw refusal(result.error)
      return { device: shapeDevice(await find(params.id)), secret }
    },
  )

  async function find(id: string) {
    const device = await state.device(id)
    if (device === null) throw problem('DEVICE_NOT_FOUND')
    return device
  }
}

/** Without the keys that were not given: they must not overwrite. */
function defined<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  ) as never
}
