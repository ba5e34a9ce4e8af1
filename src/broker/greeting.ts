import type { Duplex } from 'node:stream'
import { connectId } from './connect-id.ts'

/** What a connection began with: its first bytes, and the client id in them, if any. */
export interface Greeting {
  readonly head: Buffer
  readonly clientId: string | null
}

/** A connection that does not say so soon who it is ends (real ms), as aedes ends it. */
const GREETING_MS = 10_000

/**
 * Reads the beginning of a connection, no further than to the client id, and calls back once;
 * null: the connection ended, or said too little in time. Nothing is read after that, so that the
 * connection can be given away, if the stream asks for nothing ahead (a high-water mark of 0).
 */
export function readGreeting(
  stream: Duplex,
  packetBytes: number,
  done: (greeting: Greeting | null) => void,
): void {
  let head: Buffer = Buffer.alloc(0)
  const finish = (greeting: Greeting | null) => {
    clearTimeout(timer)
    stream.off('readable', read)
    for (const event of ENDS) stream.off(event, over)
    done(greeting)
  }
  const over = () => finish(null)
  const read = () => {
    const chunk = stream.read() as Buffer | null
    if (chunk === null) return
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    const clientId = connectId(head, packetBytes)
    if (clientId !== undefined) finish({ head, clientId })
    // Asks for the next bytes.
    else stream.read(0)
  }
  const timer = setTimeout(over, GREETING_MS)
  stream.on('readable', read)
  for (const event of ENDS) stream.on(event, over)
}

const ENDS = ['end', 'close', 'error'] as const
