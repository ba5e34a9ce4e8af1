/**
 * Who is signed in. The token comes from the link's fragment (which no server ever sees) or from
 * the form, lives in this tab's sessionStorage, and is in the address bar no longer than the
 * first load.
 */

const KEY = 'curbwatch-token'

/** The parts of the fragment: `#token=...&case=...`. */
function fragment() {
  return new URLSearchParams(location.hash.slice(1))
}

/**
 * Takes a token out of the address, if there is one.
 * @returns {boolean} true where a token was found
 */
export function takeTokenFromAddress() {
  const parts = fragment()
  const token = parts.get('token')
  if (token === null) return false
  if (token !== '') sessionStorage.setItem(KEY, token)
  parts.delete('token')
  replaceFragment(parts)
  return true
}

/** @returns {string | null} */
export function readToken() {
  return sessionStorage.getItem(KEY)
}

/** @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(KEY, token)
}

export function forgetToken() {
  sessionStorage.removeItem(KEY)
}

/** The case that the address names, so that a link to a case can be passed on. */
export function readCaseFromAddress() {
  return fragment().get('case')
}

/** @param {string | null} id */
export function keepCaseInAddress(id) {
  const parts = fragment()
  if (id === null) parts.delete('case')
  else parts.set('case', id)
  replaceFragment(parts)
}

/** @param {URLSearchParams} parts */
function replaceFragment(parts) {
  const rest = parts.toString()
  const address = location.pathname + location.search + (rest === '' ? '' : `#${rest}`)
  history.replaceState(null, '', address)
}
