/**
 * The city map: a quiet base, the devices as dots over it, a gentle pulse on every open case (the
 * worst PULSES_MOST of them), a tip under the pointer. A click selects a device; the wheel, the
 * buttons and dragging move the view. Lists offer the same to the keyboard.
 */
import { fill, h } from './dom.js'
import { shapeOf } from './glyphs.js'
import { t } from './i18n.js'
import { mapBase } from './map-base.js'
import { dotLayer } from './map-dots.js'
import { mapLegend } from './map-legend.js'
import { mapTip } from './map-tip.js'
import { mapView } from './map-view.js'
import { boxAround, middleOf, projectionAbout } from './projection.js'
import { DEVICE_STATES, deviceState, isOpen, positionOf, SEVERITIES, troubles } from './queries.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./map-dots.js').Dot} Dot */
/** @typedef {import('./projection.js').Position} Position */
/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./types.d.ts').Severity} Severity */

const PULSES_MOST = 40
/** Rings that do not beat together are calmer. */
const PULSE_STAGGER_S = 0.37
/** @type {readonly import('./types.d.ts').Topic[]} */
const DRAWN_FROM = ['city', 'devices', 'cases', 'alerts']

/**
 * @param {Store} store
 * @returns {import('./types.d.ts').View}
 */
export function createMap(store) {
  const canvas = h('canvas', { class: 'map-dots', role: 'img' })
  const base = h('div', { class: 'map-layer' })
  const pulses = h('div', { class: 'map-layer map-pulses', 'aria-hidden': 'true' })
  const tip = mapTip(store)
  const view = mapView(canvas, () => draw())
  const stage = h('div', { class: 'map-stage' }, base, pulses, canvas, tip.element, view.buttons)
  const legend = mapLegend(store)
  const dots = dotLayer(canvas)
  /** @type {ReturnType<typeof mapBase> | null} */
  let ground = null
  /** @type {((position: Position) => [number, number]) | null} */
  let project = null
  /** @type {Dot[]} */
  let shown = []

  function rebuild() {
    const points = cityPoints(store)
    const around = boxAround(points)
    if (!around) return
    project = projectionAbout(middleOf(around))
    if (store.city) {
      ground = mapBase(store.city, project)
      fill(base, [ground.element])
    }
    view.setHome(boxAround(points.map(project)) ?? around)
  }

  function draw() {
    const { transform, zoom } = view
    ground?.show(transform, zoom)
    dots.draw(shown, transform, zoom, store.selection.deviceId)
    showPulses(pulses, openDots(store, shown), transform)
  }

  canvas.addEventListener('pointermove', (event) => {
    const dot = dots.nearest(event.offsetX, event.offsetY, view.transform)
    canvas.classList.toggle('map-over', dot !== null)
    tip.show(dot, event.offsetX, event.offsetY, canvas.clientWidth)
  })
  canvas.addEventListener('pointerleave', () => tip.show(null, 0, 0, 0))
  canvas.addEventListener('click', (event) => {
    if (view.justDragged()) return
    const dot = dots.nearest(event.offsetX, event.offsetY, view.transform)
    store.selectDevice(dot?.id ?? null)
    tip.show(dot, event.offsetX, event.offsetY, canvas.clientWidth)
  })

  return {
    element: h('section', { class: 'panel map', 'aria-label': t('map') }, stage, legend.element),
    update(changed) {
      if (changed.has('city') || (!project && changed.has('devices'))) rebuild()
      if (changed.has('city')) legend.update()
      if (changed.has('theme')) dots.readTheme()
      const moved = DRAWN_FROM.some((topic) => changed.has(topic))
      if (moved && project) shown = dotsOf(store, project)
      if (moved) canvas.setAttribute('aria-label', summary(shown))
      if (moved || changed.has('selection') || changed.has('theme')) draw()
    },
    destroy: view.destroy,
  }
}

/**
 * What the map must show: the districts, or the devices where there are none.
 * @param {Store} store
 * @returns {Position[]}
 */
function cityPoints(store) {
  const borders = store.city?.districts.flatMap((district) => district.boundary) ?? []
  if (borders.length > 0) return borders
  return [...store.devices.values()].map(positionOf).filter((position) => position !== null)
}

/**
 * @param {Store} store @param {(position: Position) => [number, number]} project
 * @returns {Dot[]}
 */
function dotsOf(store, project) {
  const worst = troubles(store)
  const catalogue = [...store.kinds.keys()]
  return [...store.devices.values()].flatMap((device) => {
    const position = positionOf(device)
    if (!position) return []
    const [x, y] = project(position)
    const state = deviceState(device, worst)
    return [
      {
        id: device.id,
        shape: shapeOf(device.kind, catalogue),
        state,
        hollow: !device.online,
        x,
        y,
      },
    ]
  })
}

/**
 * The dots with an open case, the worst first.
 * @param {Store} store @param {readonly Dot[]} dots
 */
function openDots(store, dots) {
  const busy = new Set([...store.cases.values()].filter(isOpen).map((item) => item.deviceId))
  return dots
    .filter((dot) => busy.has(dot.id))
    .sort((a, b) => severityRank(a.state) - severityRank(b.state))
    .slice(0, PULSES_MOST)
}

/** @param {DeviceState} state */
function severityRank(state) {
  return SEVERITIES.indexOf(/** @type {Severity} */ (state))
}

/**
 * Places one ring per dot, reusing those that are there, so that a pulse does not start anew.
 * @param {HTMLElement} layer @param {readonly Dot[]} dots
 * @param {import('./projection.js').Transform} view
 */
function showPulses(layer, dots, view) {
  while (layer.childElementCount > dots.length) layer.lastElementChild?.remove()
  while (layer.childElementCount < dots.length) layer.append(h('span', { class: 'pulse' }))
  for (const [i, dot] of dots.entries()) {
    const ring = /** @type {HTMLElement} */ (layer.children[i])
    const className = `pulse state-${dot.state}`
    if (ring.className !== className) ring.className = className
    ring.style.animationDelay = `${-i * PULSE_STAGGER_S}s`
    ring.style.left = `${dot.x * view.scale + view.x}px`
    ring.style.top = `${dot.y * view.scale + view.y}px`
  }
}

/** @param {readonly Dot[]} dots */
function summary(dots) {
  const counts = Object.fromEntries(DEVICE_STATES.map((state) => [state, 0]))
  for (const dot of dots) counts[dot.state] = (counts[dot.state] ?? 0) + 1
  return t('mapSummary', { total: dots.length, ...counts })
}
