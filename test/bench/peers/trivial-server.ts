import { createServer, type Socket } from 'node:net'

/**
 * The least a server can do: cut the stream into packets, count them, write an acknowledgement
 * for each. Whatever is faster than the load generator against it was not measured.
 */
const CONNECT = 1
const PUBLISH = 3
const CONNACK = Buffer.from([0x20, 0x02, 0x00, 0x00])

const server = createServer({ noDelay: true }, (socket) => serve(socket))
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 })
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => process.exit())

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    // A packet that has an answer is longer than its answer.
    const answers = Buffer.allocUnsafe(bytes.length + 4)
    let written = 0
    let at = 0
    for (let end = packetEnd(bytes, at); end > 0; end = packetEnd(bytes, at)) {
      const type = (bytes[at] as number) >> 4
      if (type === PUBLISH) written = acknowledge(bytes, at, answers, written)
      else if (type === CONNECT) written += CONNACK.copy(answers, written)
      at = end
    }
    rest = bytes.subarray(at)
    if (written > 0) socket.write(answers.subarray(0, written))
  })
}

/** Where the packet that begins at `at` ends; 0 where it is not there as a whole. */
function packetEnd(bytes: Buffer, at: number): number {
  let length = 0
  for (let i = 1; i <= 4; i++) {
    const digit = bytes[at + i]
    if (digit === undefined) return 0
    length += (digit & 0x7f) * 128 ** (i - 1)
    if (digit < 0x80) {
      const end = at + i + 1 + length
      return end <= bytes.length ? end : 0
    }
  }
  return 0
}

function acknowledge(bytes: Buffer, at: number, answers: Buffer, written: number): number {
  let i = at + 1
  while ((bytes[i] as number) >= 0x80) i++
  const id = i + 3 + bytes.readUInt16BE(i + 1)
  answers[written] = 0x40
  answers[written + 1] = 2
  answers[written + 2] = bytes[id] as number
  answers[written + 3] = bytes[id + 1] as number
  return written + 4
}
