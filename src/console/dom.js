/**
 * Building elements. Data reaches the page as text nodes and attributes only: nothing here or
 * anywhere else in the console parses HTML, so no name of a device can become markup.
 */

const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, unknown>} Props */

/**
 * An HTML element. `onclick` and the like are listeners, `true` is an empty attribute, and null,
 * undefined and false leave the attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Props} [props] @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  return assemble(document.createElement(tag), props, children)
}

/**
 * An SVG element, with the same rules.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag @param {Props} [props] @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, props = {}, ...children) {
  return assemble(document.createElementNS(SVG, tag), props, children)
}

/**
 * @template {Element} E
 * @param {E} element @param {Props} props @param {Child[]} children
 */
function assemble(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value))
    } else {
      element.setAttribute(name, value === true ? '' : String(value))
    }
  }
  fill(element, children)
  return element
}

/**
 * Replaces what an element holds.
 * @param {Element} element @param {Child[]} children
 */
export function fill(element, children) {
  element.replaceChildren(...children.filter(isShown).map((child) => toNode(child)))
}

/**
 * `fill` for something with controls in it: the one that had the focus by its place has it again.
 * @param {Element} element @param {Child[]} children
 */
export function refill(element, children) {
  const controls = () => [...element.querySelectorAll('button, input, select, textarea')]
  const focused = document.activeElement
  const place = focused ? controls().indexOf(focused) : -1
  fill(element, children)
  const successor = controls()[place]
  if (successor instanceof HTMLElement) successor.focus({ preventScroll: true })
}

/**
 * @param {Child} child
 * @returns {child is Node | string | number}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false
}

/** @param {Node | string | number} child */
function toNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child))
}

/**
 * A long list that is kept in step with data: an element per key lives as long as its key, is
 * refilled only when what it shows has changed, and is moved only when its place has changed.
 * So focus and scroll position survive, and an unchanged row costs one comparison.
 *
 * @template T
 * @template {object} V
 */
export class KeyedList {
  /** @type {Map<string, { element: HTMLElement, signature: string }>} */
  #rows = new Map()
  #parent
  #spec

  /**
   * @param {HTMLElement} parent
   * @param {{
   *   key: (item: T) => string,
   *   create: (key: string) => HTMLElement,
   *   describe: (item: T) => V,
   *   fill: (element: HTMLElement, view: V) => void,
   * }} spec `describe` gives all that a row shows, as plain data
   */
  constructor(parent, spec) {
    this.#parent = parent
    this.#spec = spec
  }

  /** @param {readonly T[]} items */
  update(items) {
    this.#drop(new Set(items.map((item) => this.#spec.key(item))))
    let place = this.#parent.firstElementChild
    for (const item of items) {
      const element = this.#row(this.#spec.key(item), item)
      if (element === place) place = place.nextElementSibling
      else this.#parent.insertBefore(element, place)
    }
  }

  /** @param {Set<string>} kept */
  #drop(kept) {
    for (const [key, row] of this.#rows) {
      if (kept.has(key)) continue
      row.element.remove()
      this.#rows.delete(key)
    }
  }

  /** @param {string} key @param {T} item */
  #row(key, item) {
    const view = this.#spec.describe(item)
    const signature = JSON.stringify(view)
    let row = this.#rows.get(key)
    if (!row) {
      row = { element: this.#spec.create(key), signature: '' }
      this.#rows.set(key, row)
    }
    if (row.signature !== signature) {
      row.signature = signature
      this.#spec.fill(row.element, view)
    }
    return row.element
  }
}
