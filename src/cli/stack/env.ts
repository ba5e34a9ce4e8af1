import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { parseEnv } from 'node:util'
import { AppError } from '../../model/errors.ts'
import type { Language } from '../../model/text.ts'
import { realTime } from '../../ops/clock.ts'
import type { Environment } from '../environment.ts'
import { changeEnv, type EnvChange } from './env-file.ts'
import { languageOf } from './language.ts'

/**
 * `stack env`: writes the `.env` that docker-compose.yml needs. What the file has is kept; only
 * what is missing is added.
 */
export interface EnvOptions {
  readonly file: string
  readonly force?: boolean
  readonly lang?: string
}

export function writeEnv(env: Environment, options: EnvOptions): number {
  const language = languageOf(options.lang, env)
  const exists = existsSync(options.file)
  // The file itself, where the name is a link to it.
  const file = exists ? realpathSync(options.file) : options.file
  const former = exists ? read(file) : null
  const change = changeEnv(former, options.force === true)
  const copy = change.replaced.length > 0 && former !== null ? keepFormer(file, former) : null
  if (change.content !== former) write(file, change.content)
  else if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  process.stdout.write(told(change, options.file, exists, language))
  if (copy !== null) process.stderr.write(warning(change, copy, language))
  process.stdout.write(nextSteps(change.content, options.file, language))
  return 0
}

function read(file: string): string {
  if (!statSync(file).isFile()) {
    throw new AppError('SETTINGS_INVALID', undefined, {
      faults: [{ path: '--file', message: `${file} is not a file` }],
    })
  }
  return readFileSync(file, 'utf8')
}

/** Under its name at once or not at all: half a file would be lost passwords. */
function write(file: string, content: string): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, content, { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, file)
}

/** InfluxDB and Grafana may still go by the former secrets: they must not be lost. */
function keepFormer(file: string, former: string): string {
  const copy = `${file}.${new Date(realTime()).toISOString().replaceAll(/\D/g, '').slice(0, 14)}`
  write(copy, former)
  return copy
}

function told(change: EnvChange, file: string, existed: boolean, language: Language): string {
  const zh = language === 'zh-CN'
  const lines: string[] = []
  const say = (names: readonly string[], chinese: string, english: string) => {
    if (names.length > 0) lines.push(`${zh ? chinese : english}${names.join(', ')}`)
  }
  if (!existed)
    lines.push(zh ? `已写入 ${file}（仅本人可读）` : `${file} is written, for your eyes only`)
  else if (change.made.length + change.replaced.length === 0)
    lines.push(zh ? `${file} 已完整，未改动` : `${file} is complete, nothing was changed`)
  else {
    say(change.kept, `${file} 保留：`, `${file} keeps `)
    say(change.made, '新增：', 'added: ')
    say(change.replaced, '已更换：', 'replaced: ')
  }
  return `${lines.join('\n')}\n`
}

function warning({ replaced }: EnvChange, copy: string, language: Language): string {
  const stays = replaced.filter((name) => /^(INFLUX_ADMIN|GRAFANA_ADMIN)/.test(name)).join(', ')
  return language === 'zh-CN'
    ? `
!! 已启动过的 InfluxDB 和 Grafana 在各自的数据卷中保留原来的密码和令牌：
!! ${stays} 在那里不会随之改变。
!! 原文件保存在 ${copy}。若要继续用原数据，请恢复这几行，或在两者中分别修改：
!!   docker compose exec grafana grafana cli admin reset-admin-password --password-from-stdin
!!   InfluxDB：登录其界面修改密码；令牌不能修改，只能恢复原来的一行
!! 完成后重新运行 docker compose up -d。

`
    : `
!! InfluxDB and Grafana, once started, keep the former passwords and tokens in their volumes:
!! ${stays} do not change there.
!! The former file is ${copy}. To go on with the data there is, bring these lines back, or
!! change them in both:
!!   docker compose exec grafana grafana cli admin reset-admin-password --password-from-stdin
!!   InfluxDB: the password in its own pages; a token cannot be changed, bring its line back
!! Then run docker compose up -d again.

`
}

function nextSteps(content: string, file: string, language: Language): string {
  const { CONSOLE_URL, GRAFANA_URL } = parseEnv(content)
  const compose = file === '.env' ? 'docker compose' : `docker compose --env-file ${file}`
  const check = file === '.env' ? 'stack check' : `stack check --file ${file}`
  return language === 'zh-CN'
    ? `
下一步：
  ${compose} up -d
  npx curbwatch ${check} --lang zh-CN

Grafana   ${GRAFANA_URL}   用户 admin，密码见 ${file} 的 GRAFANA_ADMIN_PASSWORD
控制台    ${CONSOLE_URL}   令牌见 ${file} 的 CURBWATCH_ADMIN_TOKEN
`
    : `
Next:
  ${compose} up -d
  npx curbwatch ${check}

Grafana   ${GRAFANA_URL}   user admin, password: GRAFANA_ADMIN_PASSWORD in ${file}
console   ${CONSOLE_URL}   token: CURBWATCH_ADMIN_TOKEN in ${file}
`
}
