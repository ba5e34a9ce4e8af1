/**
 * Keeps the store in step with the service: what the city is like once, the lists after every
 * (re)connection of the event stream, then event by event, and clock and ledger by polling.
 *
 * Events that arrive while the lists are being loaded are held back and applied afterwards, so an
 * older page of a list never overwrites a newer event.
 */
import { ApiProblem } from './api.js'
import { applyEvent } from './apply.js'
import { setClock } from './clock.js'
import { t } from './i18n.js'
import { followEvents } from './live.js'
import { loadAlerts, loadAll } from './load.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./api.js').Api} Api */
/** Takes note of a failure and puts it in words. @typedef {(error: unknown) => string} Report */

const POLL_MS = 5000
const TICK_MS = 1000
const RETRY_MS = 5000

/**
 * Starts, and goes on until the signal aborts.
 * @param {Store} store @param {Api} api @param {() => void} onRefused the token is not valid
 * @param {AbortSignal} signal
 */
export function startSync(store, api, onRefused, signal) {
  /** @type {Report} */
  const report = (error) => {
    if (error instanceof ApiProblem) {
      if (error.status === 401 && !signal.aborted) onRefused()
      return error.message
    }
    console.error(error)
    return t('loadFailed')
  }
  poll(store, api, report, signal)
  const timer = setInterval(() => store.touch('tick'), TICK_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  followEvents('/api/v1/events', () => api.headers, listener(store, api, report, signal), signal)
}

/**
 * @param {Store} store @param {Api} api @param {Report} report
 * @param {AbortSignal} signal
 * @returns {import('./live.js').Listener}
 */
function listener(store, api, report, signal) {
  /** Events held back during a load; null when none is going on. @type {(() => void)[] | null} */
  let held = null
  let connections = 0
  const reload = async () => {
    const connection = ++connections
    held = []
    try {
      await loadAll(store, api)
      store.fault = null
    } catch (error) {
      store.fault = report(error)
    }
    if (connection !== connections || signal.aborted) return
    for (const apply of held ?? []) apply()
    held = null
    store.touch('cases', 'devices', 'alerts', 'city')
    if (store.fault !== null) setTimeout(() => signal.aborted || reload(), RETRY_MS)
  }
  return {
    onOpen() {
      store.connection = 'live'
      store.touch('connection')
      reload()
    },
    onEvent(event, data) {
      const apply = () => applyEvent(store, event, JSON.parse(data))
      if (held) held.push(apply)
      else apply()
    },
    onLost(problem) {
      store.connection = 'waiting'
      store.touch('connection')
      if (problem) report(problem)
    },
  }
}

/**
 * Clock, ledger, and the alerts where there were events of them, every few seconds while someone
 * looks.
 * @param {Store} store @param {Api} api @param {Report} report
 * @param {AbortSignal} signal
 */
async function poll(store, api, report, signal) {
  while (!signal.aborted) {
    if (!document.hidden) {
      try {
        setClock(await api.get('/healthz'))
        store.ledger = await api.get('/api/v1/ledger')
        if (store.alertsStale) await loadAlerts(store, api)
        store.touch('alerts', 'health', 'ledger')
      } catch (error) {
        report(error)
      }
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
