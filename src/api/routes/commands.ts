import { z } from 'zod'
import { COMMAND_LIFETIME } from '../../model/command.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { problem, refusal } from '../problem.ts'
import { idParams } from '../requests.ts'
import { commandShape, shapeCommand } from '../shapes.ts'

const commandBody = z.strictObject({
  name: z.string().min(1).max(64),
  params: z.record(z.string(), z.unknown()).default({}),
  lifetimeSeconds: z
    .number()
    .min(1)
    .max(7 * 86_400)
    .optional(),
})

/** Commands down to a device, and what became of them. */
export function commandRoutes(app: ApiInstance, parts: ApiParts): void {
  app.post(
    '/devices/:id/commands',
    {
      schema: {
        tags: ['devices'],
        summary: 'Send a command to a device',
        params: idParams,
        body: commandBody,
        response: { 202: commandShape },
      },
    },
    async ({ params, body }, reply) => {
      const device = await parts.state.device(params.id)
      if (device === null) throw problem('DEVICE_NOT_FOUND')
      const now = parts.clock.now()
      const lifetime =
        body.lifetimeSeconds === undefined ? COMMAND_LIFETIME : body.lifetimeSeconds * 1000
      const command = {
        id: parts.secrets.newId(),
        deviceId: device.id,
        kind: device.kind,
        name: body.name,
        params: body.params,
        state: 'sent' as const,
        createdAt: now,
        expiresAt: now + lifetime,
        endedAt: null,
        detail: null,
      }
      const result = await parts.ask('command.send', { command })
      if (!result.ok) throw refusal(result.error)
      return reply.code(202).send(shapeCommand(result.value))
    },
  )

  app.get(
    '/commands/:id',
    {
      schema: {
        tags: ['devices'],
        summary: 'Sent, acknowledged, failed or expired',
        params: idParams,
        response: { 200: commandShape },
      },
    },
    async ({ params }) => {
      const command = await parts.state.command(params.id)
      if (command === null) throw problem('COMMAND_NOT_FOUND')
      return shapeCommand(command)
    },
  )
}
