import type { Service } from '../support/service.ts'
import { quantiles } from './quantiles.ts'

/** How long one QoS 1 message waits for its PUBACK when nothing else is going on, in ms. */
export async function idleAck(service: Service, samples: number) {
  const device = await service.register('waterlogging', 'idle')
  const client = await service.connect(device)
  const durations: number[] = []
  for (let i = 0; i < samples + 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25))
    const began = performance.now()
    await service.send(client, device, { depthCm: (i % 10) / 10, seq: i })
    // The first ones warm the code up.
    if (i >= 10) durations.push(performance.now() - began)
  }
  await client.endAsync()
  return quantiles(durations)
}
