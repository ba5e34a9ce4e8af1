/**
 * Questions that several views ask of the store. No DOM here; whatever is derived from cases,
 * alerts and devices is derived in this one place.
 */
import { quantity } from './format.js'
import { pick, t } from './i18n.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').Device} Device */
/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./types.d.ts').Expr} Expr */
/** @typedef {import('./types.d.ts').FieldSpec} FieldSpec */
/** @typedef {import('./types.d.ts').Severity} Severity */
/** @typedef {import('./store.js').Store} Store */

/** Worst first, as they are listed. @type {readonly Severity[]} */
export const SEVERITIES = ['critical', 'major', 'minor']

/** Worst first. @type {readonly DeviceState[]} */
export const DEVICE_STATES = ['critical', 'major', 'minor', 'fine', 'offline']

/** How many fields of a reading a list shows. */
const MAIN_FIELDS = 3

/** @param {Case} item */
export function isOpen(item) {
  return item.status !== 'closed' && item.status !== 'cancelled'
}

/** Open, and nobody has looked at it. @param {Case} item */
export function isUnseen(item) {
  return isOpen(item) && item.seenAt === null
}

/** @param {Case} item @param {number} now */
export function isOverdue(item, now) {
  if (!isOpen(item)) return false
  const passed = item.dueAt !== null && Date.parse(item.dueAt) < now
  return item.overdue || (passed && !item.suspended)
}

/**
 * The state of every device that is not simply fine or offline: from its open cases and its
 * firing alerts, the worst of them.
 * @param {Store} store
 * @returns {Map<string, Severity>}
 */
export function troubles(store) {
  /** @type {Map<string, Severity>} */
  const worst = new Map()
  /** @param {string} deviceId @param {Severity} severity */
  const raise = (deviceId, severity) => {
    const known = worst.get(deviceId)
    const weaker = known && SEVERITIES.indexOf(known) <= SEVERITIES.indexOf(severity)
    if (!weaker) worst.set(deviceId, severity)
  }
  for (const item of store.cases.values()) {
    if (isOpen(item)) raise(item.deviceId, item.severity)
  }
  for (const alert of store.alerts.values()) {
    if (alert.state !== 'firing') continue
    const level = alert.level
    raise(alert.deviceId, level === 'critical' || level === 'major' ? level : 'minor')
  }
  return worst
}

/**
 * @param {Device} device @param {Map<string, Severity>} worst
 * @returns {DeviceState}
 */
export function deviceState(device, worst) {
  return worst.get(device.id) ?? (device.online ? 'fine' : 'offline')
}

/** @param {DeviceState} state */
export function stateText(state) {
  return t(state === 'minor' ? 'stateMinor' : state)
}

/**
 * Where a device is now: a vehicle where it last reported from.
 * @param {Device} device
 * @returns {readonly [lon: number, lat: number] | null}
 */
export function positionOf(device) {
  const lat = device.latest?.lat
  const lon = device.latest?.lon
  if (typeof lat === 'number' && typeof lon === 'number') return [lon, lat]
  return device.lat === null || device.lon === null ? null : [device.lon, device.lat]
}

/** @param {Store} store @param {string} kind */
export function kindTitle(store, kind) {
  return pick(store.kinds.get(kind)?.title ?? kind)
}

/**
 * The values that a list shows: the primary field, then the next that are there.
 * @param {Store} store @param {Device} device
 */
export function mainValues(store, device) {
  const kind = store.kinds.get(device.kind)
  const latest = device.latest
  if (!kind || !latest) return []
  const others = Object.keys(kind.fields).filter(
    (name) => name !== kind.primaryField && name !== 'lat' && name !== 'lon',
  )
  return [kind.primaryField, ...others]
    .filter((name) => latest[name] !== undefined && latest[name] !== null)
    .slice(0, MAIN_FIELDS)
    .map((name) => {
      const spec = kind.fields[name]
      return { label: pick(spec?.label ?? name), value: quantity(latest[name], spec) }
    })
}

/** @param {Store} store @param {string | null} unitId */
export function unitName(store, unitId) {
  if (unitId === null) return t('unassigned')
  return pick(store.city?.units.find((unit) => unit.id === unitId)?.name ?? unitId)
}

/**
 * District and grid in words.
 * @param {Store} store @param {{ districtId: string | null, gridCode: string | null }} place
 */
export function placeName(store, place) {
  const district = store.city?.districts.find((one) => one.id === place.districtId)
  const grid = store.city?.grids.find((one) => one.code === place.gridCode)
  const names = [district?.name ?? place.districtId, grid?.name ?? place.gridCode]
  return names.flatMap((name) => (name ? [pick(name)] : [])).join(' · ') || '–'
}

/** @param {Store} store @param {string} deviceId */
export function deviceName(store, deviceId) {
  return store.devices.get(deviceId)?.name || deviceId
}

/**
 * The field that a case is about: the one its rule looks at, else the kind's primary one.
 * @param {Store} store @param {{ ruleId: string, kind: string }} about
 * @returns {{ name: string, spec: FieldSpec | undefined } | null} null where no value is looked at
 */
export function fieldOf(store, about) {
  const rule = store.rules.get(about.ruleId)
  const kind = store.kinds.get(about.kind)
  if (rule && rule.value === null) return null
  const name = rule?.value ? firstField(rule.value) : kind?.primaryField
  return name === undefined ? null : { name, spec: kind?.fields[name] }
}

/**
 * @param {Expr} expr
 * @returns {string}
 */
function firstField(expr) {
  if ('field' in expr) return expr.field
  if ('abs' in expr) return firstField(expr.abs)
  if ('hypot' in expr) return firstField(/** @type {Expr} */ (expr.hypot[0]))
  if ('minus' in expr) return firstField(expr.minus[0])
  return firstField('window' in expr ? expr.of : expr.change)
}

/**
 * The signal of a case: firing or recovered, with its value where it has one.
 * @param {Store} store @param {Case} item
 */
export function signalText(store, item) {
  const field = fieldOf(store, item)
  const { state, value } = item.signal
  const shown = field && value !== null ? quantity(value, field.spec) : ''
  return { firing: state === 'firing', word: t(state === 'firing' ? 'firing' : 'recovered'), shown }
}
