/**
 * The inside of the side panel for one case: head, facts, readings, actions, history. Each part is
 * drawn anew only when what it shows has changed, so a note that is being written is left alone
 * as long as the case allows the same actions.
 */
import { ApiProblem } from './api.js'
import { applyCase } from './apply.js'
import { ActionForm } from './case-actions.js'
import { caseFacts, caseHead, caseTop } from './case-facts.js'
import { caseHistory } from './case-history.js'
import { CaseReadings } from './case-readings.js'
import { viewOfCase } from './case-view.js'
import { fill, h, refill } from './dom.js'
import { t } from './i18n.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').CaseWithHistory} CaseWithHistory */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./api.js').Api} Api */

export class CaseDetails {
  #store
  #api
  #path
  #top = h('div', { class: 'case-top' })
  #head = h('div', { class: 'case-head' })
  #facts = h('div', { class: 'case-facts' })
  #readingsPlace = h('div', { class: 'case-section' })
  #actions = h('div', { class: 'case-section' })
  #history = h('div', { class: 'case-section' }, h('p', { class: 'muted' }, t('loading')))
  /** @type {CaseReadings | null} */
  #readings = null
  #factsShown = ''
  #actionsFor = ''
  #historyFor = ''

  /** @param {Store} store @param {Api} api @param {string} id */
  constructor(store, api, id) {
    this.id = id
    this.#store = store
    this.#api = api
    this.#path = `/api/v1/cases/${encodeURIComponent(id)}`
    const parts = [this.#head, this.#facts, this.#readingsPlace, this.#actions, this.#history]
    this.element = h('div', { class: 'case-body scroll', tabindex: '-1' }, this.#top, ...parts)
  }

  /** @param {ReadonlySet<import('./types.d.ts').Topic>} changed */
  update(changed) {
    const item = this.#store.cases.get(this.id)
    if (item) {
      this.#showFacts(item)
      this.#showReadings(item)
      this.#showActions(item)
    }
    if (changed.has('devices')) this.#readings?.moveOn()
    const version = item ? versionOf(item) : 'unknown'
    if (version !== this.#historyFor) this.#loadHistory()
    this.#historyFor = version
  }

  /** @param {Case} item */
  #showFacts(item) {
    const view = { ...viewOfCase(this.#store, item), dueAt: item.dueAt, closedAt: item.closedAt }
    const shown = JSON.stringify(view)
    if (shown === this.#factsShown) return
    this.#factsShown = shown
    refill(this.#top, caseTop(this.#store, item))
    fill(this.#head, caseHead(this.#store, item))
    refill(this.#facts, [caseFacts(this.#store, item)])
  }

  /** @param {Case} item */
  #showReadings(item) {
    if (this.#readings) return
    this.#readings = new CaseReadings(this.#store, this.#api, item)
    fill(this.#readingsPlace, [this.#readings.element])
  }

  /** @param {Case} item */
  #showActions(item) {
    const shown = `${item.status} ${item.actions}`
    if (shown === this.#actionsFor) return
    this.#actionsFor = shown
    const focused = this.#actions.contains(document.activeElement)
    const form = new ActionForm(this.#store, item, (body) => this.#act(body))
    fill(this.#actions, [h('h3', {}, t('actions')), form.element])
    if (focused) this.element.focus({ preventScroll: true })
  }

  /** @param {import('./case-actions.js').ActionBody} body */
  async #act(body) {
    applyCase(this.#store, await this.#api.post(`${this.#path}/actions`, body))
    await this.#loadHistory()
  }

  async #loadHistory() {
    try {
      /** @type {CaseWithHistory} */
      const item = await this.#api.get(this.#path)
      if (!this.#store.cases.has(this.id)) applyCase(this.#store, item)
      fill(this.#history, [h('h3', {}, t('history')), caseHistory(this.#store, item)])
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      const words = `${error.message} ${error.hint}`
      fill(this.#history, [h('p', { class: 'problem', role: 'alert' }, words)])
    }
  }
}

/** Changes whenever there is something new in the history. @param {Case} item */
function versionOf({ status, severity, suspended, unitId, signal }) {
  return [status, severity, suspended, unitId, signal.state].join()
}
