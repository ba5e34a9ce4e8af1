/**
 * The inside of the side panel for one case: head, facts, readings, actions, history. Each part is
 * drawn anew only when what it shows has changed, so a note that is being written is left alone
 * as long as the case allows the same actions.
 */
import { ApiProblem } from './api.js'
import { applyCase } from './apply.js'
import { ActionForm } from './case-actions.js'
import { caseFacts, caseHead, caseTop, closeButton } from './case-facts.js'
import { caseHistory } from './case-history.js'
import { CaseReadings } from './case-readings.js'
import { viewOfCase } from './case-view.js'
import { fill, h, refill } from './dom.js'
import { t } from './i18n.js'
import { isUnseen } from './queries.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').CaseWithHistory} CaseWithHistory */
/** @typedef {import('./types.d.ts').Delivery} Delivery */
/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./api.js').Api} Api */

const DELIVERIES_MOST = 100

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
  #looked = false
  #looking = false

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
      this.#look(item)
      this.#showFacts(item)
      this.#showReadings(item)
      this.#showActions(item)
    }
    if (changed.has('devices')) this.#readings?.moveOn()
    const version = item ? versionOf(this.#store, item) : 'unknown'
    if (version !== this.#historyFor) this.#loadHistory()
    this.#historyFor = version
  }

  /**
   * Opening a case is looking at it, once: nothing is drawn while the page is hidden. Where it
   * becomes more severe later, or the service did not hear of it, there is a button.
   * @param {Case} item
   */
  async #look(item) {
    if (this.#looked) return
    this.#looked = true
    if (!isUnseen(item)) return
    this.#looking = true
    try {
      await this.#act({ action: 'acknowledge' })
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
    } finally {
      this.#looking = false
      this.#store.touch('cases')
    }
  }

  /** @param {Case} item */
  #showFacts(item) {
    const { dueAt, seenAt, closedAt } = item
    const shown = JSON.stringify({ ...viewOfCase(this.#store, item), dueAt, seenAt, closedAt })
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
    const actions = item.actions.filter((action) => action !== 'acknowledge' || !this.#looking)
    const shown = `${item.status} ${actions}`
    if (shown === this.#actionsFor) return
    this.#actionsFor = shown
    const focused = this.#actions.contains(document.activeElement)
    const form = new ActionForm(this.#store, { ...item, actions }, (body) => this.#act(body))
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
      const [item, deliveries] = await Promise.all([
        /** @type {Promise<CaseWithHistory>} */ (this.#api.get(this.#path)),
        this.#loadDeliveries(),
      ])
      if (!this.#store.cases.has(this.id)) applyCase(this.#store, item)
      const lines = caseHistory(this.#store, item, deliveries)
      fill(this.#history, [h('h3', {}, t('history')), lines])
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      if (!this.#store.cases.has(this.id)) this.#showUnknown()
      const words = [h('p', {}, h('strong', {}, error.message)), h('p', {}, error.hint)]
      fill(this.#history, [h('div', { class: 'problem', role: 'alert' }, ...words)])
    }
  }

  /** They are an extra: the history is shown without them, too. @returns {Promise<Delivery[]>} */
  async #loadDeliveries() {
    /** @type {Promise<{ items: Delivery[] }>} */
    const page = this.#api.list('/api/v1/grafana/alerts', { caseId: this.id }, DELIVERIES_MOST)
    return (await page.catch(() => ({ items: [] }))).items
  }

  /** No case to show: its id, and the way out. */
  #showUnknown() {
    fill(this.#top, [h('span', { class: 'case-number' }, this.id), closeButton(this.#store)])
  }
}

/** Changes whenever there is something new in the history. @param {Store} store @param {Case} item */
function versionOf(store, { id, status, severity, suspended, unitId, seenAt, signal }) {
  return [status, severity, suspended, unitId, seenAt, signal.state, store.delivered.get(id)].join()
}
