/**
 * The map's quiet layer, in SVG: districts, grids and streets in one group that is moved by a
 * transform, and their names in screen coordinates so that they keep their size.
 */
import { fill, svg } from './dom.js'
import { pick } from './i18n.js'
import { boxAround } from './projection.js'

/** @typedef {import('./types.d.ts').City} City */
/** @typedef {import('./projection.js').Transform} Transform */
/** @typedef {import('./projection.js').Position} Position */
/** @typedef {{ text: string, at: [number, number], className: string, from: number }} Label */

/** Streets and grids are named once the city is shown so much larger than the whole. */
const STREET_NAMES_FROM = 1.8
const GRID_NAMES_FROM = 3

/**
 * @param {City} city @param {(position: Position) => [number, number]} project
 */
export function mapBase(city, project) {
  /** @param {readonly (readonly [number, number])[]} line */
  const path = (line) => `M${line.map((point) => project(point).join(' ')).join('L')}`
  /** @param {string} className @param {string} d */
  const shape = (className, d) => svg('path', { class: className, d })
  const ground = svg(
    'g',
    {},
    ...city.districts.map((one) => shape('map-district', `${path(one.boundary)}Z`)),
    ...city.grids.map((one) => shape('map-grid', `${path(one.boundary)}Z`)),
    ...city.streets.map((one) => shape('map-street', path(one.line))),
    ...city.districts.map((one) => shape('map-border', `${path(one.boundary)}Z`)),
  )
  const names = svg('g')
  const labels = labelsOf(city, project)
  const element = svg('svg', { class: 'map-base', 'aria-hidden': 'true' }, ground, names)
  return {
    element,
    /** @param {Transform} view @param {number} zoom 1 where the whole city is shown */
    show(view, zoom) {
      ground.setAttribute('transform', `translate(${view.x} ${view.y}) scale(${view.scale})`)
      fill(
        names,
        labels.filter((label) => zoom >= label.from).map((label) => name(label, view)),
      )
    },
  }
}

/** @param {Label} label @param {Transform} view */
function name({ text, at, className }, view) {
  const x = at[0] * view.scale + view.x
  const y = at[1] * view.scale + view.y
  return svg('text', { class: className, x, y, dy: '1.3em' }, text)
}

/**
 * Where an area's name stands: at its upper border, below which there are fewer devices than in
 * its middle.
 * @param {readonly [number, number][]} ring
 * @returns {[number, number]}
 */
function topOf(ring) {
  const box = boxAround(ring) ?? { left: 0, right: 0, top: 0, bottom: 0 }
  const x = (box.left + box.right) / 2
  const crossings = ring.flatMap(([x2, y2], i) => {
    const [x1, y1] = ring.at(i - 1) ?? [x2, y2]
    return x1 < x === x2 < x ? [] : [y1 + ((x - x1) * (y2 - y1)) / (x2 - x1)]
  })
  return [x, Math.min(box.bottom, ...crossings)]
}

/**
 * @param {City} city @param {(position: Position) => [number, number]} project
 * @returns {Label[]}
 */
function labelsOf(city, project) {
  return [
    ...city.districts.map((one) => ({
      text: pick(one.name),
      at: topOf(one.boundary.map(project)),
      className: 'map-name map-name-district',
      from: 0,
    })),
    ...city.streets.map((one) => ({
      text: pick(one.name),
      at: project(/** @type {Position} */ (one.line[Math.floor(one.line.length / 2)])),
      className: 'map-name map-name-street',
      from: STREET_NAMES_FROM,
    })),
    ...city.grids.map((one) => ({
      text: pick(one.name),
      at: topOf(one.boundary.map(project)),
      className: 'map-name map-name-grid',
      from: GRID_NAMES_FROM,
    })),
  ]
}
