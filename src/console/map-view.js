/**
 * Which part of the city the map shows: the whole at first and after every change of size, until
 * someone zooms or drags. Works by mouse, touch and buttons.
 */
import { h } from './dom.js'
import { t } from './i18n.js'
import { fitBox, zoomAbout } from './projection.js'

/** @typedef {import('./projection.js').Box} Box */

const MARGIN_PX = 14
const ZOOM_MOST = 24
const ZOOM_STEP = 1.6
/** How far the wheel turns for a zoom by e. */
const WHEEL_PX = 400
/** A pointer that moved less has clicked. */
const CLICK_PX = 4

export class MapView {
  transform = { scale: 1, x: 0, y: 0 }
  /** 1 where the whole city is shown. */
  zoom = 1
  #canvas
  #onMove
  /** What the whole city is. @type {Box | null} */
  #home = null
  #dragged = 0
  #sizes = new ResizeObserver(() => this.#resize())

  /** @param {HTMLCanvasElement} canvas @param {() => void} onMove */
  constructor(canvas, onMove) {
    this.#canvas = canvas
    this.#onMove = onMove
    this.buttons = zoomButtons(
      (factor) => this.#zoomBy(factor),
      () => this.#reset(),
    )
    this.#sizes.observe(canvas)
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false })
    canvas.addEventListener('pointermove', (event) => this.#drag(event))
    canvas.addEventListener('pointerdown', () => {
      this.#dragged = 0
    })
  }

  /** @param {Box} box */
  setHome(box) {
    this.#home = box
    this.#reset()
  }

  /** True where the click that just came ended a drag. */
  justDragged() {
    return this.#dragged > CLICK_PX
  }

  destroy() {
    this.#sizes.disconnect()
  }

  #reset() {
    const { clientWidth, clientHeight } = this.#canvas
    if (!this.#home || clientWidth === 0) return
    this.#move(fitBox(this.#home, clientWidth, clientHeight, MARGIN_PX), 1)
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas
    this.#canvas.width = Math.round(clientWidth * devicePixelRatio)
    this.#canvas.height = Math.round(clientHeight * devicePixelRatio)
    if (this.zoom === 1) this.#reset()
    else this.#onMove()
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  #zoomBy(factor, x = this.#canvas.clientWidth / 2, y = this.#canvas.clientHeight / 2) {
    const zoom = Math.min(ZOOM_MOST, this.zoom * factor)
    if (zoom <= 1) this.#reset()
    else this.#move(zoomAbout(this.transform, zoom / this.zoom, x, y), zoom)
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault()
    this.#zoomBy(Math.exp(-event.deltaY / WHEEL_PX), event.offsetX, event.offsetY)
  }

  /** @param {PointerEvent} event */
  #drag({ buttons, movementX, movementY }) {
    if (buttons !== 1 || this.zoom === 1) return
    this.#dragged += Math.abs(movementX) + Math.abs(movementY)
    const { scale, x, y } = this.transform
    this.#move({ scale, x: x + movementX, y: y + movementY }, this.zoom)
  }

  /** @param {import('./projection.js').Transform} transform @param {number} zoom */
  #move(transform, zoom) {
    this.transform = transform
    this.zoom = zoom
    this.#canvas.classList.toggle('map-zoomed', zoom > 1)
    this.#onMove()
  }
}

/** @param {(factor: number) => void} zoomBy @param {() => void} reset */
function zoomButtons(zoomBy, reset) {
  /** @param {string} sign @param {string} label @param {() => void} onclick */
  const button = (sign, label, onclick) =>
    h('button', { type: 'button', title: label, 'aria-label': label, onclick }, sign)
  return h(
    'div',
    { class: 'map-zoom' },
    button('+', t('zoomIn'), () => zoomBy(ZOOM_STEP)),
    button('−', t('zoomOut'), () => zoomBy(1 / ZOOM_STEP)),
    button(t('zoomReset'), t('zoomReset'), reset),
  )
}
