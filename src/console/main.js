/**
 * The page: signs in, starts the synchronisation, and lays out the views. Views are built anew
 * when the language changes; all that must outlive that is in the store.
 */
import { Api } from './api.js'
import { applyDevice } from './apply.js'
import { createCasePanel } from './case-panel.js'
import { createCases } from './cases.js'
import { createDevices } from './devices.js'
import { fill, h } from './dom.js'
import { createFigures } from './figures.js'
import { createHeader } from './header.js'
import { language, pick, setLanguage, t } from './i18n.js'
import { CityMap } from './map.js'
import {
  answerOtherTabs,
  askOtherTabs,
  forgetToken,
  keepCaseInAddress,
  keepToken,
  readCaseFromAddress,
  readToken,
  takeTokenFromAddress,
} from './session.js'
import { createSignIn } from './signin.js'
import { Store } from './store.js'
import { startSync } from './sync.js'
import { startTheme } from './theme.js'

/** @typedef {import('./types.d.ts').Device} Device */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @typedef {import('./types.d.ts').View} View */

const SEARCH_MOST = 200

/** @type {readonly Topic[]} */
const EVERYTHING = [
  'alerts',
  'cases',
  'city',
  'connection',
  'devices',
  'filters',
  'health',
  'ledger',
  'selection',
  'theme',
  'tick',
]

const root = /** @type {HTMLElement} */ (document.getElementById('app'))
/**
 * What runs for the one who is signed in.
 * @type {{ store: Store, api: Api, stop: AbortController } | null}
 */
let session = null
/** @type {readonly View[]} */
let views = []
let message = ''

startTheme(() => session?.store.touch('theme'))
takeTokenFromAddress()
start()
answerOtherTabs()
if (session === null) askOtherTabs(signIn)
addEventListener('hashchange', () => {
  if (takeTokenFromAddress()) start()
  session?.store.selectCase(readCaseFromAddress())
})
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') session?.store.selectCase(null)
})

/** Begins anew with the token that this tab holds, if any. */
function start() {
  session?.stop.abort()
  const token = readToken()
  session = token === null ? null : startSession(token)
  show()
}

/** @param {string} token */
function startSession(token) {
  const stop = new AbortController()
  const api = new Api(token)
  const store = new Store((changed) => draw(store, changed))
  store.selectCase(readCaseFromAddress())
  startSync(store, api, () => signOut(t('tokenRefused')), stop.signal)
  return { store, api, stop }
}

/** @param {string} why shown in the form, or empty */
function signOut(why) {
  forgetToken()
  message = why
  start()
}

/** Builds what is to be seen, in the language of now. */
function show() {
  for (const view of views) view.destroy?.()
  views = []
  if (session) showConsole(session)
  else fill(root, [createSignIn({ onToken: signIn, onLanguage: changeLanguage }, message)])
}

/** @param {string} token */
function signIn(token) {
  message = ''
  keepToken(token)
  start()
}

/** @param {import('./types.d.ts').Language} tag */
function changeLanguage(tag) {
  if (tag === language()) return
  setLanguage(tag)
  show()
}

/** @param {{ store: Store, api: Api }} session */
function showConsole({ store, api }) {
  const header = createHeader(store, { onLanguage: changeLanguage, onSignOut: () => signOut('') })
  const figures = createFigures(store)
  const map = new CityMap(store)
  const devices = createDevices(store, (q) => searchDevices(store, api, q))
  const cases = createCases(store)
  const panel = createCasePanel(store, api)
  views = [header, figures, map, devices, cases, panel]
  const left = h('div', { class: 'left' }, map.element, devices.element)
  const main = h('main', { class: 'room' }, left, cases.element, panel.element)
  fill(root, [header.element, figures.element, main])
  store.touch(...EVERYTHING)
}

/** @param {Store} store @param {ReadonlySet<Topic>} changed */
function draw(store, changed) {
  if (store !== session?.store) return
  if (changed.has('selection')) keepCaseInAddress(store.selection.caseId)
  if (changed.has('city') && store.city) document.title = `curbwatch · ${pick(store.city.name)}`
  for (const view of views) view.update(changed)
}

/**
 * Looks for devices beyond those that the page holds.
 * @param {Store} store @param {Api} api @param {string} q
 */
async function searchDevices(store, api, q) {
  if (store.devicesComplete || q === '') return
  /** @type {{ items: Device[] }} */
  const found = await api.list('/api/v1/devices', { q }, SEARCH_MOST).catch(() => ({ items: [] }))
  for (const device of found.items) applyDevice(store, device)
}
