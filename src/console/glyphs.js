/**
 * The shape of each device kind, one drawing for the map's canvas, the legend and the lists.
 * Shapes lie in a 20 by 20 box around 0,0. A kind that is not named here gets a spare shape by
 * its place in the catalogue, so a new kind needs no change.
 */
import { svg } from './dom.js'

/** @type {Record<string, string>} */
const SHAPES = {
  disc: 'M-8 0A8 8 0 1 1 8 0A8 8 0 1 1-8 0Z',
  drop: 'M0-10C4-4 7.5-.5 7.5 3A7.5 7 0 0 1-7.5 3C-7.5-.5-4-4 0-10Z',
  square: 'M-7-7H7V7H-7Z',
  hexagon: 'M0-9L8-4.5V4.5L0 9L-8 4.5V-4.5Z',
  diamond: 'M0-10L9 0L0 10L-9 0Z',
  triangle: 'M0-9.5L9.5 7.5H-9.5Z',
  cross: 'M-3-8.5H3V-3H8.5V3H3V8.5H-3V3H-8.5V-3H-3Z',
  chevron: 'M-8.5-6.5H8.5L0 9.5Z',
  bar: 'M-9.5-4.5H9.5V4.5H-9.5Z',
}

/** @type {Record<string, string>} */
const BY_KIND = {
  'manhole-cover': 'disc',
  waterlogging: 'drop',
  'sprinkler-truck': 'square',
  dust: 'hexagon',
  'oil-fume': 'diamond',
  'tree-tilt': 'triangle',
}
const SPARE = ['cross', 'chevron', 'bar']

/**
 * The path of a kind's shape.
 * @param {string} kind @param {readonly string[]} catalogue names of all kinds, in order
 * @returns {string}
 */
export function shapeOf(kind, catalogue) {
  const others = catalogue.filter((name) => !(name in BY_KIND))
  const spare = SPARE[Math.max(0, others.indexOf(kind)) % SPARE.length]
  return SHAPES[BY_KIND[kind] ?? spare ?? 'disc'] ?? ''
}

/**
 * A small picture of a kind, coloured by the class of the state.
 * @param {string} kind @param {readonly string[]} catalogue @param {string} className
 */
export function glyph(kind, catalogue, className) {
  const path = svg('path', { d: shapeOf(kind, catalogue) })
  const box = { viewBox: '-12 -12 24 24', 'aria-hidden': 'true', class: `glyph ${className}` }
  return svg('svg', box, path)
}
