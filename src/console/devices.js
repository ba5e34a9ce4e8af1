/**
 * The list of devices, those in trouble first: state, latest values, when last seen. Choosing one
 * shows it on the map and narrows the cases to it.
 */
import { serviceNow } from './clock.js'
import { select } from './controls.js'
import { fill, h, KeyedList, refill } from './dom.js'
import { ago, number } from './format.js'
import { glyph } from './glyphs.js'
import { t } from './i18n.js'
import {
  DEVICE_STATES,
  deviceState,
  kindTitle,
  mainValues,
  stateText,
  troubles,
} from './queries.js'

/** @typedef {import('./types.d.ts').Device} Device */
/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {{ device: Device, state: DeviceState }} Entry */
/** @typedef {ReturnType<typeof rowView>} RowView */

const ROWS_MOST = 200
const SEARCH_PAUSE_MS = 300

/**
 * @param {Store} store
 * @param {(q: string) => void} onSearch asks the service, where the page does not hold every device
 * @returns {import('./types.d.ts').View}
 */
export function createDevices(store, onSearch) {
  const filters = h('div', { class: 'tools' })
  const list = h('ul', { class: 'rows device-rows' })
  const note = h('p', { class: 'empty', role: 'status' })
  const foot = h('div', { class: 'foot muted' })
  let filtersShown = ''
  /** @type {KeyedList<Entry, RowView>} */
  const rows = new KeyedList(list, {
    key: ({ device }) => device.id,
    create: (id) =>
      rowElement(() => store.selectDevice(store.selection.deviceId === id ? null : id)),
    describe: (entry) => rowView(store, entry),
    fill: fillRow,
  })

  const search = searchField(store, onSearch)
  const head = h('div', { class: 'panel-head' }, h('h2', {}, t('devices')), search, filters)
  const body = h('div', { class: 'scroll' }, note, list, foot)
  return {
    element: h('section', { class: 'panel devices', 'aria-label': t('devices') }, head, body),
    update() {
      const chosen = entries(store)
      const kinds = [...store.kinds.keys()].map((name) => [name, kindTitle(store, name)])
      const signature = JSON.stringify([kinds, store.deviceFilter])
      if (signature !== filtersShown) refill(filters, selects(store, kinds))
      filtersShown = signature
      rows.update(chosen.slice(0, ROWS_MOST))
      fill(note, [emptyText(store, chosen.length)])
      const shown = number(Math.min(ROWS_MOST, chosen.length))
      fill(foot, [chosen.length > 0 && t('showing', { shown, total: number(chosen.length) })])
    },
  }
}

/**
 * The devices that match the filter, worst state first, else in the service's order.
 * @param {Store} store
 * @returns {Entry[]}
 */
function entries(store) {
  const worst = troubles(store)
  const { q, kind, state } = store.deviceFilter
  const wanted = q.trim().toLowerCase()
  const found = []
  for (const device of store.devices.values()) {
    const own = deviceState(device, worst)
    const named = wanted === '' || `${device.id}\n${device.name}`.toLowerCase().includes(wanted)
    const inState = state === '' || own === state || (state === 'offline' && !device.online)
    if (named && inState && (kind === '' || device.kind === kind))
      found.push({ device, state: own })
  }
  return found.sort((a, b) => rank(a) - rank(b))
}

/** Offline before fine: someone has to look after it. @param {Entry} entry */
function rank({ state }) {
  return state === 'fine' ? DEVICE_STATES.length : DEVICE_STATES.indexOf(state)
}

/** @param {Store} store @param {number} count */
function emptyText(store, count) {
  if (!store.loaded) return store.fault ?? t('loading')
  if (count > 0) return ''
  return t(store.devices.size === 0 ? 'noDevicesYet' : 'noDevices')
}

/** @param {Store} store @param {(q: string) => void} search */
function searchField(store, search) {
  const label = t('searchDevices')
  const input = h('input', { type: 'search', placeholder: label, 'aria-label': label })
  input.value = store.deviceFilter.q
  let timer = 0
  input.addEventListener('input', () => {
    store.filterDevices({ q: input.value })
    clearTimeout(timer)
    timer = setTimeout(() => search(input.value.trim()), SEARCH_PAUSE_MS)
  })
  return input
}

/** @param {Store} store @param {readonly (readonly string[])[]} kinds */
function selects(store, kinds) {
  const states = DEVICE_STATES.map((state) => [state, stateText(state)])
  const { kind, state } = store.deviceFilter
  return [
    select(t('kind'), [['', t('anyKind')], ...kinds], kind, (chosen) =>
      store.filterDevices({ kind: chosen }),
    ),
    select(t('state'), [['', t('anyState')], ...states], state, (chosen) =>
      store.filterDevices({ state: /** @type {DeviceState | ''} */ (chosen) }),
    ),
  ]
}

/** @param {Store} store @param {Entry} entry */
function rowView(store, { device, state }) {
  return {
    kind: device.kind,
    kindTitle: kindTitle(store, device.kind),
    catalogue: [...store.kinds.keys()],
    name: device.name || device.id,
    id: device.id,
    online: device.online,
    state,
    values: mainValues(store, device),
    seen: seenText(device, state),
    selected: store.selection.deviceId === device.id,
  }
}

/**
 * When a device was last seen; that it is offline too, where its state tells of something worse.
 * @param {Device} device @param {DeviceState} state
 */
function seenText({ online, lastSeenAt }, state) {
  const seen = ago(lastSeenAt, serviceNow())
  return online || state === 'offline' ? seen : `${t('offline')} · ${seen}`
}

/** @param {() => void} onclick */
function rowElement(onclick) {
  return h('li', {}, h('button', { type: 'button', class: 'row device-row', onclick }))
}

/** @param {HTMLElement} element @param {RowView} view */
function fillRow(element, view) {
  const button = /** @type {HTMLElement} */ (element.firstElementChild)
  button.setAttribute('aria-current', String(view.selected))
  const hollow = view.online ? '' : ' hollow'
  fill(button, [
    glyph(view.kind, view.catalogue, `state-${view.state}${hollow}`),
    h('span', { class: 'device-name' }, view.name),
    h('span', { class: 'device-kind' }, `${view.kindTitle} · ${view.id}`),
    h(
      'span',
      { class: 'device-values' },
      ...view.values.map(({ label, value }) => h('span', {}, `${label} `, h('b', {}, value))),
    ),
    h('span', { class: `device-state text-${view.state}` }, stateText(view.state)),
    h('span', { class: 'device-seen' }, view.seen),
  ])
}
