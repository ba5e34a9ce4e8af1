import { once } from 'node:events'
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** The ports that MQTT listens on: over TCP, and over TLS where it is wanted. */
export interface MqttPorts {
  readonly host: string
  readonly port: number
  readonly tls: (TlsOptions & { readonly port: number }) | null
}

export interface OpenPorts {
  readonly address: { readonly mqtt: number; readonly mqtts: number | null }
  /** Takes no new connection; those that are there stay. */
  close(): void
}

/** Opens the ports. Rejects with the system's error where one is taken. */
export async function openPorts(
  { host, port, tls }: MqttPorts,
  serve: { readonly tcp: (socket: Socket) => void; readonly tls: (socket: Socket) => void },
  tcpOptions: ServerOpts = {},
): Promise<OpenPorts> {
  const servers: Server[] = []
  const listen = async (server: Server, on: number) => {
    server.listen({ host, port: on, backlog: 4096 })
    await once(server, 'listening')
    servers.push(server)
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : on
  }
  const mqtt = await listen(createServer(tcpOptions, serve.tcp), port)
  const mqtts = tls === null ? null : await listen(createTlsServer(tls, serve.tls), tls.port)
  return {
    address: { mqtt, mqtts },
    close() {
      for (const server of servers) server.close()
    },
  }
}
