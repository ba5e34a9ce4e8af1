/**
 * What an officer can do to a case now: a button for each action that the service allows, with a
 * note and, for dispatching, a unit. Its refusal is shown here in words.
 */
import { ApiProblem } from './api.js'
import { select } from './controls.js'
import { fill, h } from './dom.js'
import { pick, t } from './i18n.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').CaseAction} CaseAction */
/** @typedef {import('./types.d.ts').CaseStatus} CaseStatus */
/** @typedef {import('./store.js').Store} Store */

/** The step forward first, what is rarely wanted last. @type {readonly CaseAction[]} */
const ORDER = [
  'resume',
  'verify',
  'handle',
  'accept',
  'dispatch',
  'reject',
  'acknowledge',
  'comment',
  'suspend',
  'cancel',
]

/** @type {ReadonlySet<CaseAction>} */
const DANGEROUS = new Set(['reject', 'cancel'])

/** @type {Record<CaseAction, import('./i18n.js').MessageKey>} */
export const ACTION_KEYS = {
  dispatch: 'actionDispatch',
  accept: 'actionAccept',
  handle: 'actionHandle',
  verify: 'actionVerify',
  reject: 'actionReject',
  suspend: 'actionSuspend',
  resume: 'actionResume',
  cancel: 'actionCancel',
  comment: 'actionComment',
  acknowledge: 'actionAcknowledge',
}

/** @typedef {{ action: CaseAction, note?: string, unitId?: string }} ActionBody */

export class ActionForm {
  #problem = h('div', { class: 'problem', role: 'alert' })
  #note = h('textarea', {
    rows: 2,
    'aria-label': t('note'),
    placeholder: t('notePlaceholder'),
  })
  /** @type {HTMLButtonElement[]} */
  #buttons
  #unitId
  #act
  #busy = false

  /**
   * @param {Store} store @param {Case} item
   * @param {(body: ActionBody) => Promise<void>} act
   */
  constructor(store, item, act) {
    const actions = ORDER.filter((action) => item.actions.includes(action))
    this.#act = act
    this.#unitId = item.unitId ?? suggestedUnit(store, item.kind)
    this.#buttons = actions.map((action, i) => this.#button(action, item.status, i === 0))
    const ended = actions.length === 1 && h('p', { class: 'muted' }, t('caseEnded'))
    const choice = actions.includes('dispatch') && this.#unitChoice(store)
    const buttons = h('div', { class: 'buttons' }, ...this.#buttons)
    const parts = [ended, choice, this.#note, buttons, this.#problem]
    this.element = h('div', { class: 'actions' }, ...parts)
  }

  /** @param {CaseAction} action @param {CaseStatus} status @param {boolean} first */
  #button(action, status, first) {
    const main = first && action !== 'comment'
    const look = main ? ' push-main' : DANGEROUS.has(action) ? ' push-danger' : ''
    const props = { type: 'button', class: `push${look}`, onclick: () => this.#run(action) }
    return h('button', props, actionText(action, status))
  }

  /** @param {Store} store */
  #unitChoice(store) {
    const units = (store.city?.units ?? []).map((unit) => [unit.id, pick(unit.name)])
    const options = this.#unitId === '' ? [['', t('chooseUnit')], ...units] : units
    const list = select(t('chooseUnit'), options, this.#unitId, (chosen) => {
      this.#unitId = chosen
    })
    return h('label', { class: 'choice' }, t('unit'), list)
  }

  /** @param {CaseAction} action */
  async #run(action) {
    if (this.#busy) return
    this.#setBusy(true)
    fill(this.#problem, [h('p', { class: 'muted' }, t('working'))])
    try {
      await this.#act(this.#body(action))
      this.#note.value = ''
      fill(this.#problem, [])
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      const title = h('p', {}, h('strong', {}, error.message))
      fill(this.#problem, [title, h('p', {}, error.hint)])
    } finally {
      this.#setBusy(false)
    }
  }

  /** @param {CaseAction} action @returns {ActionBody} */
  #body(action) {
    const note = this.#note.value.trim()
    return {
      action,
      ...(note === '' ? {} : { note }),
      ...(action === 'dispatch' && this.#unitId !== '' ? { unitId: this.#unitId } : {}),
    }
  }

  /** Not `disabled`, which would drop the focus. @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy
    for (const button of this.#buttons) button.setAttribute('aria-disabled', String(busy))
  }
}

/**
 * Dispatching once more sends the case to another unit.
 * @param {CaseAction} action @param {CaseStatus} status
 */
function actionText(action, status) {
  const again = action === 'dispatch' && status === 'dispatched'
  return t(again ? 'actionRedispatch' : ACTION_KEYS[action])
}

/**
 * The unit that answers for the kind, where the case has none yet.
 * @param {Store} store @param {string} kind
 */
function suggestedUnit(store, kind) {
  return store.city?.units.find((unit) => unit.kinds.includes(kind))?.id ?? ''
}
