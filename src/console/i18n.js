/**
 * The page's language: `?lang=` for this load, else the officer's last choice, else the
 * browser's. Every shown text goes through `t` (ours) or `pick` (the service's).
 */
import { MESSAGES } from './messages.js'

/** @typedef {import('./types.d.ts').Language} Language */
/** @typedef {import('./types.d.ts').Text} Text */
/** @typedef {keyof typeof MESSAGES} MessageKey */

const KEY = 'curbwatch-lang'

/** @type {Language} */
let current = choose()
document.documentElement.lang = current

export function language() {
  return current
}

/**
 * Switches and remembers; the address no longer overrules the choice.
 * @param {Language} chosen
 */
export function setLanguage(chosen) {
  current = chosen
  localStorage.setItem(KEY, chosen)
  document.documentElement.lang = chosen
  const address = new URL(location.href)
  address.searchParams.delete('lang')
  history.replaceState(null, '', address)
}

/**
 * One of our own texts, with `{name}` filled in.
 * @param {MessageKey} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const words = MESSAGES[key][current === 'zh-CN' ? 0 : 1]
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole))
}

/**
 * A text of the service in the page's language; a plain string stays as it is.
 * @param {Text | string} text
 */
export function pick(text) {
  return typeof text === 'string' ? text : text[current]
}

/** @returns {Language} */
function choose() {
  const wanted = [
    new URLSearchParams(location.search).get('lang'),
    localStorage.getItem(KEY),
    ...navigator.languages,
  ]
  for (const tag of wanted) {
    if (tag && /^zh\b/i.test(tag)) return 'zh-CN'
    if (tag && /^en\b/i.test(tag)) return 'en'
  }
  return 'zh-CN'
}
