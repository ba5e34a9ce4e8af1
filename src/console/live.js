/**
 * Server-sent events over fetch, since EventSource cannot send the Authorization header. The
 * stream is reopened for ever, with a growing pause; a stream that has been silent for too long
 * counts as broken. Events between two connections are lost: `onOpen` is the time to reload.
 */
import { ApiProblem, problemOf } from './api.js'
import { eventParser } from './event-stream.js'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** The service sends a comment at least this often. */
const SILENCE_MS = 60_000

/**
 * @typedef {object} Listener
 * @property {() => void} onOpen
 * @property {(event: string, data: string) => void} onEvent
 * @property {(problem: ApiProblem | null) => void} onLost before every pause
 */

/**
 * Follows the events until the signal aborts. A refused token ends it too, after `onLost`.
 * @param {string} address @param {() => Record<string, string>} headers
 * @param {Listener} listener @param {AbortSignal} signal
 */
export async function followEvents(address, headers, listener, signal) {
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    /** @type {ApiProblem | null} */
    let problem = null
    try {
      await readStream(address, headers(), signal, listener, () => {
        pause = FIRST_PAUSE_MS
      })
    } catch (error) {
      problem = error instanceof ApiProblem ? error : null
    }
    if (signal.aborted) return
    listener.onLost(problem)
    if (problem?.status === 401) return
    await wait(pause * (0.75 + Math.random() / 2), signal)
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

/**
 * One connection, from its opening to its end.
 * @param {string} address @param {Record<string, string>} headers @param {AbortSignal} signal
 * @param {Listener} listener @param {() => void} onData
 */
async function readStream(address, headers, signal, listener, onData) {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const response = await fetch(address, {
      headers: { ...headers, accept: 'text/event-stream' },
      cache: 'no-store',
      signal: AbortSignal.any([signal, silence.signal]),
    })
    if (!response.ok || !response.body) throw await problemOf(response)
    listener.onOpen()
    const parse = eventParser(listener.onEvent)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      onData()
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      parse(part.value)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** @param {number} ms @param {AbortSignal} signal */
function wait(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}
