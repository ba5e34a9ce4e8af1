/**
 * The key numbers on top. Each is a button where it leads to a list.
 */
import { serviceNow } from './clock.js'
import { h, refill } from './dom.js'
import { number, percent } from './format.js'
import { t } from './i18n.js'
import { isOpen, isOverdue, SEVERITIES } from './queries.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./dom.js').Child} Child */

/**
 * @param {Store} store
 * @returns {import('./types.d.ts').View}
 */
export function createFigures(store) {
  const element = h('section', { class: 'figures', 'aria-label': t('keyNumbers') })
  let drawn = ''
  return {
    element,
    update() {
      const numbers = countAll(store)
      const signature = JSON.stringify(numbers)
      if (signature === drawn) return
      drawn = signature
      refill(element, [
        caseFigure(store, numbers),
        overdueFigure(store, numbers),
        deviceFigure(store, numbers),
        alertFigure(numbers),
        ledgerFigure(numbers),
      ])
    },
  }
}

/** @typedef {ReturnType<typeof countAll>} Numbers */

/** @param {Store} store */
function countAll(store) {
  const open = [...store.cases.values()].filter(isOpen)
  const now = serviceNow()
  const devices = [...store.devices.values()]
  const firing = [...store.alerts.values()].filter((alert) => alert.state === 'firing').length
  return {
    loaded: store.loaded,
    open: open.length,
    bySeverity: SEVERITIES.map((severity) => ({
      severity,
      count: open.filter((item) => item.severity === severity).length,
    })),
    overdue: open.filter((item) => isOverdue(item, now)).length,
    devices: devices.length,
    devicesComplete: store.devicesComplete,
    online: devices.filter((device) => device.online).length,
    firing,
    pending: store.alerts.size - firing,
    ledger: store.ledger,
  }
}

/**
 * One figure: its name, its number, a line about it.
 * @param {{ label: string, value: Child, aside?: Child, className?: string }} head
 * @param {...Child} note
 */
function figure({ label, value, aside = null, className = '' }, ...note) {
  return h(
    'div',
    { class: `figure ${className}` },
    h('div', { class: 'figure-label' }, h('span', {}, label), h('span', {}, aside)),
    h('div', { class: 'figure-value' }, value),
    h('div', { class: 'figure-note' }, ...note),
  )
}

/** @param {string} className @param {() => void} onclick @param {...Child} children */
function link(className, onclick, ...children) {
  return h('button', { type: 'button', class: className, onclick }, ...children)
}

/**
 * A count of what has been loaded; before that a dash, never a zero.
 * @param {Numbers} numbers @param {number} value
 */
function count({ loaded }, value) {
  return loaded ? number(value) : '–'
}

/** @param {Store} store @param {Numbers} numbers */
function caseFigure(store, numbers) {
  const open = () => store.filterCases({ scope: 'open', severity: '', kind: '' })
  const parts = numbers.bySeverity.map((part) =>
    link(
      `tag state-${part.severity}${part.count === 0 ? ' tag-none' : ''}`,
      () => store.filterCases({ scope: 'open', severity: part.severity }),
      `${t(part.severity)} ${count(numbers, part.count)}`,
    ),
  )
  const value = link('figure-link', open, count(numbers, numbers.open))
  return figure({ label: t('openCases'), value }, ...parts)
}

/** @param {Store} store @param {Numbers} numbers */
function overdueFigure(store, numbers) {
  const bad = numbers.overdue > 0
  const show = () => store.filterCases({ scope: 'overdue', severity: '', kind: '' })
  const value = link('figure-link', show, count(numbers, numbers.overdue))
  const share = percent(numbers.overdue, numbers.open)
  const note = bad ? t('overdueShare', { share }) : t('overdueNone')
  const head = { label: t('overdueCases'), value, className: bad ? 'figure-bad' : '' }
  return figure(head, numbers.loaded && note)
}

/** @param {Store} store @param {Numbers} numbers */
function deviceFigure(store, numbers) {
  const offline = numbers.devices - numbers.online
  const total = number(numbers.devices) + (numbers.devicesComplete ? '' : '+')
  const onclick = () => store.filterDevices({ q: '', kind: '', state: 'offline' })
  const missing = t('offlineCount', { count: number(offline) })
  const note = offline === 0 ? t('allOnline') : link('figure-link', onclick, missing)
  const value = count(numbers, numbers.online)
  return figure(
    { label: t('devicesOnline'), value, aside: percent(numbers.online, numbers.devices) },
    numbers.loaded && h('span', {}, t('devicesOf', { total }), ' · ', note),
  )
}

/** @param {Numbers} numbers */
function alertFigure(numbers) {
  const note = t('alertsPending', { count: count(numbers, numbers.pending) })
  return figure(
    { label: t('alertsFiring'), value: count(numbers, numbers.firing) },
    numbers.loaded && note,
  )
}

/** @param {Numbers} numbers */
function ledgerFigure({ ledger }) {
  const head = { label: t('readingsToday'), className: 'figure-wide' }
  if (!ledger) return figure({ ...head, value: '–' })
  const { received, stored, quarantined, duplicate, shed, pending } = ledger
  const difference = received - (stored + quarantined + duplicate + shed + pending)
  const parts = /** @type {const} */ ([
    [t('stored'), stored],
    [t('quarantined'), quarantined],
    [t('duplicate'), duplicate],
    [t('shed'), shed],
    [t('pendingMessages'), pending],
  ])
  const off = t('unbalanced', { count: number(difference) })
  const aside =
    ledger.balanced && difference === 0
      ? h('span', { class: 'balance' }, `✓ ${t('balanced')}`)
      : h('span', { class: 'balance balance-off' }, `✗ ${off}`)
  const sums = parts.map(([label, value]) => h('span', {}, `${label} `, h('b', {}, number(value))))
  return figure({ ...head, value: number(received), aside }, ...sums)
}
