/**
 * What the panel says of a case: the line that stays on top, the head with the steps, the facts.
 */
import { caseFlags, signal, unseenMark } from './case-marks.js'
import { viewOfCase } from './case-view.js'
import { h } from './dom.js'
import { dateTime } from './format.js'
import { pick, t } from './i18n.js'
import { isOpen, isUnseen } from './queries.js'
import { stepper } from './stepper.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./store.js').Store} Store */

/** @param {Store} store */
export function closeButton(store) {
  const words = { 'aria-label': t('close'), title: t('close') }
  const onclick = () => store.selectCase(null)
  return h('button', { type: 'button', class: 'quiet close', ...words, onclick }, '×')
}

/** @param {Store} store @param {Case} item */
export function caseTop(store, item) {
  return [
    h('span', { class: `tag state-${item.severity}` }, t(item.severity)),
    h('span', { class: 'case-number' }, item.number),
    isUnseen(item) && unseenMark(),
    ...caseFlags(item),
    closeButton(store),
  ]
}

/** @param {Store} store @param {Case} item */
export function caseHead(store, item) {
  const view = viewOfCase(store, item)
  const due = h('span', { class: `case-due${view.overdue ? ' overdue' : ''}` }, view.due)
  return [
    h('h2', {}, view.title),
    h('p', { class: 'case-head-line' }, signal(view.signal), due),
    stepper(item.status, true),
  ]
}

/** @param {Store} store @param {Case} item */
export function caseFacts(store, item) {
  const view = viewOfCase(store, item)
  const offset = store.city?.utcOffsetMinutes ?? 0
  const time = (/** @type {string | null} */ at) => (at === null ? '–' : dateTime(at, offset))
  const showDevice = () => store.selectDevice(item.deviceId)
  const device = h(
    'button',
    { type: 'button', class: 'link', onclick: showDevice, title: t('showOnMap') },
    view.device,
  )
  const rule = store.rules.get(item.ruleId)
  const facts = /** @type {const} */ ([
    [t('device'), device],
    [t('kind'), view.kind],
    [t('place'), view.place],
    [t('unit'), view.unit],
    [t('openedAt'), time(item.openedAt)],
    [t('seenAt'), item.seenAt === null && isOpen(item) ? t('unseenTitle') : time(item.seenAt)],
    item.closedAt === null ? [t('dueAt'), time(item.dueAt)] : [t('closedAt'), time(item.closedAt)],
    [t('caseCode'), `${item.code.class} ${item.code.name} (${item.code.standard})`],
    [t('rule'), rule ? pick(rule.title) : item.ruleId],
  ])
  return h(
    'dl',
    { class: 'facts' },
    ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  )
}
