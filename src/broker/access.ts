import { CHANNELS, parseTopic } from '../model/topics.ts'
import type { BrokerMessage, Identity } from './port.ts'

/** A finite list: a device cannot fill the memory with filters that match nothing. */
const LAST_LEVELS: ReadonlySet<string> = new Set([...CHANNELS, '+', '#'])

/** What a device may do with a topic: its own, and only upwards what goes up. */

/** The message that a device publishes, or null where the topic is not its own. */
export function ownMessage(
  device: Identity,
  topic: string,
): Pick<BrokerMessage, 'kind' | 'deviceId' | 'channel' | 'topic'> | null {
  const parsed = parseTopic(topic)
  if (parsed === null || parsed.channel === 'command') return null
  if (parsed.deviceId !== device.id || parsed.kind !== device.kind) return null
  return { kind: parsed.kind, deviceId: parsed.deviceId, channel: parsed.channel, topic }
}

/** Whether a device may subscribe: a filter that can match its own topics only. */
export function maySubscribe(device: Identity, filter: string): boolean {
  const levels = filter.split('/')
  const [version, kind, id, ...rest] = levels
  return (
    version === 'v1' &&
    kind === device.kind &&
    id === device.id &&
    rest.length === 1 &&
    LAST_LEVELS.has(rest[0] as string)
  )
}
