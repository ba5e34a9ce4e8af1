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
/** @typedef {import('./api.js').Api} Api */

const SAMPLES_MOST = 240

export class CaseReadings {
  element = h('div', {}, h('p', { class: 'muted' }, t('loading')))
  #store
  #item
  #field
  #spec
  /** Oldest first. @type {Sample[]} */
  #samples = []
  #loaded = false

  /** @param {Store} store @param {Api} api @param {Case} item */
  constructor(store, api, item) {
    const kind = store.kinds.get(item.kind)
    this.#store = store
    this.#item = item
    this.#field = fieldOf(store, item)?.name ?? kind?.primaryField ?? ''
    this.#spec = kind?.fields[this.#field]
    this.#load(api)
  }

  /** Adds the device's latest reading, if it is a new one. */
  moveOn() {
    const latest = this.#store.devices.get(this.#item.deviceId)?.latest
    const [sample] = latest && this.#loaded ? sampleOf(latest, this.#field) : []
    if (!sample || sample.at <= (this.#samples.at(-1)?.at ?? 0)) return
    this.#samples = [...this.#samples, sample].slice(-SAMPLES_MOST)
    this.#show()
  }

  /** @param {Api} api */
  async #load(api) {
    const path = `/api/v1/devices/${encodeURIComponent(this.#item.deviceId)}/readings`
    const query = { fields: this.#field, limit: String(SAMPLES_MOST) }
    /** @type {{ items: StoredReading[] }} */
    const page = await api.get(path, query).catch(() => ({ items: [] }))
    this.#samples = page.items.flatMap((reading) => sampleOf(reading, this.#field)).reverse()
    this.#loaded = true
    this.#show()
  }

  #show() {
    const utcOffsetMinutes = this.#store.city?.utcOffsetMinutes ?? 0
    const openedAt = Date.parse(this.#item.openedAt)
    fill(this.element, [
      h('h3', {}, `${t('recentReadings')} · ${pick(this.#spec?.label ?? this.#field)}`),
      chart(this.#samples, this.#spec, { openedAt, utcOffsetMinutes }),
    ])
  }
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
