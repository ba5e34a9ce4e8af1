/**
 * Finds the client id in the beginning of a connection, without taking the packet apart any
 * further: MQTT 3.1.1, 3.1 has it first in the payload of CONNECT. Looks at 83 bytes at the most.
 */

const CONNECT = 0x10
/** `MQTT`, or `MQIsdp` of version 3.1. */
const PROTOCOL_NAME_BYTES = [4, 6]
/** Version 5 has properties of any length in between; no version but these is served. */
const LEVELS = [3, 4]
/** Level, flags, keepalive. */
const BETWEEN = 4
/** Of a device's id. */
const ID_BYTES = 64

/**
 * The client id; null: there is none to be found, or the packet is announced to be larger than
 * `limit`; undefined: more bytes are needed to say.
 */
export function connectId(bytes: Uint8Array, limit: number): string | null | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== CONNECT) return null
  const body = bodyStart(bytes, limit)
  if (body === null || body === undefined) return body
  const nameBytes = lengthAt(bytes, body)
  if (nameBytes === undefined) return undefined
  if (!PROTOCOL_NAME_BYTES.includes(nameBytes)) return null
  const level = bytes[body + 2 + nameBytes]
  if (level === undefined) return undefined
  if (!LEVELS.includes(level & 0x7f)) return null
  const at = body + 2 + nameBytes + BETWEEN
  const idBytes = lengthAt(bytes, at)
  if (idBytes === undefined) return undefined
  if (idBytes > ID_BYTES) return null
  const end = at + 2 + idBytes
  return bytes.length < end ? undefined : new TextDecoder().decode(bytes.subarray(at + 2, end))
}

/** Where the fixed header ends: the remaining length has one to four bytes, seven bits each. */
function bodyStart(bytes: Uint8Array, limit: number): number | null | undefined {
  let length = 0
  for (let at = 1; at <= 4; at++) {
    const byte = bytes[at]
    length += ((byte ?? 0) & 0x7f) << (7 * (at - 1))
    if (length > limit) return null
    if (byte === undefined) return undefined
    if (byte < 0x80) return at + 1
  }
  return null
}

function lengthAt(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]]
  return high === undefined || low === undefined ? undefined : high * 256 + low
}
