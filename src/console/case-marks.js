/**
 * The small marks of a case that the list and the panel share.
 */
import { h } from './dom.js'
import { t } from './i18n.js'

/**
 * The street's own word: still firing with its value, or recovered.
 * @param {{ firing: boolean, word: string, shown: string }} view
 */
export function signal({ firing, word, shown }) {
  const className = `case-signal ${firing ? 'signal-firing' : 'signal-clear'}`
  return h('span', { class: className }, h('span', { class: 'signal-word' }, word), ' ', shown)
}

/** Nobody has looked at it yet: a word and a dot, never a colour alone. */
export function unseenMark() {
  return h('span', { class: 'unseen-mark', title: t('unseenTitle') }, t('unseen'))
}

/** @param {{ suspended: boolean, reworkCount: number }} about */
export function caseFlags({ suspended, reworkCount }) {
  return [
    suspended && h('span', { class: 'flag' }, t('suspended')),
    reworkCount > 0 && h('span', { class: 'flag' }, t('rework', { count: reworkCount })),
  ]
}
