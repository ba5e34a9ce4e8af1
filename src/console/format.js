/**
 * Numbers, values and times as an officer reads them. Times of the service are shown in the
 * city's own time, whatever the browser's zone is.
 */
import { language, pick, t } from './i18n.js'

/** @typedef {import('./types.d.ts').FieldSpec} FieldSpec */
/** @typedef {import('./types.d.ts').FieldValue} FieldValue */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * Formats by language and digits: making one costs as much as using it a hundred times.
 * @type {Map<string, Intl.NumberFormat>}
 */
const numberFormats = new Map()

/** @param {number} value @param {number} [digits] most digits after the point */
export function number(value, digits = 0) {
  const key = `${language()} ${digits}`
  let format = numberFormats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(language(), { maximumFractionDigits: digits })
    numberFormats.set(key, format)
  }
  return format.format(value)
}

/** @param {number} part @param {number} whole */
export function percent(part, whole) {
  return whole === 0 ? '–' : `${number((100 * part) / whole)}%`
}

/**
 * A value with its unit: `27.3 cm`, `打开`, `–`.
 * @param {FieldValue | undefined} value @param {FieldSpec | undefined} spec
 */
export function quantity(value, spec) {
  if (value === null || value === undefined) return '–'
  if (spec?.type === 'switch' || typeof value === 'boolean') {
    const on = value === true || value === 1
    const words = spec?.type === 'switch' ? (on ? spec.on : spec.off) : undefined
    return words ? pick(words) : t(on ? 'yes' : 'no')
  }
  if (typeof value === 'string') return value
  const symbol = spec?.symbol ?? ''
  const gap = symbol === '' || symbol === '°' || symbol === '%' ? '' : ' '
  return number(value, spec?.digits ?? 1) + gap + symbol
}

/**
 * A length of time, to the two units that matter.
 * @param {number} ms
 */
export function span(ms) {
  const length = Math.abs(ms)
  if (length < MINUTE) return t('underMinute')
  const m = Math.floor((length % HOUR) / MINUTE)
  const h = Math.floor((length % DAY) / HOUR)
  const d = Math.floor(length / DAY)
  if (d > 0) return h > 0 ? t('daysHours', { d, h }) : t('days', { d })
  if (h > 0) return m > 0 ? t('hoursMinutes', { h, m }) : t('hours', { h })
  return t('minutes', { m })
}

/** @param {string | null} time @param {number} now */
export function ago(time, now) {
  if (time === null) return t('never')
  const passed = now - Date.parse(time)
  return passed < MINUTE ? t('justNow') : t('ago', { span: span(passed) })
}

/**
 * `03-01 14:05`
 * @param {number} instant @param {number} utcOffsetMinutes
 */
export function shortTime(instant, utcOffsetMinutes) {
  return dateTime(instant, utcOffsetMinutes).slice(5)
}

/**
 * `2026-03-01 14:05`, or with seconds where `exact`.
 * @param {string | number} time @param {number} utcOffsetMinutes @param {boolean} [exact]
 */
export function dateTime(time, utcOffsetMinutes, exact = false) {
  const instant = typeof time === 'number' ? time : Date.parse(time)
  const iso = localIso(instant, utcOffsetMinutes)
  return `${iso.slice(0, 10)} ${iso.slice(11, exact ? 19 : 16)}`
}

/** @param {number} instant @param {number} utcOffsetMinutes */
function localIso(instant, utcOffsetMinutes) {
  return new Date(instant + utcOffsetMinutes * MINUTE).toISOString()
}
