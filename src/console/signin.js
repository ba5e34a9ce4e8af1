/**
 * The form that asks for a token. It is tried at once, so a wrong one is refused in words here.
 */
import { Api, ApiProblem } from './api.js'
import { fill, h } from './dom.js'
import { languageSwitch, mark } from './header.js'
import { t } from './i18n.js'

/**
 * @param {object} actions
 * @param {(token: string) => void} actions.onToken
 * @param {(tag: import('./types.d.ts').Language) => void} actions.onLanguage
 * @param {string} message why one has to sign in again, or empty
 */
export function createSignIn({ onToken, onLanguage }, message) {
  const input = h('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'current-password',
    spellcheck: 'false',
    required: true,
    autofocus: true,
  })
  const problem = h('p', { class: 'problem', role: 'alert' }, message)
  const submit = h('button', { type: 'submit', class: 'push push-main' }, t('signIn'))
  const onsubmit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault()
    submit.disabled = true
    const refusal = await tryToken(input.value.trim())
    submit.disabled = false
    fill(problem, [refusal])
    if (refusal === '') onToken(input.value.trim())
    else input.select()
  }
  const form = h(
    'form',
    { class: 'sign-in panel', onsubmit },
    h(
      'div',
      { class: 'sign-in-head' },
      mark(),
      h('h1', {}, 'curbwatch'),
      languageSwitch(onLanguage),
    ),
    h('p', { class: 'muted' }, t('tagline')),
    h('label', { for: 'token' }, t('token')),
    input,
    problem,
    submit,
    h('p', { class: 'muted hint' }, t('tokenHint')),
  )
  return h('main', { class: 'sign-in-page' }, form)
}

/**
 * @param {string} token
 * @returns {Promise<string>} empty, or why it is refused
 */
async function tryToken(token) {
  if (token === '') return t('tokenMissing')
  try {
    await new Api(token).get('/api/v1/kinds')
    return ''
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error
    return error.status === 401 ? t('tokenRefused') : `${error.message} ${error.hint}`
  }
}
