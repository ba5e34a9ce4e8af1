/**
 * What each event of the stream does to the store. Events may come in any number; none of them
 * draws anything by itself.
 */
import { isOpen } from './queries.js'

/** @typedef {import('./types.d.ts').Alert} Alert */
/** @typedef {import('./types.d.ts').AlertLevel} AlertLevel */
/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').Delivery} Delivery */
/** @typedef {import('./types.d.ts').Device} Device */
/** @typedef {import('./types.d.ts').Reading} Reading */
/** @typedef {import('./store.js').Store} Store */

/** Beyond this, ended cases are forgotten in a page that stays open for weeks, oldest first. */
const MOST_CASES_KEPT = 10_000
const MOST_ENDED_KEPT = 1000

/** Weakest first. @type {readonly AlertLevel[]} */
const LEVELS = ['attention', 'warning', 'minor', 'major', 'critical']

/** @param {Store} store @param {string} event @param {any} data as the contract has it */
export function applyEvent(store, event, data) {
  if (event === 'case') applyCase(store, data)
  else if (event === 'alert') applyAlert(store, data)
  else if (event === 'device') applyDevice(store, data)
  else if (event === 'reading') applyReading(store, data)
  else if (event === 'delivery') applyDelivery(store, data)
}

/** @param {Store} store @param {Case} item */
export function applyCase(store, item) {
  store.cases.set(item.id, item)
  if (store.cases.size > MOST_CASES_KEPT) forgetEnded(store)
  store.touch('cases')
}

/** @param {Store} store */
function forgetEnded(store) {
  const ended = [...store.cases.values()].filter((item) => !isOpen(item))
  ended.sort((a, b) => Date.parse(a.openedAt) - Date.parse(b.openedAt))
  const gone = ended.slice(0, Math.max(0, ended.length - MOST_ENDED_KEPT))
  for (const item of gone) {
    store.cases.delete(item.id)
    store.delivered.delete(item.id)
  }
}

/**
 * A rule's levels fire and end one by one, but the list has the strongest alone: a weaker one
 * changes nothing, and which is next when the strongest ends only the service knows. So what is
 * shown at once is a good guess, and the list is read again soon.
 * @param {Store} store @param {Alert} alert
 */
function applyAlert(store, alert) {
  const key = alertKey(alert)
  const known = store.alerts.get(key)
  if (alert.state !== 'resolved') {
    if (!known || strength(alert) >= strength(known)) store.alerts.set(key, alert)
  } else if (known?.level === alert.level) {
    store.alerts.delete(key)
  }
  store.alertsStale = true
  store.touch('alerts')
}

/** Firing before pending, then by level. @param {Alert} alert */
function strength({ state, level }) {
  return (state === 'firing' ? LEVELS.length : 0) + LEVELS.indexOf(level)
}

/** @param {Alert} alert */
export function alertKey(alert) {
  return `${alert.ruleId} ${alert.deviceId}`
}

/** @param {Store} store @param {Device & { deleted?: boolean }} device */
export function applyDevice(store, device) {
  if (device.deleted) store.devices.delete(device.id)
  else store.devices.set(device.id, device)
  store.note('devices')
}

/**
 * Readings may come late; one older than the latest changes nothing.
 * @param {Store} store @param {Reading} reading
 */
function applyReading(store, reading) {
  const device = store.devices.get(reading.deviceId)
  if (!device || (device.latest && Date.parse(device.latest.ts) > Date.parse(reading.ts))) return
  const latest = { ...device.latest, ...reading.fields, ts: reading.ts }
  const seen = Math.max(Date.parse(device.lastSeenAt ?? reading.ts), Date.parse(reading.ts))
  store.devices.set(device.id, { ...device, latest, lastSeenAt: new Date(seen).toISOString() })
  store.note('devices')
}

/** Grafana notified somebody of a case. @param {Store} store @param {Delivery} delivery */
function applyDelivery(store, { id, caseId }) {
  if (caseId === null) return
  store.delivered.set(caseId, id)
  store.touch('cases')
}
