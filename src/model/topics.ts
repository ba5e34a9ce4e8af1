import { isDeviceId } from './ids.ts'

/** The four channels of a device (contract: MQTT). Three go up, `command` goes down. */
export const CHANNELS = ['telemetry', 'status', 'command', 'reply'] as const
export type Channel = (typeof CHANNELS)[number]

export interface DeviceTopic {
  readonly kind: string
  readonly deviceId: string
  readonly channel: Channel
}

const VERSION = 'v1'

/** Builds `v1/{kind}/{deviceId}/{channel}`. */
export function deviceTopic(kind: string, deviceId: string, channel: Channel): string {
  return `${VERSION}/${kind}/${deviceId}/${channel}`
}

/** Reads a topic; null where it is not one of ours. Never throws: the text comes from the wire. */
export function parseTopic(topic: string): DeviceTopic | null {
  const parts = topic.split('/', 5)
  if (parts.length !== 4 || parts[0] !== VERSION) return null
  const [, kind, deviceId, channel] = parts as [string, string, string, string]
  if (kind === '' || !isDeviceId(deviceId)) return null
  return CHANNELS.includes(channel as Channel)
    ? { kind, deviceId, channel: channel as Channel }
    : null
}
