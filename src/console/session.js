/**
 * Who is signed in. The token comes from the link's fragment (which no server ever sees) or from
 * the form, lives in this tab's sessionStorage, and is in the address bar no longer than the
 * first load. A new tab, opened by a link to a case, asks the other tabs of this browser for it.
 */

const KEY = 'curbwatch-token'
const CHANNEL = 'curbwatch-session'
const ASK = 'who is signed in?'
const ANSWER_MS = 2000

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
  replaceAddress(location.pathname, parts)
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

/** Answers new tabs of this browser, and of nobody else: channels keep to their origin. */
export function answerOtherTabs() {
  const channel = new BroadcastChannel(CHANNEL)
  channel.addEventListener('message', ({ data }) => {
    const token = readToken()
    if (data === ASK && token !== null) channel.postMessage({ token })
  })
}

/**
 * Asks whether another tab is signed in; the form stays where none answers.
 * @param {(token: string) => void} onToken called once at the most
 */
export function askOtherTabs(onToken) {
  const channel = new BroadcastChannel(CHANNEL)
  channel.addEventListener('message', ({ data }) => {
    if (typeof data?.token !== 'string') return
    channel.close()
    // Somebody may have signed in here meanwhile.
    if (readToken() === null) onToken(data.token)
  })
  channel.postMessage(ASK)
  setTimeout(() => channel.close(), ANSWER_MS)
}

const CASE_PAGE = /^\/cases\/([^/]+)$/

/** The case that the address names: `#case=...`, or the path of its page. */
export function readCaseFromAddress() {
  return fragment().get('case') ?? CASE_PAGE.exec(location.pathname)?.[1] ?? null
}

/**
 * The address of an open case is that of its page, so that it can be copied and passed on.
 * @param {string | null} id
 */
export function keepCaseInAddress(id) {
  const parts = fragment()
  parts.delete('case')
  replaceAddress(id === null ? '/' : `/cases/${encodeURIComponent(id)}`, parts)
}

/** @param {string} path @param {URLSearchParams} parts of the fragment */
function replaceAddress(path, parts) {
  const rest = parts.toString()
  history.replaceState(null, '', path + location.search + (rest === '' ? '' : `#${rest}`))
}
