/**
 * The rings that beat gently around devices with an open case. They are elements over the map, so
 * that the browser animates them without a line of script, and stills them for who asked for it.
 */
import { h } from './dom.js'
import { isOpen, SEVERITIES } from './queries.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./map-dots.js').Dot} Dot */
/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./types.d.ts').Severity} Severity */

const PULSES_MOST = 40
/** Rings that do not beat together are calmer. */
const PULSE_STAGGER_S = 0.37

/**
 * The dots with an open case, the worst first, no more than an eye can follow.
 * @param {Store} store @param {readonly Dot[]} dots
 */
export function busyDots(store, dots) {
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
export function showPulses(layer, dots, view) {
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
