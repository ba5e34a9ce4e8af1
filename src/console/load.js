/**
 * Reading whole lists into the store: at first, and whenever events may have been missed.
 */
import { alertKey } from './apply.js'

/** @typedef {import('./types.d.ts').Alert} Alert */
/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').City} City */
/** @typedef {import('./types.d.ts').Device} Device */
/** @typedef {import('./types.d.ts').Kind} Kind */
/** @typedef {import('./types.d.ts').Rule} Rule */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./api.js').Api} Api */

/** More than these a page does not hold: it would help nobody. */
const MOST_OPEN_CASES = 5000
const MOST_ENDED_CASES = 500
const MOST_DEVICES = 10_000
const MOST_ALERTS = 5000

/** @param {Store} store @param {Api} api */
export async function loadAll(store, api) {
  const [cases, devices] = await Promise.all([
    loadCases(api),
    /** @type {Promise<{ items: Device[], complete: boolean }>} */ (
      api.list('/api/v1/devices', {}, MOST_DEVICES)
    ),
    loadAlerts(store, api),
    loadVocabulary(store, api),
  ])
  store.devices = new Map(devices.items.map((device) => [device.id, device]))
  store.devicesComplete = devices.complete
  store.cases = new Map(cases.map((item) => [item.id, item]))
  store.loaded = true
}

/** @param {Store} store @param {Api} api */
export async function loadAlerts(store, api) {
  store.alertsStale = false
  /** @type {{ items: Alert[] }} */
  const alerts = await api.list('/api/v1/alerts', {}, MOST_ALERTS)
  store.alerts = new Map(alerts.items.map((alert) => [alertKey(alert), alert]))
}

/** What names and units are looked up in. @param {Store} store @param {Api} api */
async function loadVocabulary(store, api) {
  const [city, kinds, rules] = await Promise.all([
    /** @type {Promise<City>} */ (api.get('/api/v1/city')),
    /** @type {Promise<{ items: Kind[] }>} */ (api.get('/api/v1/kinds')),
    /** @type {Promise<{ items: Rule[] }>} */ (api.get('/api/v1/rules')),
  ])
  store.city = city
  store.kinds = new Map(kinds.items.map((kind) => [kind.name, kind]))
  store.rules = new Map(rules.items.map((rule) => [rule.id, rule]))
}

/** Every open case, and the newest of the ended ones. @param {Api} api */
async function loadCases(api) {
  /** @param {string} status @param {number} most @returns {Promise<{ items: Case[] }>} */
  const list = (status, most) => api.list('/api/v1/cases', { status }, most)
  const [open, ended] = await Promise.all([
    list('open,dispatched,accepted,handled', MOST_OPEN_CASES),
    list('closed,cancelled', MOST_ENDED_CASES),
  ])
  return [...open.items, ...ended.items]
}
