/**
 * Small controls that several views share.
 */
import { h } from './dom.js'

/**
 * @param {string} label @param {readonly (readonly string[])[]} options value and text
 * @param {string} chosen @param {(value: string) => void} onChoose
 */
export function select(label, options, chosen, onChoose) {
  const entries = options.map(([value = '', text = '']) =>
    h('option', { value, selected: value === chosen }, text),
  )
  const element = h('select', { 'aria-label': label }, ...entries)
  element.addEventListener('change', () => onChoose(element.value))
  return element
}
