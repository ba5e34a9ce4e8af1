/**
 * The bar on top: product and city, the service's clock, whether the page is live, language,
 * theme, signing out.
 */
import { clockSpeed, serviceNow } from './clock.js'
import { fill, h, svg } from './dom.js'
import { dateTime } from './format.js'
import { language, pick, t } from './i18n.js'
import { nextTheme, themeChoice } from './theme.js'

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./types.d.ts').Language} Language */

const CLOCK_MS = 250

/** @type {readonly { tag: Language, name: string }[]} */
const LANGUAGES = [
  { tag: 'zh-CN', name: '中文' },
  { tag: 'en', name: 'EN' },
]

/**
 * @param {Store} store
 * @param {{ onLanguage: (tag: Language) => void, onSignOut: () => void }} actions
 * @returns {import('./types.d.ts').View}
 */
export function createHeader(store, { onLanguage, onSignOut }) {
  const city = h('span', { class: 'city' })
  const clock = h('time', { class: 'clock', title: t('clock') })
  const speed = h('span', { class: 'speed', hidden: true })
  const live = h('span', { class: 'live', role: 'status' })
  const showTime = () => {
    clock.textContent = dateTime(serviceNow(), store.city?.utcOffsetMinutes ?? 0, true)
    speed.hidden = clockSpeed() === 1
    speed.textContent = `${clockSpeed()}×`
    speed.title = t('clockSpeed', { speed: clockSpeed() })
  }
  const timer = setInterval(showTime, CLOCK_MS)
  const element = h(
    'header',
    { class: 'bar' },
    h('div', { class: 'brand' }, mark(), h('h1', {}, 'curbwatch'), city),
    h('div', { class: 'bar-middle' }, live, clock, speed),
    h(
      'div',
      { class: 'bar-end' },
      languageSwitch(onLanguage),
      themeButton(),
      h('button', { type: 'button', class: 'bar-button', onclick: onSignOut }, t('signOut')),
    ),
  )
  return {
    element,
    update(changed) {
      if (changed.has('city')) city.textContent = store.city ? pick(store.city.name) : ''
      if (!changed.has('connection')) return
      live.className = `live live-${store.connection}`
      fill(live, [h('span', { class: 'live-dot' }), t(store.connection)])
    },
    destroy: () => clearInterval(timer),
  }
}

/** The product's mark: a kerb, and a signal above it. */
export function mark() {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', class: 'mark', 'aria-hidden': 'true' },
    svg('path', { class: 'mark-wave', d: 'M9 14a10 10 0 0 1 14 0M12.5 17.5a5 5 0 0 1 7 0' }),
    svg('circle', { class: 'mark-dot', cx: 16, cy: 21, r: 2 }),
    svg('path', { class: 'mark-kerb', d: 'M4 26h24' }),
  )
}

/** @param {(tag: Language) => void} onLanguage */
export function languageSwitch(onLanguage) {
  const buttons = LANGUAGES.map(({ tag, name }) => {
    const pressed = String(tag === language())
    const props = {
      type: 'button',
      lang: tag,
      'aria-pressed': pressed,
      onclick: () => onLanguage(tag),
    }
    return h('button', props, name)
  })
  return h('div', { class: 'switch', role: 'group', 'aria-label': t('language') }, ...buttons)
}

function themeButton() {
  const button = h('button', { type: 'button', class: 'bar-button', title: t('theme') })
  const show = () => {
    const choice = themeChoice()
    const names = { auto: t('themeAuto'), light: t('themeLight'), dark: t('themeDark') }
    fill(button, [h('span', { class: 'bar-label' }, `${t('theme')} `), names[choice]])
  }
  button.addEventListener('click', () => {
    nextTheme()
    show()
  })
  show()
  return button
}
