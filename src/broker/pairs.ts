import { once } from 'node:events'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

/**
 * Makes pairs of connected sockets, since Node has no socketpair: one end stays, the other can be
 * given to another process. They meet at a Unix socket in a folder that is its owner's only.
 */
export class SocketPairs {
  readonly #server: Server
  readonly #path: string
  /** One pair after the other, so that the two ends are those of one connection. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  static async open(folder: string): Promise<SocketPairs> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    const path = join(folder, 'pairs.sock')
    // One is left over where the process before was killed.
    rmSync(path, { force: true })
    const server = createServer({ pauseOnConnect: true })
    server.listen(path)
    await once(server, 'listening')
    return new SocketPairs(server, path)
  }

  /** The end that stays, and the paused one that is given away. */
  make(): Promise<readonly [stays: Socket, given: Socket]> {
    const made = this.#last.then(() => this.#connect())
    this.#last = made.catch(() => {})
    return made
  }

  close(): void {
    this.#server.close()
  }

  async #connect(): Promise<readonly [Socket, Socket]> {
    const accepted = once(this.#server, 'connection') as Promise<[Socket]>
    const stays = connect({ path: this.#path, allowHalfOpen: true })
    // A connection that ends early is seen by whoever uses it.
    stays.on('error', () => {})
    await once(stays, 'connect')
    const [given] = await accepted
    return [stays, given]
  }
}
