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
}

/**
 * @param {Store} store @param {Case} item
 * @param {(action: CaseAction, more: { note?: string, unitId?: string }) => Promise<void>} act
 */
export function caseActions(store, item, act) {
  const actions = ORDER.filter((action) => item.actions.includes(action))
  const note = h('textarea', {
    rows: 2,
    'aria-label': t('note'),
    placeholder: t('notePlaceholder'),
  })
  const problem = h('div', { class: 'problem', role: 'alert' })
  let busy = false
  let unitId = item.unitId ?? suggestedUnit(store, item.kind)
  const units = (store.city?.units ?? []).map((unit) => [unit.id, pick(unit.name)])
  const options = unitId === '' ? [['', t('chooseUnit')], ...units] : units
  const unit = select(t('chooseUnit'), options, unitId, (chosen) => {
    unitId = chosen
  })
  const buttons = actions.map((action, i) => {
    const main = i === 0 && action !== 'comment'
    const look = main ? ' push-main' : DANGEROUS.has(action) ? ' push-danger' : ''
    const onclick = () => run(action)
    return h(
      'button',
      { type: 'button', class: `push${look}`, onclick },
      actionText(action, item.status),
    )
  })

  /** Not `disabled`, which would drop the focus. @param {boolean} now */
  function setBusy(now) {
    busy = now
    for (const button of buttons) button.setAttribute('aria-disabled', String(now))
  }

  /** @param {CaseAction} action */
  async function run(action) {
    if (busy) return
    setBusy(true)
    fill(problem, [h('p', { class: 'muted' }, t('working'))])
    try {
      const written = note.value.trim()
      await act(action, {
        ...(written === '' ? {} : { note: written }),
        ...(action === 'dispatch' && unitId !== '' ? { unitId } : {}),
      })
      note.value = ''
      fill(problem, [])
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      fill(problem, [h('p', {}, h('strong', {}, error.message)), h('p', {}, error.hint)])
    } finally {
      setBusy(false)
    }
  }

  const ended = actions.length === 1 && h('p', { class: 'muted' }, t('caseEnded'))
  const choice = actions.includes('dispatch') && h('label', { class: 'choice' }, t('unit'), unit)
  return h(
    'div',
    { class: 'actions' },
    ended,
    choice,
    note,
    h('div', { class: 'buttons' }, ...buttons),
    problem,
  )
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
