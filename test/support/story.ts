import type { MqttClient } from 'mqtt'
import { eventually } from './eventually.ts'
import type { Doc, Registered, Service } from './service.ts'

/** Beginnings that many specifications share. */

export interface Flooded {
  readonly device: Registered
  readonly client: MqttClient
  readonly id: string
}

/** Three readings of a depth, stamped at receipt: what it takes to raise a level. */
export async function flood(
  service: Service,
  client: MqttClient,
  device: Registered,
  depthCm: number,
): Promise<void> {
  for (let i = 0; i < 3; i++) await service.send(client, device, { depthCm })
}

/** A waterlogging device whose water stands at 18 cm, and the case of it. */
export async function openCase(service: Service, more: object = {}): Promise<Flooded> {
  const device = await service.register('waterlogging', undefined, more)
  const client = await service.connect(device)
  await flood(service, client, device, 18)
  const opened = await caseOf(service, device)
  return { device, client, id: opened.id }
}

/** Waits for the device's newest case. */
export function caseOf(service: Service, device: Registered): Promise<Doc> {
  return eventually(async () => (await service.list(`/cases?deviceId=${device.id}`))[0])
}

/** An action that must be allowed; gives the case after it. */
export async function act(service: Service, id: string, action: string, more: object = {}) {
  const { status, body } = await service.api('POST', `/cases/${id}/actions`, { action, ...more })
  if (status !== 200) throw new Error(`${action}: ${status} ${JSON.stringify(body)}`)
  return body as Doc
}
