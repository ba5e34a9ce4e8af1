/**
 * The city map: a quiet base, the devices as dots over it, a gentle pulse where a case is
 * open, a tip under the pointer. A click selects a device; the wheel, the
 * buttons and dragging move the view. Lists offer the same to the keyboard.
 */
import { fill, h } from './dom.js'
import { shapeOf } from './glyphs.js'
import { t } from './i18n.js'
import { mapBase } from './map-base.js'
import { DotLayer } from './map-dots.js'
import { mapLegend } from './map-legend.js'
import { busyDots, showPulses } from './map-pulses.js'
import { mapTip } from './map-tip.js'
import { MapView } from './map-view.js'
import { boxAround, middleOf, projectionAbout } from './projection.js'
import { DEVICE_STATES, deviceState, positionOf, troubles } from './queries.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./map-dots.js').Dot} Dot */
/** @typedef {import('./projection.js').Position} Position */
/** @typedef {import('./types.d.ts').Topic} Topic */

/** @type {readonly Topic[]} */
const DRAWN_FROM = ['city', 'devices', 'cases', 'alerts']

/** A View of the console: types.d.ts. */
export class CityMap {
  #store
  #canvas = h('canvas', { class: 'map-dots', role: 'img' })
  #base = h('div', { class: 'map-layer' })
  #pulses = h('div', { class: 'map-layer', 'aria-hidden': 'true' })
  #view = new MapView(this.#canvas, () => this.#draw())
  #dots = new DotLayer(this.#canvas)
  #tip
  #legend
  /** @type {ReturnType<typeof mapBase> | null} */
  #ground = null
  /** @type {((position: Position) => [number, number]) | null} */
  #project = null
  /** @type {Dot[]} */
  #shown = []

  /** @param {Store} store */
  constructor(store) {
    this.#store = store
    this.#tip = mapTip(store)
    this.#legend = mapLegend(store)
    const layers = [this.#base, this.#pulses, this.#canvas, this.#tip.element, this.#view.buttons]
    const stage = h('div', { class: 'map-stage' }, ...layers)
    const about = { class: 'panel map', 'aria-label': t('map') }
    this.element = h('section', about, stage, this.#legend.element)
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event))
    this.#canvas.addEventListener('pointerleave', () => this.#tip.show(null, 0, 0, 0))
    this.#canvas.addEventListener('click', (event) => {
      if (!this.#view.justDragged()) store.selectDevice(this.#point(event)?.id ?? null)
    })
  }

  /** @param {ReadonlySet<Topic>} changed */
  update(changed) {
    if (changed.has('city') || (!this.#project && changed.has('devices'))) this.#rebuild()
    if (changed.has('city')) this.#legend.update()
    if (changed.has('theme')) this.#dots.readTheme()
    const moved = DRAWN_FROM.some((topic) => changed.has(topic))
    if (moved && this.#project) this.#shown = dotsOf(this.#store, this.#project)
    if (moved) this.#canvas.setAttribute('aria-label', summary(this.#shown))
    if (moved || changed.has('selection') || changed.has('theme')) this.#draw()
  }

  destroy() {
    this.#view.destroy()
  }

  #rebuild() {
    const points = cityPoints(this.#store)
    const around = boxAround(points)
    if (!around) return
    this.#project = projectionAbout(middleOf(around))
    if (this.#store.city) {
      this.#ground = mapBase(this.#store.city, this.#project)
      fill(this.#base, [this.#ground.element])
    }
    this.#view.setHome(boxAround(points.map(this.#project)) ?? around)
  }

  #draw() {
    const { transform, zoom } = this.#view
    this.#ground?.show(transform, zoom)
    this.#dots.draw(this.#shown, transform, zoom, this.#store.selection.deviceId)
    showPulses(this.#pulses, busyDots(this.#store, this.#shown), transform)
  }

  /** Shows the tip of what lies under the pointer. @param {MouseEvent} event */
  #point({ offsetX, offsetY }) {
    const dot = this.#dots.nearest(offsetX, offsetY, this.#view.transform)
    this.#canvas.classList.toggle('map-over', dot !== null)
    this.#tip.show(dot, offsetX, offsetY, this.#canvas.clientWidth)
    return dot
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

/** @param {readonly Dot[]} dots */
function summary(dots) {
  const counts = Object.fromEntries(DEVICE_STATES.map((state) => [state, 0]))
  for (const dot of dots) counts[dot.state] = (counts[dot.state] ?? 0) + 1
  return t('mapSummary', { total: dots.length, ...counts })
}
