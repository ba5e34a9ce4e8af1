/**
 * The five slips of a case as steps: 启单, 派单, 接单, 处单, 验单.
 */
import { h } from './dom.js'
import { t } from './i18n.js'

/** @typedef {import('./types.d.ts').CaseStatus} CaseStatus */

const STEPS = /** @type {const} */ ([
  ['open', 'stepOpen'],
  ['dispatched', 'stepDispatched'],
  ['accepted', 'stepAccepted'],
  ['handled', 'stepHandled'],
  ['closed', 'stepClosed'],
])

/** @type {Record<CaseStatus, import('./i18n.js').MessageKey>} */
const STATUS_KEYS = {
  open: 'statusOpen',
  dispatched: 'statusDispatched',
  accepted: 'statusAccepted',
  handled: 'statusHandled',
  closed: 'statusClosed',
  cancelled: 'statusCancelled',
}

/** @param {CaseStatus} status */
export function statusText(status) {
  return t(STATUS_KEYS[status])
}

/**
 * @param {CaseStatus} status
 * @param {boolean} labelled with the name of every step, or as a picture with one name in all
 */
export function stepper(status, labelled) {
  const reached = STEPS.findIndex(([step]) => step === status)
  const steps = STEPS.map(([, key], i) => {
    const className = i < reached ? 'done' : i === reached ? 'done now' : 'ahead'
    const current = i === reached && labelled ? 'step' : null
    const name = labelled && h('span', { class: 'step-name' }, t(key))
    return h('li', { class: className, 'aria-current': current, title: t(key) }, name)
  })
  const about = labelled ? {} : { role: 'img', 'aria-label': statusText(status) }
  const className = `stepper stepper-${status}${labelled ? ' stepper-named' : ''}`
  return h('ol', { class: className, ...about }, ...steps)
}
