import { SETTINGS } from '../config/settings.ts'
import { code, page, table } from './markdown.ts'

/** How a text of a setting says that its default rests on no source. */
const UNSOURCED = /\.? Unsourced default$/

interface Described {
  readonly fallback: string | null
  readonly rule: string
  readonly about: string
  readonly secret?: boolean
}

/** docs/settings.md: every environment variable, with its default, rule and meaning. */
export function settingsPage(): string {
  const entries = Object.entries(SETTINGS) as [string, Described][]
  return page(
    'Settings',
    '`src/config/settings.ts`',
    'Settings are environment variables. All of them are checked before anything opens; every ' +
      'fault is told at once and the process ends with exit code 78. A `CURBWATCH_` name that is ' +
      'not listed here is a fault. An empty value counts as not given. `curbwatch config check` ' +
      'checks them, `curbwatch config print` shows what is in force with secrets hidden.',
    table(
      ['Name', 'Default', 'Allowed', 'What it does'],
      entries.map(([name, { fallback, rule, about, secret }]) => [
        code(name),
        defaultText(fallback, about),
        rule,
        `${about.replace(UNSOURCED, '')}.${secret ? ' Never printed or logged.' : ''}`,
      ]),
    ),
    '"Unsourced default": a value that works but that no standard, measurement or city document ' +
      'supports. Choose it for your city.',
    'The TLS settings go together: the port, the certificate and the key are needed with each ' +
      'other, and a client CA needs the port.',
  )
}

function defaultText(fallback: string | null, about: string): string {
  const text = fallback === null ? 'not set' : code(fallback)
  return UNSOURCED.test(about) ? `${text} (unsourced default)` : text
}
