/**
 * The recent readings behind a case: fetched once, then moved on by what the device reports.
 */
import { chart } from './chart.js'
import { fill, h } from './dom.js'
import { pick, t } from './i18n.js'
import { fieldOf } from './queries.js'

/** @typedef {import('./types.d.ts').Case} Case */
/** @typedef {import('./types.d.ts').StoredReading} StoredReading */
/** @typedef {import('./chart.js').Sample} Sample */
/** @typedef {import('./store.js').Store} Store */

const SAMPLES_MOST = 240

/** @param {Store} store @param {import('./api.js').Api} api @param {Case} item */
export function caseReadings(store, api, item) {
  const element = h('div', {}, h('p', { class: 'muted' }, t('loading')))
  const kind = store.kinds.get(item.kind)
  const name = fieldOf(store, item)?.name ?? kind?.primaryField ?? ''
  const spec = kind?.fields[name]
  /** @type {Sample[]} */
  let samples = []
  let loaded = false

  function show() {
    const utcOffsetMinutes = store.city?.utcOffsetMinutes ?? 0
    const openedAt = Date.parse(item.openedAt)
    fill(element, [
      h('h3', {}, `${t('recentReadings')} · ${pick(spec?.label ?? name)}`),
      chart(samples, spec, { openedAt, utcOffsetMinutes }),
    ])
  }

  async function load() {
    const path = `/api/v1/devices/${encodeURIComponent(item.deviceId)}/readings`
    const query = { fields: name, limit: String(SAMPLES_MOST) }
    /** @type {{ items: StoredReading[] }} */
    const page = await api.get(path, query).catch(() => ({ items: [] }))
    samples = page.items.flatMap((reading) => sampleOf(reading, name)).reverse()
    loaded = true
    show()
  }

  /** Adds the device's latest reading, if it is a new one. */
  function moveOn() {
    const latest = store.devices.get(item.deviceId)?.latest
    const [sample] = latest && loaded ? sampleOf(latest, name) : []
    if (!sample || sample.at <= (samples.at(-1)?.at ?? 0)) return
    samples = [...samples, sample].slice(-SAMPLES_MOST)
    show()
  }

  load()
  return { element, moveOn }
}

/**
 * @param {StoredReading} reading @param {string} field
 * @returns {Sample[]} none where the reading lacks the field
 */
function sampleOf(reading, field) {
  const value = reading[field]
  if (typeof value !== 'number' && typeof value !== 'boolean') return []
  return [{ at: Date.parse(reading.ts), value: Number(value) }]
}
