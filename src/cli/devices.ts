import { readFileSync } from 'node:fs'
import { call } from './client.ts'
import type { Environment } from './environment.ts'

interface ImportAnswer {
  readonly accepted: readonly { readonly id: string; readonly secret: string }[]
  readonly rejected: readonly {
    readonly row: number
    readonly id: string | null
    readonly code: string
    readonly message: string
  }[]
}

/** `devices import`: secrets as CSV on stdout, faults on stderr. */
export async function importDevices(env: Environment, file: string): Promise<number> {
  const type = file.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson'
  const answer = (await call(env, 'POST', '/devices/import', {
    type,
    content: readFileSync(file, 'utf8'),
  })) as ImportAnswer
  process.stdout.write('id,secret\n')
  for (const { id, secret } of answer.accepted) process.stdout.write(`${id},${secret}\n`)
  for (const { row, id, code, message } of answer.rejected) {
    process.stderr.write(`row ${row}${id === null ? '' : ` (${id})`}: ${code}: ${message}\n`)
  }
  process.stderr.write(`${answer.accepted.length} registered, ${answer.rejected.length} refused\n`)
  return answer.rejected.length === 0 ? 0 : 1
}

interface DevicePage {
  readonly items: readonly {
    readonly id: string
    readonly kind: string
    readonly online: boolean
    readonly name: string
  }[]
  readonly nextCursor: string | null
}

/** `devices list`: id, kind, online, name; one a line. */
export async function listDevices(env: Environment, options: { kind?: string }): Promise<number> {
  const query = new URLSearchParams({
    limit: '500',
    ...(options.kind ? { kind: options.kind } : {}),
  })
  for (let more = true; more; ) {
    const page = (await call(env, 'GET', `/devices?${query}`)) as DevicePage
    for (const { id, kind, online, name } of page.items) {
      process.stdout.write(`${id}\t${kind}\t${online ? 'online' : 'offline'}\t${name}\n`)
    }
    more = page.nextCursor !== null
    query.set('cursor', page.nextCursor ?? '')
  }
  return 0
}

/** `devices rotate-secret`: prints the new secret. */
export async function rotateSecret(env: Environment, id: string): Promise<number> {
  const answer = (await call(env, 'POST', `/devices/${encodeURIComponent(id)}/rotate-secret`)) as {
    secret: string
  }
  process.stdout.write(`${answer.secret}\n`)
  return 0
}
