/**
 * The devices on the map, on one canvas: thousands of dots are drawn by stamping a small picture
 * per kind and state, the worst on top. Shape tells the kind, colour the state, hollow offline.
 */
import { DEVICE_STATES } from './queries.js'

/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./projection.js').Transform} Transform */

/**
 * @typedef {object} Dot
 * @property {string} id
 * @property {string} shape path in a 20 by 20 box
 * @property {DeviceState} state
 * @property {boolean} hollow
 * @property {number} x in the map's plane
 * @property {number} y
 */

const REACH_PX = 14

/**
 * Radius of a dot in pixels: smaller in a crowd, larger when zoomed in.
 * @param {number} count @param {number} zoom
 */
function radiusFor(count, zoom) {
  const base = count < 400 ? 6.5 : count < 2000 ? 5 : 3.6
  return Math.min(9, base * Math.max(1, Math.sqrt(zoom)))
}

export class DotLayer {
  #context
  #canvas
  #palette = readPalette()
  /** @type {Map<string, HTMLCanvasElement>} */
  #stamps = new Map()
  /** The size that the stamps were made for. */
  #stampsFor = ''
  /** In the order they were drawn: the worst last. @type {readonly Dot[]} */
  #shown = []

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas
    this.#context = contextOf(canvas)
  }

  readTheme() {
    this.#palette = readPalette()
    this.#stampsFor = ''
  }

  /**
   * @param {readonly Dot[]} dots @param {Transform} view @param {number} zoom
   * @param {string | null} selected
   */
  draw(dots, view, zoom, selected) {
    const ratio = devicePixelRatio
    const radius = radiusFor(dots.length, zoom)
    const size = `${ratio} ${radius}`
    if (size !== this.#stampsFor) this.#stamps = new Map()
    this.#stampsFor = size
    this.#shown = [...dots].sort((a, b) => rank(b) - rank(a))
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height)
    for (const dot of this.#shown) {
      const stamp = this.#stampOf(dot, radius * ratio)
      const x = (dot.x * view.scale + view.x) * ratio - stamp.width / 2
      const y = (dot.y * view.scale + view.y) * ratio - stamp.height / 2
      this.#context.drawImage(stamp, Math.round(x), Math.round(y))
    }
    const marked = this.#shown.find((dot) => dot.id === selected)
    if (marked) mark(this.#context, marked, view, radius, this.#palette.mark)
  }

  /**
   * The dot nearest to a point of the screen, within reach; the worst of those equally near.
   * @param {number} x @param {number} y @param {Transform} view
   */
  nearest(x, y, view) {
    let found = null
    let best = REACH_PX
    for (const dot of this.#shown) {
      const away = Math.hypot(dot.x * view.scale + view.x - x, dot.y * view.scale + view.y - y)
      if (away > best) continue
      best = away
      found = dot
    }
    return found
  }

  /** @param {Dot} dot @param {number} radius */
  #stampOf(dot, radius) {
    const key = `${dot.shape} ${dot.state} ${dot.hollow}`
    let stamp = this.#stamps.get(key)
    if (!stamp) {
      stamp = drawStamp(dot, radius, this.#palette)
      this.#stamps.set(key, stamp)
    }
    return stamp
  }
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
}

/** @param {Dot} dot */
function rank(dot) {
  return dot.state === 'offline'
    ? DEVICE_STATES.indexOf('fine') - 0.5
    : DEVICE_STATES.indexOf(dot.state)
}

/** @typedef {Record<DeviceState | 'edge' | 'mark', string>} Palette */

/** The theme's colours, which live in the style sheet. @returns {Palette} */
function readPalette() {
  const style = getComputedStyle(document.documentElement)
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim()
  return {
    critical: colour('critical'),
    major: colour('major'),
    minor: colour('minor'),
    fine: colour('fine'),
    offline: colour('offline'),
    edge: colour('map-land'),
    mark: colour('accent'),
  }
}

/** @param {Dot} dot @param {number} radius @param {Palette} palette */
function drawStamp(dot, radius, palette) {
  const quiet = dot.state === 'fine' || dot.state === 'offline'
  const scale = (radius / 10) * (quiet ? 0.8 : 1.15)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = Math.ceil(scale * 28)
  const context = contextOf(canvas)
  context.translate(canvas.width / 2, canvas.height / 2)
  context.scale(scale, scale)
  const path = new Path2D(dot.shape)
  context.lineJoin = 'round'
  context.lineWidth = 5
  context.strokeStyle = palette.edge
  context.stroke(path)
  context.fillStyle = dot.hollow ? palette.edge : palette[dot.state]
  context.fill(path)
  if (dot.hollow) {
    context.lineWidth = 3.2
    context.strokeStyle = palette[dot.state]
    context.stroke(path)
  }
  return canvas
}

/**
 * A ring around the selected dot.
 * @param {CanvasRenderingContext2D} context @param {Dot} dot @param {Transform} view
 * @param {number} radius @param {string} colour
 */
function mark(context, dot, view, radius, colour) {
  const ratio = devicePixelRatio
  const x = (dot.x * view.scale + view.x) * ratio
  const y = (dot.y * view.scale + view.y) * ratio
  context.lineWidth = 2.5 * ratio
  context.strokeStyle = colour
  context.beginPath()
  context.arc(x, y, (radius + 6) * ratio, 0, 2 * Math.PI)
  context.stroke()
}
