import { isoUtc } from '../../model/time.ts'
import type { LiveEvent } from '../../processor/protocol.ts'
import type { ApiInstance } from '../instance.ts'
import type { ApiParts } from '../ports.ts'
import { shapeAlertEvent, shapeCase, shapeDelivery, shapeDevice } from '../shapes.ts'

/** A line every so often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000
/** A watcher that does not read is let go: it comes back and loads the lists again. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024

/** Server-sent events: `case`, `alert`, `device`, `delivery`, and a sample of `reading`. */
export function eventRoutes(app: ApiInstance, parts: ApiParts): void {
  app.get(
    '/events',
    {
      schema: {
        tags: ['events'],
        summary: 'Server-sent events: reading (sampled), alert, case, device, delivery',
      },
    },
    (request, reply) => {
      reply.hijack()
      const stream = reply.raw
      stream.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
      })
      stream.write(': curbwatch\n\n')
      const unwatch = parts.watch((event) => {
        if (stream.writableLength > MAX_WAITING_BYTES) stream.destroy()
        else stream.write(frame(event, parts))
      })
      const heartbeat = setInterval(() => stream.write(': \n\n'), HEARTBEAT_MS)
      request.raw.on('close', () => {
        clearInterval(heartbeat)
        unwatch()
      })
    },
  )
}

function frame(event: LiveEvent, parts: ApiParts): string {
  const name = event.type === 'device-removed' ? 'device' : event.type
  return `event: ${name}\ndata: ${JSON.stringify(shape(event, parts))}\n\n`
}

function shape(event: LiveEvent, parts: ApiParts): unknown {
  switch (event.type) {
    case 'case':
      return shapeCase(event.data, parts.clock.now())
    case 'alert':
      return shapeAlertEvent(event.data)
    case 'device':
      return shapeDevice(event.data)
    case 'delivery':
      return shapeDelivery(event.data)
    case 'device-removed':
      return { ...event.data, deleted: true }
    case 'reading': {
      const { deviceId, kind, ts, fields } = event.data
      return { deviceId, kind, ts: isoUtc(ts), fields }
    }
  }
}
