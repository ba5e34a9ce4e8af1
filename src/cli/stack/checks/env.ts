import { existsSync, statSync } from 'node:fs'
import { readSettings } from '../../../config/settings.ts'
import { text } from '../../../model/text.ts'
import { ENV_NAMES } from '../env-names.ts'
import { Check, type Finding, same } from './finding.ts'
import type { Target } from './target.ts'

/** `.env`: complete, for its owner only, and nothing in it that a reader on the way changes. */
export function checkEnv(target: Target): Finding[] {
  return [complete(target), readable(target), values(target)]
}

function complete({ envFile, values }: Target): Finding {
  const check = new Check('env.complete', text('.env 完整', '.env is complete'))
  const hint = text(
    `运行 npx curbwatch stack env --file ${envFile}`,
    `run npx curbwatch stack env --file ${envFile}`,
  )
  const missing = ENV_NAMES.filter(({ name }) => !values[name]).map(({ name }) => name)
  if (missing.length === 0)
    return check.fine(text(`${ENV_NAMES.length} 项`, `${ENV_NAMES.length} values`))
  const names = missing.join(', ')
  return existsSync(envFile)
    ? check.wrong(text(`缺少 ${names}`, `${names} missing`), hint)
    : check.wrong(text(`没有文件 ${envFile}`, `there is no file ${envFile}`), hint)
}

function readable({ envFile }: Target): Finding {
  const check = new Check('env.mode', text('.env 只有本人可读', '.env is for its owner only'))
  if (!existsSync(envFile)) return check.notTried(text('没有该文件', 'there is no such file'))
  const mode = statSync(envFile).mode & 0o777
  // Windows has no such modes.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return check.fine(same(octal(mode)))
  return check.wrong(
    text(`其他用户可读（${octal(mode)}）`, `others may read it (${octal(mode)})`),
    same(`chmod 600 ${envFile}`),
  )
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** Grafana makes numbers and switches of what looks so, and expands `$`. */
const CHANGED =
  /^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?$|^0[xob][\da-f]+$|^(true|false|null|nan|inf)$|\$/i

function values({ values: given }: Target): Finding {
  const check = new Check('env.values', text('.env 中的值可用', 'the values in .env are usable'))
  const changed = ENV_NAMES.filter(
    ({ name, value }) => value === null && CHANGED.test(given[name] ?? ''),
  )
  if (changed.length > 0) {
    const names = changed.map(({ name }) => name).join(', ')
    return check.wrong(
      text(
        `${names} 形如数字或含有 $，Grafana 会改写它`,
        `${names}: like a number or with a $, which Grafana changes`,
      ),
      text('改用字母开头的字母和数字', 'take letters and digits, a letter first'),
    )
  }
  const settings = readSettings(given)
  if (settings.ok) return check.fine(text('正常', 'fine'))
  const faults = settings.error.map(({ path, message }) => `${path} ${message}`).join('; ')
  return check.wrong(same(faults), text('设置说明见 docs/settings.md', 'see docs/settings.md'))
}
