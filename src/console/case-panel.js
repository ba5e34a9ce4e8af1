/**
 * The side panel of the selected case: what it is, where it stands, what can be done, what
 * happened. It follows the case live; a note that is being written is left alone as long as the
 * case's state allows the same actions.
 */
import { ApiProblem } from './api.js'
import { applyCase } from './apply.js'
import { caseActions } from './case-actions.js'
import { caseHistory } from './case-history.js'
import { caseFlags, signal } from './case-marks.js'
import { caseReadings } from './case-readings.js'
import { viewOfCase } from './case-view.js'
import { fill, h, refill } from './dom.js'
import { dateTime } from './format.js'
import { pick, t } from './i18n.js'
import { stepper } from './stepper.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').CaseWithHistory} CaseWithHistory */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./api.js').Api} Api */

/**
 * @param {Store} store @param {Api} api
 * @returns {import('./types.d.ts').View}
 */
export function createCasePanel(store, api) {
  const element = h('aside', {
    class: 'panel case-panel',
    'aria-label': t('caseDetails'),
    hidden: true,
  })
  /** @type {ReturnType<typeof openPanel> | null} */
  let panel = null
  /** @type {Element | null} */
  let cameFrom = null

  function open(/** @type {string} */ id) {
    if (element.hidden) cameFrom = document.activeElement
    panel = openPanel(store, api, id)
    fill(element, [panel.element])
    element.hidden = false
    panel.element.focus({ preventScroll: true })
  }

  function close() {
    panel = null
    element.hidden = true
    fill(element, [])
    if (cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true })
  }

  return {
    element,
    update(changed) {
      const id = store.selection.caseId
      if (id === null) {
        if (panel) close()
        return
      }
      if (!store.loaded) return
      if (panel?.id !== id) open(id)
      panel?.update(changed)
    },
  }
}

/** @param {Store} store @param {Api} api @param {string} id */
function openPanel(store, api, id) {
  const path = `/api/v1/cases/${encodeURIComponent(id)}`
  const top = h('div', { class: 'case-top' })
  const head = h('div', { class: 'case-head' })
  const facts = h('div', { class: 'case-facts' })
  const readings = h('div', { class: 'case-section' })
  const actions = h('div', { class: 'case-section' })
  const history = h('div', { class: 'case-section' }, h('p', { class: 'muted' }, t('loading')))
  const parts = [head, facts, readings, actions, history]
  const element = h('div', { class: 'case-body scroll', tabindex: '-1' }, top, ...parts)
  /** @type {ReturnType<typeof caseReadings> | null} */
  let line = null
  let factsShown = ''
  let actionsFor = ''
  let historyFor = ''

  async function loadHistory() {
    try {
      /** @type {CaseWithHistory} */
      const item = await api.get(path)
      if (!store.cases.has(id)) applyCase(store, item)
      fill(history, [h('h3', {}, t('history')), caseHistory(store, item)])
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      fill(history, [h('p', { class: 'problem', role: 'alert' }, `${error.message} ${error.hint}`)])
    }
  }

  /** @type {Parameters<typeof caseActions>[2]} */
  async function act(action, more) {
    applyCase(store, await api.post(`${path}/actions`, { action, ...more }))
    await loadHistory()
  }

  /** @param {Case} item */
  function show(item) {
    const view = { ...viewOfCase(store, item), dueAt: item.dueAt, closedAt: item.closedAt }
    if (JSON.stringify(view) !== factsShown) {
      factsShown = JSON.stringify(view)
      refill(top, topOf(store, item))
      fill(head, headOf(store, item))
      refill(facts, [factsOf(store, item)])
    }
    const state = `${item.status} ${item.actions}`
    if (state !== actionsFor) {
      actionsFor = state
      const focused = actions.contains(document.activeElement)
      fill(actions, [h('h3', {}, t('actions')), caseActions(store, item, act)])
      if (focused) element.focus({ preventScroll: true })
    }
    if (!line) {
      line = caseReadings(store, api, item)
      fill(readings, [line.element])
    }
  }

  return {
    id,
    element,
    /** @param {ReadonlySet<import('./types.d.ts').Topic>} changed */
    update(changed) {
      const item = store.cases.get(id)
      if (item) show(item)
      if (changed.has('devices')) line?.moveOn()
      const marks = item && [
        item.status,
        item.severity,
        item.suspended,
        item.unitId,
        item.signal.state,
      ]
      const version = String(marks)
      if (version !== historyFor) loadHistory()
      historyFor = version
    },
  }
}

/** @param {Store} store @param {Case} item */
function topOf(store, item) {
  const close = {
    type: 'button',
    class: 'quiet close',
    'aria-label': t('close'),
    title: t('close'),
  }
  return [
    h('span', { class: `tag state-${item.severity}` }, t(item.severity)),
    h('span', { class: 'case-number' }, item.number),
    ...caseFlags(item),
    h('button', { ...close, onclick: () => store.selectCase(null) }, '×'),
  ]
}

/** @param {Store} store @param {Case} item */
function headOf(store, item) {
  const view = viewOfCase(store, item)
  const due = h('span', { class: `case-due${view.overdue ? ' overdue' : ''}` }, view.due)
  return [
    h('h2', {}, view.title),
    h('p', { class: 'case-head-line' }, signal(view.signal), due),
    stepper(item.status, true),
  ]
}

/** @param {Store} store @param {Case} item */
function factsOf(store, item) {
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
