import { parseEnv } from 'node:util'
import { ENV_NAMES, type EnvName, freshSecret } from './env-names.ts'

/** The text of `.env`: what to add to it, and nothing of what it has is lost. Pure but for chance. */
export interface EnvChange {
  readonly content: string
  /** Names that got a value. */
  readonly made: readonly string[]
  readonly kept: readonly string[]
  /** Secrets that had a value and got another. */
  readonly replaced: readonly string[]
}

const HEADER = `# docker compose 的设置，由 curbwatch stack env 生成。含密码，请勿提交或外传。
# Settings of docker compose, made by \`curbwatch stack env\`. Passwords: keep it to yourself.
`

/** `former`: the file as it is, null where there is none; `force`: new secrets for old ones. */
export function changeEnv(former: string | null, force: boolean): EnvChange {
  const had = parseEnv(former ?? '') as Record<string, string>
  const made: string[] = []
  const kept: string[] = []
  const replaced: string[] = []
  let content = former ?? HEADER
  for (const one of ENV_NAMES) {
    const value = had[one.name] ?? ''
    const renew = force && one.value === null
    if (value !== '' && !renew) {
      kept.push(one.name)
      continue
    }
    ;(value === '' ? made : replaced).push(one.name)
    content = put(content, one, one.value ?? freshSecret())
  }
  return { content, made, kept, replaced }
}

/** In the place of the line that is there, or at the end with its explanation. */
function put(content: string, { name, about }: EnvName, value: string): string {
  const line = new RegExp(`^[ \\t]*(export[ \\t]+)?${name}[ \\t]*=.*$`, 'gm')
  if (line.test(content)) return content.replace(line, () => `${name}=${value}`)
  const gap = content === '' || content.endsWith('\n') ? '' : '\n'
  return `${content}${gap}\n# ${about['zh-CN']}\n# ${about.en}\n${name}=${value}\n`
}
