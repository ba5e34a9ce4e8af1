/**
 * What the list and the panel say about a case, as plain data in the page's language.
 */
import { serviceNow } from './clock.js'
import { span } from './format.js'
import { pick, t } from './i18n.js'
import {
  deviceName,
  isOpen,
  isOverdue,
  isUnseen,
  kindTitle,
  placeName,
  signalText,
  unitName,
} from './queries.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./store.js').Store} Store */

/** @param {Store} store @param {Case} item */
export function viewOfCase(store, item) {
  const now = serviceNow()
  return {
    id: item.id,
    number: item.number,
    severity: item.severity,
    severityText: t(item.severity),
    status: item.status,
    title: pick(item.title),
    device: deviceName(store, item.deviceId),
    kind: kindTitle(store, item.kind),
    unit: unitName(store, item.unitId),
    place: placeName(store, item),
    open: isOpen(item),
    overdue: isOverdue(item, now),
    unseen: isUnseen(item),
    suspended: item.suspended,
    reworkCount: item.reworkCount,
    due: dueText(item, now),
    signal: signalText(store, item),
  }
}

/** @param {Case} item @param {number} now */
function dueText(item, now) {
  if (!isOpen(item)) {
    const since = span(now - Date.parse(item.closedAt ?? item.openedAt))
    return t(item.status === 'closed' ? 'closedAgo' : 'endedAgo', { span: since })
  }
  if (item.dueAt === null) return t('noDue')
  const left = Date.parse(item.dueAt) - now
  return t(left < 0 ? 'dueAgo' : 'dueIn', { span: span(left) })
}
