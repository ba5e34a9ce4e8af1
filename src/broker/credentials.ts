import type { ErrorCode } from '../model/errors.ts'
import { cellOf, ONE_CELL, type Partition } from '../model/partition.ts'
import { fail, ok, type Result } from '../model/result.ts'
import type { Identity } from './port.ts'

/** What the door knows of a device. */
export interface DoorEntry {
  readonly id: string
  readonly kind: string
  readonly secretHash: string
  readonly enabled: boolean
}

/** The list at the door: who may connect, kept in memory and in step with every commit. */
export class Credentials {
  readonly #entries = new Map<string, DoorEntry>()
  readonly #matches: (secret: Uint8Array, hash: string) => boolean

  readonly #partition: Partition

  constructor(
    matches: (secret: Uint8Array, hash: string) => boolean,
    partition: Partition = ONE_CELL,
  ) {
    this.#matches = matches
    this.#partition = partition
  }

  set(entry: DoorEntry): void {
    this.#entries.set(entry.id, entry)
  }

  remove(deviceId: string): void {
    this.#entries.delete(deviceId)
  }

  /** Checks a device's credentials; the answer does not tell which part was wrong. */
  authenticate(
    clientId: string,
    username: string | undefined,
    password: Uint8Array | undefined,
  ): Result<Identity, ErrorCode> {
    if (username === undefined || password === undefined) return fail('CREDENTIALS_WRONG')
    // A user of another cell is not known here; its own client id would have led it there.
    if (!this.#isOurs(username)) return fail('CLIENT_ID_MISMATCH')
    const entry = this.#entries.get(username)
    if (entry === undefined || !entry.enabled || !this.#matches(password, entry.secretHash)) {
      return fail('CREDENTIALS_WRONG')
    }
    if (clientId !== username) return fail('CLIENT_ID_MISMATCH')
    return ok({ id: entry.id, kind: entry.kind })
  }

  #isOurs(deviceId: string): boolean {
    const { cell, of } = this.#partition
    return of === 1 || cellOf(deviceId, of) === cell
  }
}
