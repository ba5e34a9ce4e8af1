import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, settingsFrom } from './environment.ts'

/** Speaks to the running service, with the token that the data directory holds. */
export async function call(
  env: Environment,
  method: string,
  path: string,
  body?: { type: string; content: string },
): Promise<unknown> {
  const settings = settingsFrom(env)
  const { CURBWATCH_HTTP_HOST: host, CURBWATCH_HTTP_PORT: port, CURBWATCH_DATA_DIR: dir } = settings
  const kept = join(dir, 'admin-token')
  const token =
    settings.CURBWATCH_ADMIN_TOKEN ?? (existsSync(kept) ? readFileSync(kept, 'utf8').trim() : null)
  if (token === null)
    throw new Error(`no token: set CURBWATCH_ADMIN_TOKEN, or run where ${kept} is`)
  const url = `http://${host}:${port}/api/v1${path}`
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': body.type }),
    },
    ...(body === undefined ? {} : { body: body.content }),
  }).catch((error: Error) => {
    throw new Error(
      `no service answers at ${url}: ${(error.cause as Error | undefined)?.message ?? error.message}`,
    )
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} was refused: ${text}`)
  return text === '' ? null : JSON.parse(text)
}
