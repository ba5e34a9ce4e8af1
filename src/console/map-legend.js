/**
 * What colours and shapes on the map mean.
 */
import { fill, h } from './dom.js'
import { glyph } from './glyphs.js'
import { pick, t } from './i18n.js'
import { DEVICE_STATES, stateText } from './queries.js'

/** @param {import('./store.js').Store} store */
export function mapLegend(store) {
  const kinds = h('ul', { class: 'legend-row' })
  const states = h(
    'ul',
    { class: 'legend-row' },
    ...DEVICE_STATES.map((state) => {
      const className = state === 'offline' ? 'state-offline hollow' : `state-${state}`
      return h('li', {}, glyph('manhole-cover', [], className), stateText(state))
    }),
  )
  return {
    element: h(
      'div',
      { class: 'legend', role: 'group', 'aria-label': t('mapLegend') },
      states,
      kinds,
    ),
    update() {
      const catalogue = [...store.kinds.keys()]
      const entries = [...store.kinds.values()].map((kind) =>
        h('li', {}, glyph(kind.name, catalogue, 'state-none'), pick(kind.title)),
      )
      fill(kinds, entries)
    },
  }
}
