/**
 * The event stream format (WHATWG HTML 9.2.6), as far as the console needs it: `event` and `data`.
 */

/**
 * A parser that takes the stream's text in any pieces.
 * @param {(event: string, data: string) => void} onEvent
 * @returns {(text: string) => void}
 */
export function eventParser(onEvent) {
  let rest = ''
  let event = ''
  /** @type {string[]} */
  let data = []
  /** @param {string} line */
  const readLine = (line) => {
    if (line === '') {
      if (data.length > 0) onEvent(event || 'message', data.join('\n'))
      event = ''
      data = []
      return
    }
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') event = value
    else if (name === 'data') data.push(value)
  }
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) readLine(line)
  }
}
