/**
 * All that the page knows, in one place. Whoever changes it names the topics that changed;
 * the views are then drawn once for many changes, at most every DRAW_INTERVAL_MS, so hundreds of
 * events a second cost no more than a few. What the devices report waits for the next tick.
 */

/** @typedef {import('./types.d.ts').Topic} Topic */
/** @typedef {import('./types.d.ts').DeviceState} DeviceState */
/** @typedef {import('./types.d.ts').Severity} Severity */

const DRAW_INTERVAL_MS = 250

export class Store {
  /** @type {Map<string, import('./types.d.ts').Case>} */
  cases = new Map()
  /** @type {Map<string, import('./types.d.ts').Device>} */
  devices = new Map()
  /** False where the city has more devices than a page holds. */
  devicesComplete = true
  /** Alerts by rule and device. @type {Map<string, import('./types.d.ts').Alert>} */
  alerts = new Map()
  /** True where alerts have to be read again: events alone do not tell all of them. */
  alertsStale = false
  /** The id of the newest notification, by case. @type {Map<string, string>} */
  delivered = new Map()
  /** @type {Map<string, import('./types.d.ts').Kind>} */
  kinds = new Map()
  /** @type {Map<string, import('./types.d.ts').Rule>} */
  rules = new Map()
  /** @type {import('./types.d.ts').City | null} */
  city = null
  /** @type {import('./types.d.ts').Ledger | null} */
  ledger = null
  /** @type {import('./types.d.ts').Connection} */
  connection = 'connecting'
  /** True once the lists have been loaded. */
  loaded = false
  /** Why the last load failed, in words. @type {string | null} */
  fault = null

  /** @type {{ scope: 'open' | 'overdue' | 'all', severity: Severity | '', kind: string }} */
  caseFilter = { scope: 'open', severity: '', kind: '' }
  /** @type {{ q: string, kind: string, state: DeviceState | '' }} */
  deviceFilter = { q: '', kind: '', state: '' }
  /** @type {{ caseId: string | null, deviceId: string | null }} */
  selection = { caseId: null, deviceId: null }

  /** @type {Set<Topic>} */
  #changed = new Set()
  #scheduled = false
  #drawnAt = 0
  #draw

  /** @param {(changed: ReadonlySet<Topic>) => void} draw */
  constructor(draw) {
    this.#draw = draw
  }

  /**
   * Something changed that can wait for the next draw (at the latest the next tick): what comes
   * by the hundred every second.
   * @param {Topic} topic
   */
  note(topic) {
    this.#changed.add(topic)
  }

  /** @param {...Topic} topics */
  touch(...topics) {
    for (const topic of topics) this.#changed.add(topic)
    if (this.#scheduled) return
    this.#scheduled = true
    const due = this.#drawnAt + DRAW_INTERVAL_MS - performance.now()
    if (due > 0) setTimeout(() => this.#next(), due)
    else this.#next()
  }

  /** @param {string | null} caseId */
  selectCase(caseId) {
    this.selection = { ...this.selection, caseId }
    this.touch('selection')
  }

  /** @param {string | null} deviceId */
  selectDevice(deviceId) {
    this.selection = { ...this.selection, deviceId }
    this.touch('selection')
  }

  /** @param {Partial<Store['caseFilter']>} change */
  filterCases(change) {
    this.caseFilter = { ...this.caseFilter, ...change }
    this.touch('filters')
  }

  /** @param {Partial<Store['deviceFilter']>} change */
  filterDevices(change) {
    this.deviceFilter = { ...this.deviceFilter, ...change }
    this.touch('filters')
  }

  #next() {
    requestAnimationFrame(() => {
      const changed = this.#changed
      this.#changed = new Set()
      this.#scheduled = false
      this.#drawnAt = performance.now()
      this.#draw(changed)
    })
  }
}
