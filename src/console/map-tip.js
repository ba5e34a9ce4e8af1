/**
 * The tip under the pointer: a device's name, kind, state and latest values.
 */
import { serviceNow } from './clock.js'
import { fill, h } from './dom.js'
import { ago } from './format.js'
import { deviceState, kindTitle, mainValues, placeName, stateText, troubles } from './queries.js'

const WIDTH_PX = 240
const GAP_PX = 14

/** @param {import('./store.js').Store} store */
export function mapTip(store) {
  const element = h('div', { class: 'map-tip', role: 'tooltip', hidden: true })
  let shownFor = ''

  return {
    element,
    /**
     * @param {{ id: string } | null} dot @param {number} x @param {number} y
     * @param {number} width of the map
     */
    show(dot, x, y, width) {
      element.hidden = dot === null
      if (!dot) {
        shownFor = ''
        return
      }
      if (dot.id !== shownFor) fill(element, describe(store, dot.id))
      shownFor = dot.id
      const left = x + GAP_PX + WIDTH_PX > width ? x - GAP_PX - WIDTH_PX : x + GAP_PX
      element.style.left = `${Math.max(4, left)}px`
      element.style.top = `${Math.max(4, y - element.offsetHeight - GAP_PX)}px`
    },
  }
}

/** @param {import('./store.js').Store} store @param {string} id */
function describe(store, id) {
  const device = store.devices.get(id)
  if (!device) return []
  const state = deviceState(device, troubles(store))
  return [
    h('strong', {}, device.name || device.id),
    h(
      'div',
      { class: 'map-tip-line' },
      h('span', { class: `tag state-${state}` }, stateText(state)),
      kindTitle(store, device.kind),
    ),
    ...mainValues(store, device).map(({ label, value }) =>
      h('div', { class: 'map-tip-value' }, h('span', {}, label), h('b', {}, value)),
    ),
    h(
      'div',
      { class: 'muted' },
      `${placeName(store, device)} · ${ago(device.lastSeenAt, serviceNow())}`,
    ),
  ]
}
