import { z } from 'zod'

/** The small messages beside telemetry: a device's status and its answers to commands. */

const text = new TextDecoder()

/** `online` or `offline`; null for anything else. */
export function decodeStatus(payload: Uint8Array): 'online' | 'offline' | null {
  const word = text.decode(payload)
  return word === 'online' || word === 'offline' ? word : null
}

const replySchema = z.object({
  id: z.string().min(1).max(64),
  ok: z.boolean(),
  detail: z.string().max(1000).nullish(),
})
/** A device's answer to a command (contract: MQTT `reply`). */
export type Reply = z.infer<typeof replySchema>

/** Reads a reply; null where it is none. */
export function decodeReply(payload: Uint8Array): Reply | null {
  try {
    return replySchema.safeParse(JSON.parse(text.decode(payload))).data ?? null
  } catch {
    return null
  }
}
