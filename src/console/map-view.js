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
/** A pointer that moved less has clicked. */
const CLICK_PX = 4

/** @param {HTMLCanvasElement} canvas @param {() => void} onMove */
export function mapView(canvas, onMove) {
  /** @type {Box | null} */
  let home = null
  let transform = { scale: 1, x: 0, y: 0 }
  let zoom = 1
  let dragged = 0

  function reset() {
    if (!home || canvas.clientWidth === 0) return
    transform = fitBox(home, canvas.clientWidth, canvas.clientHeight, MARGIN_PX)
    zoom = 1
    moved()
  }

  function moved() {
    canvas.classList.toggle('map-zoomed', zoom > 1)
    onMove()
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] */
  function zoomBy(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const next = Math.min(ZOOM_MOST, zoom * factor)
    if (next <= 1) return reset()
    transform = zoomAbout(transform, next / zoom, x, y)
    zoom = next
    moved()
  }

  const sizes = new ResizeObserver(() => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio)
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio)
    if (zoom === 1) reset()
    else moved()
  })
  sizes.observe(canvas)
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      zoomBy(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY)
    },
    { passive: false },
  )
  canvas.addEventListener('pointerdown', () => {
    dragged = 0
  })
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons !== 1 || zoom === 1) return
    dragged += Math.abs(event.movementX) + Math.abs(event.movementY)
    transform = { ...transform, x: transform.x + event.movementX, y: transform.y + event.movementY }
    moved()
  })

  return {
    get transform() {
      return transform
    },
    get zoom() {
      return zoom
    },
    buttons: zoomButtons(zoomBy, reset),
    justDragged: () => dragged > CLICK_PX,
    /** @param {Box} box what the whole city is */
    setHome(box) {
      home = box
      reset()
    },
    destroy: () => sizes.disconnect(),
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
