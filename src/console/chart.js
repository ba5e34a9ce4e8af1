/**
 * A small line of recent readings, with its extremes, its span of time, and the moment at which
 * the case was opened.
 */
import { h, svg } from './dom.js'
import { quantity, shortTime } from './format.js'
import { t } from './i18n.js'

/** @typedef {{ at: number, value: number }} Sample */

const WIDTH = 400
const HEIGHT = 80
const PAD = 6
const FRAME = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' }

/**
 * @param {readonly Sample[]} samples oldest first
 * @param {import('./types.d.ts').FieldSpec | undefined} spec
 * @param {{ openedAt: number, utcOffsetMinutes: number }} about
 */
export function chart(samples, spec, { openedAt, utcOffsetMinutes }) {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last || first.at === last.at) return h('p', { class: 'muted' }, t('noReadings'))
  const values = samples.map((sample) => sample.value)
  const low = Math.min(...values)
  const high = Math.max(...values)
  const x = (/** @type {number} */ at) => (WIDTH * (at - first.at)) / (last.at - first.at)
  const y = (/** @type {number} */ value) =>
    HEIGHT - PAD - ((HEIGHT - 2 * PAD) * (value - low)) / (high - low || 1)
  const line = samples
    .map(({ at, value }) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`)
    .join('L')
  const opened = openedAt >= first.at && openedAt <= last.at ? x(openedAt) : null
  const label = `${quantity(low, spec)} – ${quantity(high, spec)}`
  return h(
    'figure',
    { class: 'chart' },
    svg(
      'svg',
      { ...FRAME, 'aria-label': label },
      svg('path', { class: 'chart-area', d: `M0 ${HEIGHT}L${line}L${WIDTH} ${HEIGHT}Z` }),
      opened !== null && svg('path', { class: 'chart-opened', d: `M${opened} 0V${HEIGHT}` }),
      svg('path', { class: 'chart-line', d: `M${line}` }),
    ),
    h(
      'figcaption',
      {},
      h('span', {}, shortTime(first.at, utcOffsetMinutes)),
      h('b', {}, label),
      opened !== null && h('span', { class: 'chart-key' }, t('openedAt')),
      h('span', {}, shortTime(last.at, utcOffsetMinutes)),
    ),
  )
}
