import { type Instant, parseIso } from '../src/model/time.ts'

/**
 * How a virtual device answers a command (contract: MQTT): it does what it is told, unless it is
 * too late. Commands do not act on the physics; the reply is what the service is tested with.
 */
export interface Reply {
  readonly id: string
  readonly ok: boolean
  readonly detail: string
}

/** The reply to a command's payload; null where it is no command that could be answered. */
export function answer(payload: string, now: Instant): Reply | null {
  const command = parse(payload)
  if (command === null) return null
  const { id, name, params, expiresAt } = command
  const expiry = typeof expiresAt === 'string' ? parseIso(expiresAt) : expiresAt
  if (typeof expiry === 'number' && expiry < now) {
    return { id, ok: false, detail: `${name}: expired before it arrived` }
  }
  const how = params === undefined ? '' : ` ${JSON.stringify(params)}`
  return { id, ok: true, detail: `${name}${how}: done (virtual device)` }
}

interface Command {
  readonly id: string
  readonly name: string
  readonly params?: unknown
  readonly expiresAt?: unknown
}

function parse(payload: string): Command | null {
  try {
    const value = JSON.parse(payload)
    return typeof value?.id === 'string' && typeof value.name === 'string' ? value : null
  } catch {
    return null
  }
}
