import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'

/** MQTT over WebSocket on the HTTP port: path `/mqtt`, subprotocol `mqtt` ([MQTT-6.0.0-3]). */
export function serveWebSockets(
  http: Server,
  maxBytes: number,
  serve: (connection: Duplex, remote: string | null) => void,
): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBytes,
    handleProtocols: (protocols) => (protocols.has('mqtt') ? 'mqtt' : false),
  })
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Whoever connects decides what is in the address, and may be gone before the answer.
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?', 1)[0] !== '/mqtt') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      serve(createWebSocketStream(ws), request.socket.remoteAddress ?? null)
    })
  })
}
