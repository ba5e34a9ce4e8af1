/**
 * What happened to a case, newest first: who did what, when, and what they wrote; and what
 * Grafana told whom of it.
 */
import { ACTION_KEYS } from './case-actions.js'
import { h } from './dom.js'
import { dateTime } from './format.js'
import { t } from './i18n.js'
import { deviceName, signalText, unitName } from './queries.js'
import { statusText } from './stepper.js'

/** @typedef {import('./types.d.ts').CaseWithHistory} CaseWithHistory */
/** @typedef {import('./types.d.ts').Delivery} Delivery */
/** @typedef {import('./types.d.ts').HistoryEntry} HistoryEntry */
/** @typedef {import('./i18n.js').MessageKey} MessageKey */
/** @typedef {import('./store.js').Store} Store */

/** What officers do, and what the service does by itself. @type {Record<string, MessageKey>} */
const KEYS = {
  ...ACTION_KEYS,
  acknowledge: 'actionSeen',
  open: 'actionOpen',
  severity: 'actionSeverity',
  signal: 'actionSignal',
}

/** @param {Store} store @param {CaseWithHistory} item @param {readonly Delivery[]} deliveries */
export function caseHistory(store, item, deliveries) {
  const lines = [
    ...[...deliveries].reverse().map((one) => ({
      at: one.receivedAt,
      element: deliveryEntry(store, one),
    })),
    ...item.history.map((entry) => ({ at: entry.at, element: historyEntry(store, item, entry) })),
  ]
  if (lines.length === 0) return h('p', { class: 'muted' }, t('noHistory'))
  // Stable: of one moment, what is later in its own list is above.
  lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return h('ol', { class: 'history' }, ...lines.reverse().map((line) => line.element))
}

/** @param {Store} store @param {Delivery} delivery */
function deliveryEntry(store, { receivedAt, receiver, status }) {
  const words = t(status === 'firing' ? 'notifiedFiring' : 'notifiedResolved')
  const time = dateTime(receivedAt, store.city?.utcOffsetMinutes ?? 0, true)
  return h(
    'li',
    { class: 'history-notified' },
    h('div', { class: 'history-head' }, h('b', {}, t('notified')), h('span', {}, words)),
    h('div', { class: 'muted' }, `${time} · ${t('contactPoint', { name: receiver })}`),
  )
}

/** @param {Store} store @param {CaseWithHistory} item @param {HistoryEntry} entry */
function historyEntry(store, item, { at, actor, action, from, to, note, data }) {
  const steps = [from, to].filter((status) => status !== null).map(statusText)
  const details = detailsOf(store, item, data ?? {})
  const time = dateTime(at, store.city?.utcOffsetMinutes ?? 0, true)
  const key = KEYS[action]
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'history-head' },
      h('b', {}, key ? t(key) : action),
      from !== to && h('span', {}, steps.join(' → ')),
    ),
    note && h('p', { class: 'history-note' }, note),
    details.length > 0 && h('p', { class: 'muted' }, details.join(' · ')),
    h('div', { class: 'muted' }, `${time} · ${actorText(store, actor)}`),
  )
}

/**
 * What changed with a step besides the status, in words.
 * @param {Store} store @param {CaseWithHistory} item
 * @param {NonNullable<HistoryEntry['data']>} data
 */
function detailsOf(store, item, { unitId, severity, signal, dueAt }) {
  const offset = store.city?.utcOffsetMinutes ?? 0
  const now = signal && signalText(store, { ...item, signal })
  return [
    unitId && unitName(store, unitId),
    severity && t(severity),
    now && `${now.word} ${now.shown}`,
    dueAt && `${t('dueAt')} ${dateTime(dueAt, offset)}`,
  ].filter(Boolean)
}

/** @param {Store} store @param {string} actor */
function actorText(store, actor) {
  const device = actor.match(/^sensor:(.*)$/)?.[1]
  return device === undefined ? actor : t('sensor', { device: deviceName(store, device) })
}
