/**
 * From WGS-84 to the map's plane and on to the screen. The plane is equirectangular about the
 * city's middle (over one city the error is below a pixel), one unit a metre, y downwards.
 * A view is a scale and a shift from the plane to screen pixels.
 */

/** @typedef {readonly [lon: number, lat: number]} Position */
/** @typedef {{ scale: number, x: number, y: number }} Transform */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

const METRES_PER_DEGREE = 111_320

/**
 * @param {Position} middle
 * @returns {(position: Position) => [x: number, y: number]}
 */
export function projectionAbout(middle) {
  const [lon0, lat0] = middle
  const east = METRES_PER_DEGREE * Math.cos((lat0 * Math.PI) / 180)
  return ([lon, lat]) => [(lon - lon0) * east, (lat0 - lat) * METRES_PER_DEGREE]
}

/**
 * The smallest box around points; null where there is none.
 * @param {Iterable<readonly [number, number]>} points
 * @returns {Box | null}
 */
export function boxAround(points) {
  /** @type {Box | null} */
  let box = null
  for (const [x, y] of points) {
    box ??= { left: x, right: x, top: y, bottom: y }
    box.left = Math.min(box.left, x)
    box.right = Math.max(box.right, x)
    box.top = Math.min(box.top, y)
    box.bottom = Math.max(box.bottom, y)
  }
  return box
}

/** @param {Box} box @returns {[number, number]} */
export function middleOf(box) {
  return [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
}

/**
 * The view that shows a whole box.
 * @param {Box} box @param {number} width @param {number} height @param {number} margin
 * @returns {Transform}
 */
export function fitBox(box, width, height, margin) {
  const across = Math.max(box.right - box.left, 1)
  const down = Math.max(box.bottom - box.top, 1)
  const scale = Math.min((width - 2 * margin) / across, (height - 2 * margin) / down)
  const [x, y] = middleOf(box)
  return { scale, x: width / 2 - x * scale, y: height / 2 - y * scale }
}

/**
 * The view scaled about a point of the screen that stays where it is.
 * @param {Transform} view @param {number} factor @param {number} x @param {number} y
 * @returns {Transform}
 */
export function zoomAbout(view, factor, x, y) {
  return {
    scale: view.scale * factor,
    x: x - (x - view.x) * factor,
    y: y - (y - view.y) * factor,
  }
}
