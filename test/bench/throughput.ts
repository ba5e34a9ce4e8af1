import { Publisher } from '../support/publisher.ts'
import { ADMIN_TOKEN, type Doc, type Registered, type Service } from '../support/service.ts'
import { loadDevice, READINGS } from './readings.ts'

/** A fleet of the six kinds, and the load that it makes: realistic readings, QoS 1, a window. */
const WINDOW = 20

export async function registerFleet(service: Service, size: number): Promise<Registered[]> {
  const rows = Array.from({ length: size }, (_, i) => loadDevice(i))
  const { body } = await service.request('POST', '/api/v1/devices/import', {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/x-ndjson' },
    body: rows.map((row) => JSON.stringify(row)).join('\n'),
  })
  const secrets = new Map<string, string>(body.accepted.map((one: Doc) => [one.id, one.secret]))
  return rows.map((row) => ({ ...row, secret: secrets.get(row.id) as string }))
}

/**
 * Publishes so many messages over all devices; closed loop, window of WINDOW a connection.
 * `stage`: they go on after `from` messages of a run that began at `start`.
 */
export async function drive(
  port: number,
  fleet: readonly Registered[],
  messages: number,
  stage: { start: number; from: number } | null = null,
): Promise<{ perSecond: number }> {
  const each = Math.floor(messages / fleet.length)
  const past = stage === null ? 0 : Math.floor(stage.from / fleet.length)
  const start = (stage?.start ?? Date.now() - each * 5) + past * 5
  const began = performance.now()
  const publishers = fleet.map((device, i) => {
    const count = each + (i < messages - each * fleet.length ? 1 : 0)
    const reading = READINGS[device.kind] as (n: number) => object
    const payload = (n: number) =>
      n > count ? null : JSON.stringify({ ts: start + n * 5, seq: past + n, ...reading(n) })
    return new Publisher({ port, device, window: WINDOW, payload })
  })
  await Promise.all(publishers.map((publisher) => publisher.until((one) => one.done)))
  const seconds = (performance.now() - began) / 1000
  for (const publisher of publishers) publisher.stop()
  return { perSecond: messages / seconds }
}
