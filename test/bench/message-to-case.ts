import type { Service } from '../support/service.ts'
import { watchEvents } from '../support/sse.ts'
import { quantiles } from './quantiles.ts'

/** From the sending of the reading that opens a case to the case on the event stream, in ms. */
export async function messageToCase(service: Service, samples: number, name = 'cover') {
  const events = await watchEvents(service)
  const durations: number[] = []
  for (let i = 0; i < samples; i++) {
    const device = await service.register('manhole-cover', `${name}-${i}`)
    const client = await service.connect(device)
    await service.send(client, device, { open: false, tiltDeg: 0 })
    const began = performance.now()
    const sent = service.send(client, device, { open: true, tiltDeg: 40 })
    await events.expect('case', (data) => data.deviceId === device.id)
    const told = events.received.find(
      ({ event, data }) => event === 'case' && data.deviceId === device.id,
    )
    durations.push((told?.at ?? Number.NaN) - began)
    await sent
    await client.endAsync()
  }
  events.close()
  return quantiles(durations)
}
