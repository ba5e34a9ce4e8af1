/**
 * The side panel: open while a case is selected, following it live. It takes the focus when it
 * opens and gives it back when it closes.
 */
import { CaseDetails } from './case-details.js'
import { fill, h } from './dom.js'
import { t } from './i18n.js'

/**
 * @param {import('./store.js').Store} store @param {import('./api.js').Api} api
 * @returns {import('./types.d.ts').View}
 */
export function createCasePanel(store, api) {
  const label = t('caseDetails')
  const element = h('aside', { class: 'panel case-panel', 'aria-label': label, hidden: true })
  /** @type {CaseDetails | null} */
  let details = null
  /** @type {Element | null} */
  let cameFrom = null

  function open(/** @type {string} */ id) {
    if (element.hidden) cameFrom = document.activeElement
    details = new CaseDetails(store, api, id)
    fill(element, [details.element])
    element.hidden = false
    details.element.focus({ preventScroll: true })
  }

  function close() {
    details = null
    element.hidden = true
    fill(element, [])
    if (cameFrom instanceof HTMLElement) cameFrom.focus({ preventScroll: true })
  }

  return {
    element,
    update(changed) {
      const id = store.selection.caseId
      if (id === null && details) close()
      if (id === null || !store.loaded) return
      if (details?.id !== id) open(id)
      details?.update(changed)
    },
  }
}
