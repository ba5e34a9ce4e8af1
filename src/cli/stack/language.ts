import { LANGUAGES, type Language } from '../../model/text.ts'
import type { Environment } from '../environment.ts'

/** The language to speak: the one asked for, else the one the terminal is set to, else English. */
export function languageOf(asked: string | undefined, env: Environment): Language {
  const known = LANGUAGES.find((language) => language === asked)
  if (known !== undefined) return known
  const locale = asked || env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || ''
  return /^zh/i.test(locale) ? 'zh-CN' : 'en'
}
