/**
 * Light or dark: what the system prefers, unless the officer chose. The style sheet looks at
 * `data-theme` on <html> only; whoever paints by hand (the map) is told of every change.
 */

/** @typedef {'auto' | 'light' | 'dark'} Theme */

const KEY = 'curbwatch-theme'
const system = matchMedia('(prefers-color-scheme: dark)')
/** @type {() => void} */
let notify = () => {}

/** @param {() => void} onChange */
export function startTheme(onChange) {
  notify = onChange
  system.addEventListener('change', apply)
  apply()
}

/** @returns {Theme} */
export function themeChoice() {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'auto'
}

/** Auto, light, dark, and again. */
export function nextTheme() {
  const next = { auto: 'light', light: 'dark', dark: 'auto' }
  localStorage.setItem(KEY, next[themeChoice()])
  apply()
}

function apply() {
  const choice = themeChoice()
  const dark = choice === 'dark' || (choice === 'auto' && system.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  notify()
}
