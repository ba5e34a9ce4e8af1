/**
 * The list of cases, newest first, with its filters. Choosing one opens its panel.
 */
import { caseFlags, signal, unseenMark } from './case-marks.js'
import { viewOfCase } from './case-view.js'
import { serviceNow } from './clock.js'
import { select } from './controls.js'
import { fill, h, KeyedList, refill } from './dom.js'
import { number } from './format.js'
import { t } from './i18n.js'
import { deviceName, isOpen, isOverdue, kindTitle, SEVERITIES } from './queries.js'
import { statusText, stepper } from './stepper.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').Topic} Topic */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {ReturnType<typeof rowView>} RowView */

const ROWS_STEP = 100
/** @type {readonly Topic[]} */
const DRAWN_FROM = ['cases', 'city', 'filters', 'selection', 'tick']

/**
 * @param {Store} store
 * @returns {import('./types.d.ts').View}
 */
export function createCases(store) {
  const tools = h('div', { class: 'tools', role: 'group', 'aria-label': t('caseFilters') })
  const list = h('ul', { class: 'rows case-rows' })
  const note = h('p', { class: 'empty', role: 'status' })
  const foot = h('div', { class: 'foot' })
  const head = h('div', { class: 'panel-head' }, h('h2', {}, t('cases')), tools)
  const body = h('div', { class: 'scroll' }, note, list, foot)
  let most = ROWS_STEP
  let toolsShown = ''
  /** @type {KeyedList<Case, RowView>} */
  const rows = new KeyedList(list, {
    key: (item) => item.id,
    create: (id) => rowElement(() => store.selectCase(id)),
    describe: (item) => rowView(store, item),
    fill: fillRow,
  })

  function draw() {
    const all = [...store.cases.values()]
    const chosen = all.filter((item) => matches(store, item)).sort(newestFirst)
    const view = toolsView(store, all)
    if (JSON.stringify(view) !== toolsShown) refill(tools, filters(store, view))
    toolsShown = JSON.stringify(view)
    rows.update(chosen.slice(0, most))
    fill(note, [emptyText(store, chosen.length)])
    refill(foot, [chosen.length > most && moreButton(most, chosen.length, showMore)])
  }

  function showMore() {
    most += ROWS_STEP
    draw()
  }

  const element = h('section', { class: 'panel cases', 'aria-label': t('cases') }, head, body)
  const update = (/** @type {ReadonlySet<Topic>} */ changed) => {
    if (DRAWN_FROM.some((topic) => changed.has(topic))) draw()
  }
  return { element, update }
}

/** @param {number} most @param {number} total @param {() => void} onclick */
function moreButton(most, total, onclick) {
  const shown = t('showing', { shown: number(most), total: number(total) })
  return h('button', { type: 'button', class: 'quiet', onclick }, `${t('showMore')} · ${shown}`)
}

/** Times are ISO 8601 UTC, so they sort as text. @param {Case} a @param {Case} b */
function newestFirst(a, b) {
  if (a.openedAt !== b.openedAt) return a.openedAt < b.openedAt ? 1 : -1
  return a.id < b.id ? 1 : -1
}

/** @param {Store} store @param {Case} item */
function matches(store, item) {
  const { scope, severity, kind } = store.caseFilter
  const { deviceId } = store.selection
  return (
    (scope === 'all' || (scope === 'open' ? isOpen(item) : isOverdue(item, serviceNow()))) &&
    (severity === '' || item.severity === severity) &&
    (kind === '' || item.kind === kind) &&
    (deviceId === null || item.deviceId === deviceId)
  )
}

/** @param {Store} store @param {number} count */
function emptyText(store, count) {
  if (!store.loaded) return store.fault ?? t('loading')
  if (count > 0) return ''
  const { scope, severity, kind } = store.caseFilter
  const bare = severity === '' && kind === '' && store.selection.deviceId === null
  return t(bare && scope === 'open' ? 'noOpenCases' : 'noCases')
}

/** @param {Store} store @param {readonly Case[]} all */
function toolsView(store, all) {
  const now = serviceNow()
  const { deviceId } = store.selection
  return {
    filter: store.caseFilter,
    counts: {
      open: all.filter(isOpen).length,
      overdue: all.filter((item) => isOverdue(item, now)).length,
      all: all.length,
    },
    kinds: [...store.kinds.keys()].map((name) => [name, kindTitle(store, name)]),
    device: deviceId === null ? null : deviceName(store, deviceId),
  }
}

/** @param {Store} store @param {ReturnType<typeof toolsView>} view */
function filters(store, { filter, counts, kinds, device }) {
  const scopes = /** @type {const} */ ([
    ['open', t('scopeOpen')],
    ['overdue', t('scopeOverdue')],
    ['all', t('scopeAll')],
  ])
  const buttons = scopes.map(([scope, name]) => {
    const pressed = String(filter.scope === scope)
    const onclick = () => store.filterCases({ scope })
    const count = h('span', { class: 'count' }, number(counts[scope]))
    return h('button', { type: 'button', 'aria-pressed': pressed, onclick }, `${name} `, count)
  })
  const severities = SEVERITIES.map((severity) => [severity, t(severity)])
  return [
    h('div', { class: 'switch' }, ...buttons),
    select(t('severity'), [['', t('anySeverity')], ...severities], filter.severity, (value) =>
      store.filterCases({ severity: /** @type {import('./types.d.ts').Severity | ''} */ (value) }),
    ),
    select(t('kind'), [['', t('anyKind')], ...kinds], filter.kind, (kind) =>
      store.filterCases({ kind }),
    ),
    device !== null && deviceChip(store, device),
  ]
}

/** @param {Store} store @param {string} name */
function deviceChip(store, name) {
  const onclick = () => store.selectDevice(null)
  const label = `${t('clearFilter')}: ${name}`
  return h(
    'button',
    { type: 'button', class: 'chip', title: label, 'aria-label': label, onclick },
    h('span', {}, t('onlyDevice', { name })),
    h('span', { 'aria-hidden': 'true' }, ' ×'),
  )
}

/** @param {Store} store @param {Case} item */
function rowView(store, item) {
  return { ...viewOfCase(store, item), selected: store.selection.caseId === item.id }
}

/** @param {() => void} onclick */
function rowElement(onclick) {
  return h('li', {}, h('button', { type: 'button', class: 'row case-row', onclick }))
}

/** @param {HTMLElement} element @param {RowView} view */
function fillRow(element, view) {
  const button = /** @type {HTMLElement} */ (element.firstElementChild)
  const edge = `edge-${view.open ? view.severity : 'ended'}`
  button.className = `row case-row ${edge}${view.unseen ? ' case-unseen' : ''}`
  button.setAttribute('aria-current', String(view.selected))
  const tag = `tag state-${view.severity}${view.open ? '' : ' tag-ended'}`
  fill(button, [
    h(
      'span',
      { class: 'case-severity' },
      h('span', { class: tag }, view.severityText),
      view.unseen && unseenMark(),
    ),
    h(
      'span',
      { class: 'case-title' },
      view.title,
      h('span', { class: 'case-device' }, view.device),
    ),
    h(
      'span',
      { class: 'case-meta' },
      h('span', { class: 'case-device' }, `${view.device} · `),
      `${view.number} · ${view.unit} · ${view.place}`,
    ),
    h(
      'span',
      { class: 'case-progress' },
      stepper(view.status, false),
      h('span', { class: 'case-status' }, statusText(view.status), ...caseFlags(view)),
    ),
    h('span', { class: `case-due${view.overdue ? ' overdue' : ''}` }, view.due),
    signal(view.signal),
  ])
}
